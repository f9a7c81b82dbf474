import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { paginateGetResources, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { STACK_TAG } from '../../lib/settings/purpose.ts';
import { asUserError, clientOptions, isDenied, isMissing } from '../shared/aws.ts';
import { eventually } from '../shared/eventually.ts';
import { describeStack, stackResources } from '../shared/stack-state.ts';
import type { Target } from '../shared/target.ts';
import { type Context, succeeded } from './context.ts';
import { type Outcome, withoutSecrets } from './run.ts';
import { isThrowaway } from './throwaway.ts';

/** A resource that a stack made. */
type Resource = Awaited<ReturnType<typeof stackResources>>[number];

/** The line of the report on a removal, and what is left after it: empty where nothing is. */
export interface Removal {
  readonly outcome: Outcome;
  readonly left: readonly string[];
}

const NAME = 'make destroy';
const PROVES = 'the stack is removed, and nothing of it is found by its name or by its tag';

/** Seconds that AWS goes on showing what is gone, by its tag above all. */
const GONE_PATIENCE = 120;

/** Seconds that an update of so small a stack takes at most, or its rollback. */
const UPDATE_PATIENCE = 600;

/** Removes the throwaway, whatever has become of it, and looks for what is left. */
export async function removeThrowaway(context: Context): Promise<Removal> {
  try {
    return await removed(context);
  } catch (error) {
    const known = asUserError(error, context.target.region);
    const seen = known instanceof Error ? known.message : String(known);
    return { outcome: lineOf('failed', seen), left: [`stack ${context.target.stackName}, or parts of it`] };
  }
}

async function removed({ target, make, patience }: Context): Promise<Removal> {
  const stack = await describeStack(target);
  if (!stack) return removalOf(await search(target, [], patience), 'skipped', 'there was no stack to remove');
  if (!isThrowaway(stack)) throw new Error('the stack has not the tag of a throwaway: it stays as it is');
  await untilUpdated(target, patience);
  const resources = await stackResources(target);
  succeeded(await make('destroy'), 'destroy');
  const found = await search(target, resources, patience);
  return removalOf(found, 'passed', `nothing left of ${resources.length} resources`);
}

/** CloudFormation deletes no stack that it is updating, as it is after Ctrl-C in a deploy. */
async function untilUpdated(target: Target, patience: number): Promise<void> {
  await eventually(UPDATE_PATIENCE * patience, async () => {
    const status = (await describeStack(target))?.StackStatus ?? '';
    return /^UPDATE_.*IN_PROGRESS$/.test(status) ? undefined : status;
  });
}

const lineOf = (result: Outcome['result'], seen: string): Outcome => ({
  name: NAME,
  proves: PROVES,
  result,
  seen: withoutSecrets(seen),
});

/** What a search after the removal came to. */
interface Search {
  readonly left: readonly string[];
  /** What these credentials may not look for. */
  readonly hidden: readonly string[];
}

function removalOf({ left, hidden }: Search, result: Outcome['result'], seen: string): Removal {
  if (left.length > 0) return { outcome: lineOf('failed', `left: ${left.join(', ')}`), left };
  if (hidden.length === 0) return { outcome: lineOf(result, seen), left };
  const outcome = lineOf('skipped', `${seen}; these credentials may not look for ${hidden.join(', ')}`);
  return { outcome, left };
}

/** What is still there of the stack, of its resources, and under its name and tag. */
async function search(target: Target, resources: readonly Resource[], patience: number): Promise<Search> {
  const hidden: string[] = [];
  const unlessDenied = async (what: string, question: () => Promise<string[]>): Promise<string[]> => {
    try {
      return await question();
    } catch (error) {
      if (!isDenied(error)) throw error;
      hidden.push(what);
      return [];
    }
  };
  const named = [
    ...((await describeStack(target)) ? [`stack ${target.stackName}`] : []),
    ...(await unlessDenied('each resource', () => stillThere(patience, () => resourcesLeft(target, resources)))),
    ...(await unlessDenied('log groups', () => logGroupsNamedAfter(target))),
    ...(await unlessDenied('alarms', () => alarmsNamedAfter(target))),
  ];
  const tagged = await unlessDenied('the tag', () => stillThere(patience, () => taggedAs(target)));
  return { left: [...new Set([...named, ...tagged])], hidden };
}

async function stillThere(patience: number, look: () => Promise<string[]>): Promise<string[]> {
  let found: string[] = [];
  await eventually(GONE_PATIENCE * patience, async () => {
    found = await look();
    return found.length === 0 ? found : undefined;
  });
  return found;
}

async function resourcesLeft({ region }: Target, resources: readonly Resource[]): Promise<string[]> {
  const left: string[] = [];
  for (const { type, id } of resources)
    if (await isThere(region, type, id)) left.push(`${type.split('::').at(-1)} ${id.split(':').at(-1)}`);
  return left;
}

/** Whether a resource of a type with an API of its own is there. The others are looked for by their tag. */
async function isThere(region: string, type: string, id: string): Promise<boolean> {
  const options = clientOptions(region);
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    'AWS::Lambda::Function': () =>
      new LambdaClient(options).send(new GetFunctionConfigurationCommand({ FunctionName: id })),
    'AWS::IAM::Role': () => new IAMClient(options).send(new GetRoleCommand({ RoleName: id })),
    'AWS::S3::Bucket': () => new S3Client(options).send(new HeadBucketCommand({ Bucket: id })),
    'AWS::StepFunctions::StateMachine': () =>
      new SFNClient(options).send(new DescribeStateMachineCommand({ stateMachineArn: id })),
  };
  try {
    return questions[type] !== undefined && (await questions[type]()) !== undefined;
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && /^NoSuchEntity/.test(error.name))) return false;
    throw error;
  }
}

/** Log groups whose names begin with the throwaway's. */
async function logGroupsNamedAfter({ region, stackName }: Target): Promise<string[]> {
  const { logGroups = [] } = await new CloudWatchLogsClient(clientOptions(region)).send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: `/aws/lambda/${stackName}` }),
  );
  return logGroups.map(({ logGroupName }) => `log group ${logGroupName}`);
}

async function alarmsNamedAfter({ region, stackName }: Target): Promise<string[]> {
  const { MetricAlarms = [] } = await new CloudWatchClient(clientOptions(region)).send(
    new DescribeAlarmsCommand({ AlarmNamePrefix: stackName }),
  );
  return MetricAlarms.map(({ AlarmName }) => `alarm ${AlarmName}`);
}

/** What has the throwaway's tag, without the account in its ARN. */
async function taggedAs({ region, stackName }: Target): Promise<string[]> {
  const client = new ResourceGroupsTaggingAPIClient(clientOptions(region));
  const TagFilters = [{ Key: STACK_TAG, Values: [stackName] }];
  const found: string[] = [];
  for await (const { ResourceTagMappingList = [] } of paginateGetResources({ client }, { TagFilters }))
    found.push(...ResourceTagMappingList.map(({ ResourceARN = '' }) => ResourceARN.split(':').slice(5).join(':')));
  return found;
}
