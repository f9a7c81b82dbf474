import type { Stack } from '@aws-sdk/client-cloudformation';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions, isDenied, isMissing } from './aws.ts';
import { type DeployedStack, readDeployedStack } from './deployed-stack.ts';
import { type Ask, foreignStack, type Obstacle, obstacleTo, refused } from './obstacles.ts';
import { deployedTemplate, findStack, hasWorked, isEmpty } from './stack-state.ts';
import type { Target } from './target.ts';
import { message } from '../../lib/text.ts';

/** The parameter in which `cdk bootstrap` writes its version, with the CDK's default qualifier. */
export const BOOTSTRAP_VERSION = '/cdk-bootstrap/hnb659fds/version';

/** @throws UserError when the CDK was never set up in this account and region. */
export async function requireBootstrap({ account, region }: Target): Promise<void> {
  try {
    await new SSMClient(clientOptions(region)).send(new GetParameterCommand({ Name: BOOTSTRAP_VERSION }));
  } catch (error) {
    // Without the permission the CDK itself checks it: a pipeline's role often may only assume the CDK's roles.
    if (isDenied(error)) return;
    if (!isMissing(error)) throw asUserError(error, region);
    throw new UserError(texts.notSetUp(account, region));
  }
}

/**
 * Refuses a stack of this name that another project made: make destroy would remove all of it.
 *
 * @param stack as it was found.
 * @throws UserError when it is not ours.
 */
export async function requireOwnStack(target: Target, stack: Stack): Promise<void> {
  if (!isEmpty(stack.StackStatus)) refuse(await foreignStack(target, askingIn(target)));
}

/**
 * The deployed stack of a function that is to be stopped or resumed. A function of the stack's name may be another project's.
 *
 * @throws UserError when no stack of this project made it.
 */
export async function requireOwnFunction(target: Target): Promise<DeployedStack> {
  try {
    const own = (await hasWorked(target)) ? readDeployedStack(await deployedTemplate(target)) : undefined;
    if (own) return own;
  } catch (error) {
    throw asUserError(error, target.region, ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate']);
  }
  throw new UserError(texts.notOurs(target.stackName, target.region));
}

/**
 * Refuses a deploy that would fail.
 *
 * @throws UserError naming what is in the way.
 */
export async function requireDeployable(target: Target): Promise<void> {
  try {
    refuse(await obstacleTo(target, await findStack(target), askingIn(target)));
  } catch (error) {
    throw asUserError(error, target.region, ['cloudformation:DescribeStacks']);
  }
}

function refuse(obstacle: Obstacle | undefined): void {
  if (obstacle) throw new UserError(refused(obstacle));
}

/** Skips a question for which the caller lacks the permission; CloudFormation then fails later. */
const askingIn =
  ({ region }: Target): Ask =>
  async (question) => {
    try {
      return await question();
    } catch (error) {
      if (isDenied(error)) return undefined;
      throw asUserError(error, region);
    }
  };

const texts = {
  notSetUp: message(
    (account: string, region: string) =>
      `The CDK is not set up in account ${account}, region ${region}. Run \`make bootstrap\` with the same settings, once, then try again.`,
    (account, region) =>
      `アカウント ${account}、リージョン ${region} では CDK の初期設定が済んでいません。同じ設定で \`make bootstrap\` を一度実行してから、やり直してください。`,
  ),
  notOurs: message(
    (name: string, region: string) =>
      `The function ${name} in ${region} was not made by this project's stack. Check REGION, FUNCTION_NAME and AWS_PROFILE. Nothing was changed.`,
    (name, region) =>
      `${region} の関数 ${name} は、このプロジェクトのスタックで作成したものではありません。REGION、FUNCTION_NAME、AWS_PROFILE を確認してください。何も変更していません。`,
  ),
} as const;
