import { GetPolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { boundaryName, executionPolicyName } from '../../lib/names.ts';
import { BOUNDARY_VARIABLE } from '../../lib/settings/purpose.ts';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions, isDenied } from '../shared/aws.ts';
import { findStack } from '../shared/stack-state.ts';
import type { Target } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';

/** The CDK's own stack of an account and region. */
const TOOLKIT = 'CDKToolkit';

/** The CDK's default policy for CloudFormation's role. */
export const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';

/** The policies of CloudFormation's role in an account and region, or undefined where the CDK was never set up. */
export async function executionPolicies(target: Target): Promise<string[] | undefined> {
  const stack = await findStack({ ...target, stackName: TOOLKIT });
  if (!stack) return undefined;
  const parameter = stack.Parameters?.find(({ ParameterKey }) => ParameterKey === 'CloudFormationExecutionPolicies');
  const policies = (parameter?.ParameterValue ?? '').split(',').filter((arn) => arn !== '');
  return policies.length === 0 ? [ADMINISTRATOR] : policies;
}

const deployed = ({ stackName, region }: Target) => ({ functionName: stackName, region });

/** The ARN of the policy that `make bootstrap` makes for the stack. */
export const executionPolicyArn = (target: Target): string =>
  `arn:aws:iam::${target.account}:policy/${executionPolicyName(deployed(target))}`;

/**
 * The variables that tell the app of the permissions boundary.
 *
 * @throws UserError when CloudFormation may deploy other stacks of this project there, and not this one.
 */
export async function boundaryEnvironment(target: Target): Promise<Record<string, string>> {
  return (await needsBoundary(target)) ? { [BOUNDARY_VARIABLE]: '1' } : {};
}

/** Whether `make bootstrap` made the boundary: CloudFormation may then make no role without it. */
async function needsBoundary(target: Target): Promise<boolean> {
  const PolicyArn = `arn:aws:iam::${target.account}:policy/${boundaryName(deployed(target))}`;
  try {
    await new IAMClient(clientOptions(target.region)).send(new GetPolicyCommand({ PolicyArn }));
    return true;
  } catch (error) {
    if (isDenied(error)) {
      console.error(localized(texts.unseen()));
      return false;
    }
    if (!(error instanceof Error && error.name.startsWith('NoSuchEntity'))) throw asUserError(error, target.region);
  }
  await refuseIfForOthers(target);
  return false;
}

async function refuseIfForOthers(target: Target): Promise<void> {
  const policies = await executionPolicies(target).catch((error: unknown) => {
    if (isDenied(error)) return undefined;
    throw error;
  });
  if (policies?.every((arn) => arn.endsWith(executionPolicyName({ functionName: '', region: target.region }))))
    throw new UserError(texts.forOthers(target));
}

const texts = {
  unseen: message(
    () =>
      "Whether CloudFormation may make roles without the boundary of make bootstrap cannot be seen. Allow iam:GetPolicy to these credentials (for a pipeline's, run make ci-role again). Going on without it.",
    () =>
      'make bootstrap のアクセス許可の境界がないロールを CloudFormation が作成できるか、確認できません。この認証情報に iam:GetPolicy を許可してください (パイプラインのロールなら make ci-role をやり直します)。境界なしで続行します。',
  ),
  forOthers: message(
    ({ account, region, stackName }: Target) =>
      `CloudFormation may deploy other functions in account ${account}, region ${region}, and not ${stackName}. Run \`make bootstrap\` with the same settings, once, then try again.`,
    ({ account, region, stackName }) =>
      `アカウント ${account}、リージョン ${region} の CloudFormation は、ほかの関数をデプロイできますが、${stackName} はデプロイできません。同じ設定で \`make bootstrap\` を一度実行してから、やり直してください。`,
  ),
} as const;
