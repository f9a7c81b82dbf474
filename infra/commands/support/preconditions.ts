import type { Stack } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { UserError } from '../../lib/user-error.ts';
import { explained, isDenied, isMissing } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import { readDeployedStack } from './deployed-stack.ts';
import { deployedTemplate, findStack } from './stack-state.ts';
import type { Target } from './target.ts';

/** Where `cdk bootstrap` writes its version, with the CDK's default qualifier. */
export const BOOTSTRAP_VERSION = '/cdk-bootstrap/hnb659fds/version';

/** @throws UserError when the CDK was never set up in this account and region. */
export async function requireBootstrap({ account, region }: Target): Promise<void> {
  const ssm = new SSMClient(clientOptions(region));
  const found = await there(() => ssm.send(new GetParameterCommand({ Name: BOOTSTRAP_VERSION })), region);
  if (!found)
    throw new UserError(
      `The CDK is not set up in account ${account}, region ${region}: run \`make bootstrap\` with the same settings, once, then try again.`,
    );
}

/**
 * Refuses a stack that some other project made under this name: a deploy would put ours in place of what is in it, and
 * CloudFormation remove that; make destroy would remove all of it.
 *
 * @param stack as it was found.
 * @throws UserError when it is not ours.
 */
export async function requireOwnStack(target: Target, stack: Stack): Promise<void> {
  // There is nothing in these that could be lost: one was only reviewed, the other's making was undone.
  if (stack.StackStatus === 'REVIEW_IN_PROGRESS' || stack.StackStatus === 'ROLLBACK_COMPLETE') return;
  const { region, stackName } = target;
  const own = await there(async () => readDeployedStack(await deployedTemplate(target)), region);
  if (!own)
    throw new UserError(
      `The stack ${stackName} in ${region} was not made by this project: choose another FUNCTION_NAME. Nothing was changed.`,
    );
}

/**
 * Refuses to deploy over a stack, a function or a log group that some other hand made. Of the last two CloudFormation
 * would find out halfway, and roll back.
 *
 * @throws UserError naming what is in the way.
 */
export async function requireFreeNames(target: Target): Promise<void> {
  const stack = await findStack(target);
  if (stack) return requireOwnStack(target, stack);
  const { region, stackName } = target;
  const logGroup = `/aws/lambda/${stackName}`;
  const taken = [
    ...((await functionExists(region, stackName)) ? [`a function ${stackName}`] : []),
    ...((await logGroupExists(region, logGroup)) ? [`a log group ${logGroup}`] : []),
  ];
  if (taken.length === 0) return;
  throw new UserError(
    `${capital(taken.join(' and '))} that this stack did not make already exist${taken.length === 1 ? 's' : ''} in ${region}: delete what you no longer need, or deploy beside it with another FUNCTION_NAME.`,
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

async function functionExists(region: string, name: string): Promise<boolean> {
  const lambda = new LambdaClient(clientOptions(region));
  return there(() => lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name })), region, false);
}

async function logGroupExists(region: string, name: string): Promise<boolean> {
  const logs = new CloudWatchLogsClient(clientOptions(region));
  return there(
    async () => {
      const { logGroups } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
      return logGroups?.some((group) => group.logGroupName === name);
    },
    region,
    false,
  );
}

/**
 * Whether what `ask` asks about is there. A caller that may not ask (a pipeline's role often may only
 * assume the CDK's own) gets `unknown`: the CDK or CloudFormation will say in time.
 */
async function there(ask: () => Promise<unknown>, region: string, unknown = true): Promise<boolean> {
  try {
    return Boolean(await ask());
  } catch (error) {
    if (isMissing(error)) return false;
    if (isDenied(error)) return unknown;
    throw explained(error, region);
  }
}
