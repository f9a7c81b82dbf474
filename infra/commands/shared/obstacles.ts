import type { Stack } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { message, type Text } from '../../lib/text.ts';
import { clientOptions, unlessMissing } from './aws.ts';
import { readDeployedStack } from './deployed-stack.ts';
import { deployedTemplate, isEmpty } from './stack-state.ts';
import type { Target } from './target.ts';

/** A reason why a deploy would fail, and what to do about it. The doctor reports it, and `make deploy` refuses. */
export interface Obstacle {
  readonly text: Text;
  readonly remedy: Text;
}

/** The sentence with which a command refuses because of an obstacle. */
export const refused = message(
  ({ text, remedy }: Obstacle) => `${text.en}. ${remedy.en} Nothing was changed.`,
  ({ text, remedy }) => `${text.ja}。${remedy.ja}何も変更していません。`,
);

/** Runs a question to AWS. Where the caller lacks the permission, it may give undefined instead of the error. */
export type Ask = <T>(question: () => Promise<T | undefined>) => Promise<T | undefined>;

/** The permissions that `obstacleTo` needs. */
export const OBSTACLE_PERMISSIONS = [
  'cloudformation:DescribeStacks',
  'cloudformation:GetTemplate',
  'lambda:GetFunctionConfiguration',
  'logs:DescribeLogGroups',
];

/** The obstacle to a deploy of this stack, if there is one. Without this check, CloudFormation would fail halfway, or replace another project's stack. */
export async function obstacleTo(
  target: Target,
  stack: Stack | undefined,
  ask: Ask,
  signal?: AbortSignal,
): Promise<Obstacle | undefined> {
  if (isEmpty(stack?.StackStatus)) return takenNames(target, ask, signal);
  return obstacleOfState(target, stack?.StackStatus ?? '') ?? (await foreignStack(target, ask, signal));
}

/** ROLLBACK_FAILED is no obstacle: the CDK deletes such a stack and creates it anew. */
function obstacleOfState({ stackName }: Target, status: string): Obstacle | undefined {
  if (/_IN_PROGRESS$/.test(status)) return { text: texts.moving(stackName, status), remedy: texts.movingRemedy() };
  if (/^(CREATE|DELETE)_FAILED$/.test(status))
    return { text: texts.broken(stackName, status), remedy: texts.destroyRemedy() };
  if (/^(UPDATE|UPDATE_ROLLBACK|IMPORT_ROLLBACK)_FAILED$/.test(status))
    return { text: texts.broken(stackName, status), remedy: texts.continueRemedy() };
  return undefined;
}

/** Another project's stack of this name: a deploy would delete its resources and put this project's in their place. */
export async function foreignStack(target: Target, ask: Ask, signal?: AbortSignal): Promise<Obstacle | undefined> {
  const template = await ask(() => unlessMissing(deployedTemplate(target, signal)));
  if (template === undefined || readDeployedStack(template)) return undefined;
  return { text: texts.foreign(target.stackName, target.region), remedy: texts.foreignRemedy() };
}

/** An obstacle where a function or a log group has a name that the stack needs, made by hand as in the walkthrough. */
async function takenNames(target: Target, ask: Ask, signal?: AbortSignal): Promise<Obstacle | undefined> {
  const names = (
    await Promise.all([ask(() => functionNamed(target, signal)), ask(() => logGroupNamed(target, signal))])
  ).filter((name) => name !== undefined);
  return names.length === 0 ? undefined : { text: texts.taken(names, target.region), remedy: texts.takenRemedy() };
}

async function functionNamed(
  { region, stackName }: Target,
  abortSignal: AbortSignal | undefined,
): Promise<Text | undefined> {
  const lambda = new LambdaClient(clientOptions(region));
  const command = new GetFunctionConfigurationCommand({ FunctionName: stackName });
  const found = await unlessMissing(lambda.send(command, { abortSignal }));
  return found && texts.aFunction(stackName);
}

async function logGroupNamed(
  { region, stackName }: Target,
  abortSignal: AbortSignal | undefined,
): Promise<Text | undefined> {
  const name = `/aws/lambda/${stackName}`;
  const { logGroups } = await new CloudWatchLogsClient(clientOptions(region)).send(
    new DescribeLogGroupsCommand({ logGroupNamePrefix: name }),
    { abortSignal },
  );
  return logGroups?.some((group) => group.logGroupName === name) ? texts.aLogGroup(name) : undefined;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const texts = {
  moving: message(
    (name: string, status: string) => `Stack ${name} is being changed: ${status}`,
    (name, status) => `スタック ${name} は変更中です: ${status}`,
  ),
  movingRemedy: message(
    () => 'Wait for its end, then try again.',
    () => '完了を待ってから、やり直してください。',
  ),
  broken: message(
    (name: string, status: string) => `Stack ${name} cannot be deployed to: ${status}`,
    (name, status) => `スタック ${name} はデプロイできない状態です: ${status}`,
  ),
  destroyRemedy: message(
    () => 'Run make destroy, then make deploy.',
    () => 'make destroy、続けて make deploy を実行してください。',
  ),
  continueRemedy: message(
    () => 'Continue the rollback of the stack in the CloudFormation console, then make deploy.',
    () => 'CloudFormation コンソールでスタックのロールバックを続行してから、make deploy を実行してください。',
  ),
  foreign: message(
    (name: string, region: string) => `The stack ${name} in ${region} was not made by this project`,
    (name, region) => `${region} のスタック ${name} は、このプロジェクトで作成したものではありません`,
  ),
  foreignRemedy: message(
    () => 'Choose another FUNCTION_NAME.',
    () => '別の FUNCTION_NAME を指定してください。',
  ),
  aFunction: message(
    (name: string) => `a function ${name}`,
    (name) => `関数 ${name}`,
  ),
  aLogGroup: message(
    (name: string) => `a log group ${name}`,
    (name) => `ロググループ ${name}`,
  ),
  taken: message(
    (names: readonly Text[], region: string) =>
      `${capital(names.map(({ en }) => en).join(' and '))} that this stack did not make already exist${names.length === 1 ? 's' : ''} in ${region}`,
    (names, region) =>
      `このスタックで作成したものではない${names.map(({ ja }) => ja).join(' と')} が ${region} にすでにあります`,
  ),
  takenRemedy: message(
    () => 'Delete what you no longer need, or deploy beside it with another FUNCTION_NAME.',
    () => '不要であれば削除し、残す場合は別の FUNCTION_NAME を指定してデプロイしてください。',
  ),
} as const;
