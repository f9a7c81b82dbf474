import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { type FunctionConfiguration, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { artifactHash } from '../../lib/artifact.ts';
import type { ModelRow } from '../../lib/models.ts';
import { assemblyDir, isBuilt } from '../../lib/paths.ts';
import { isMissing } from '../support/aws-errors.ts';
import { limitAlarm } from '../support/brake-state.ts';
import { clientOptions } from '../support/clients.ts';
import { askConcurrency } from '../support/function-state.ts';
import { OBSTACLE_PERMISSIONS, obstacleTo } from '../support/obstacles.ts';
import { describeStack, isEmpty, wasCreated } from '../support/stack-state.ts';
import type { Target } from '../support/target.ts';
import type { Check } from './check.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import { roleFindings } from './role.ts';
import { stackMessages as says } from './stack-messages.ts';

/**
 * The stack, if there is one, and what runs in it.
 *
 * @param stream whether the settings ask for streaming.
 */
export function stackChecks(target: Target, models: readonly ModelRow[], stream: boolean | undefined): Check[] {
  const deployed = (id: string, permissions: string[], run: (signal: AbortSignal) => Promise<Finding[]>): Check => ({
    id,
    permissions: ['cloudformation:DescribeStacks', ...permissions],
    run: async (signal) => (isEmpty((await describeStack(target, signal))?.StackStatus) ? [] : run(signal)),
  });
  return [
    {
      id: 'stack',
      essential: true,
      permissions: OBSTACLE_PERMISSIONS,
      run: (signal) => stack(target, signal),
    },
    { ...deployed('running', ['lambda:GetFunctionConcurrency'], (signal) => running(target, signal)), essential: true },
    deployed('limit', ['cloudwatch:DescribeAlarms', 'lambda:GetFunctionConcurrency'], (signal) =>
      limit(target, signal),
    ),
    deployed(
      'role',
      ['lambda:GetFunctionConfiguration', 'iam:ListRolePolicies', 'iam:GetRolePolicy', 'bedrock:GetInferenceProfile'],
      (signal) => role(target, models, signal),
    ),
    deployed('streaming', ['lambda:GetFunctionConfiguration'], (signal) => streaming(target, stream, signal)),
    deployed('code', ['lambda:GetFunctionConfiguration', 'cloudformation:GetTemplate'], (signal) =>
      code(target, signal),
    ),
  ];
}

async function stack(target: Target, signal: AbortSignal): Promise<Finding[]> {
  const name = target.stackName;
  const found = await describeStack(target, signal);
  const obstacle = await obstacleTo(target, found, (question) => question(), signal);
  if (obstacle) return [failure(obstacle.text, obstacle.remedy)];
  const status = found?.StackStatus;
  if (status === undefined) return [warning(says.absent(name), says.absentRemedy())];
  return [
    wasCreated(status) ? ok(says.settled(name, status)) : warning(says.unborn(name, status), says.unbornRemedy()),
  ];
}

async function running(target: Target, signal: AbortSignal): Promise<Finding[]> {
  const { stackName } = target;
  try {
    const reserved = await askConcurrency(target, signal);
    return [reserved === 0 ? failure(says.stopped(), says.stoppedRemedy()) : ok(says.running(reserved))];
  } catch (error) {
    if (isMissing(error)) return [failure(says.functionAbsent(stackName), says.functionAbsentRemedy())];
    throw error;
  }
}

/** The brake's limit, if there is a brake; a function that is gone or stopped is the check `running`'s to report. */
async function limit(target: Target, signal: AbortSignal): Promise<Finding[]> {
  const alarm = await limitAlarm(target, signal);
  if (!alarm) return [];
  if (alarm.state !== 'ALARM') return [ok(says.limit(alarm.limitUsd))];
  try {
    if ((await askConcurrency(target, signal)) === 0) return [];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return [failure(says.overLimit(alarm.limitUsd), says.overLimitRemedy())];
}

/** The function as deployed; one that is gone is the check `running`'s to report. */
async function configuration(
  { region, stackName }: Target,
  abortSignal: AbortSignal,
): Promise<FunctionConfiguration | undefined> {
  try {
    return await new LambdaClient(clientOptions(region)).send(
      new GetFunctionConfigurationCommand({ FunctionName: stackName }),
      { abortSignal },
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function role(target: Target, models: readonly ModelRow[], signal: AbortSignal): Promise<Finding[]> {
  const deployed = await configuration(target, signal);
  const roleName = deployed?.Role?.split('/').at(-1);
  return roleName ? roleFindings({ roleName, stream: streams(deployed) }, target, models, signal) : [];
}

/** Nothing is said of it where it is neither deployed nor asked for. */
async function streaming(target: Target, wanted: boolean | undefined, signal: AbortSignal): Promise<Finding[]> {
  const deployed = await configuration(target, signal);
  if (!deployed) return [];
  if (streams(deployed)) return [ok(says.streams())];
  return wanted ? [warning(says.streamsNot(), says.streamsNotRemedy())] : [];
}

const streams = (deployed: FunctionConfiguration | undefined): boolean =>
  deployed?.Environment?.Variables?.BEDROCK_STREAM === '1';

async function code(target: Target, abortSignal: AbortSignal): Promise<Finding[]> {
  const deployed = await configuration(target, abortSignal);
  if (!deployed) return [];
  if (!isBuilt()) return [warning(says.codeUnknown())];
  const { TemplateBody } = await new CloudFormationClient(clientOptions(target.region)).send(
    new GetTemplateCommand({ StackName: target.stackName }),
    { abortSignal },
  );
  const here = artifactHash();
  if (/([0-9a-f]{64})\.zip/.exec(TemplateBody ?? '')?.[1] !== here)
    return [warning(says.codeOther(), says.codeRemedy())];
  return [wasChanged(here, deployed.CodeSha256) ? warning(says.codeChanged(), says.codeRemedy()) : ok(says.codeSame())];
}

/**
 * Whether Lambda runs other code than the zip that this machine uploaded. From another
 * machine the template's word has to do: no zip is there to compare.
 */
function wasChanged(hash: string, codeSha256: string | undefined): boolean {
  const uploaded = join(assemblyDir, '.cache', `${hash}.zip`);
  return existsSync(uploaded) && createHash('sha256').update(readFileSync(uploaded)).digest('base64') !== codeSha256;
}
