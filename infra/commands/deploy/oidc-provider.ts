import { GetOpenIDConnectProviderCommand, IAMClient, paginateListRoles } from '@aws-sdk/client-iam';
import { AUDIENCE, ISSUER, type Provider } from '../../lib/ci/provider.ts';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions, isMissing } from '../shared/aws.ts';
import { deployedTemplate, hasWorked } from '../shared/stack-state.ts';
import type { Target } from '../shared/target.ts';

/**
 * Whether the stack makes GitHub's provider or uses the account's. A provider in the stack's template stays the stack's own: if a
 * second run called it "existing", it would leave the template, and CloudFormation would delete it from the account.
 *
 * @throws UserError when the account's provider, made by somebody else, is not for AWS's audience.
 */
export async function settleProvider(ciStack: Target): Promise<Provider> {
  if (await makesProvider(ciStack)) return 'own';
  const audiences = await audiencesOfAccount(ciStack);
  if (!audiences) return 'own';
  if (audiences.includes(AUDIENCE)) return 'existing';
  throw new UserError(
    `The account's provider for ${ISSUER} does not take the audience ${AUDIENCE}. Add it (aws iam add-client-id-to-open-id-connect-provider --client-id ${AUDIENCE} --open-id-connect-provider-arn ARN), then try again.`,
  );
}

/** Whether the stack made the provider. */
export async function makesProvider(ciStack: Target): Promise<boolean> {
  try {
    return (await hasWorked(ciStack)) && (await deployedTemplate(ciStack)).includes('AWS::IAM::OIDCProvider');
  } catch (error) {
    throw asUserError(error, ciStack.region, ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate']);
  }
}

/** The audiences of the account's provider, or undefined when it has no provider. */
async function audiencesOfAccount(target: Target): Promise<readonly string[] | undefined> {
  try {
    const { ClientIDList } = await new IAMClient(clientOptions(target.region)).send(
      new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: arnOf(target) }),
    );
    return ClientIDList ?? [];
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && error.name === 'NoSuchEntityException')) return undefined;
    throw asUserError(error, target.region, ['iam:GetOpenIDConnectProvider']);
  }
}

/** The names of the roles that trust the provider, except these. */
export async function rolesThatTrust(target: Target, but: readonly string[]): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { Roles } of paginateListRoles({ client: new IAMClient(clientOptions(target.region)) }, {})) {
      names.push(
        ...(Roles ?? [])
          .filter((role) => decodeURIComponent(role.AssumeRolePolicyDocument ?? '').includes(arnOf(target)))
          .map(({ RoleName }) => RoleName ?? ''),
      );
    }
  } catch (error) {
    throw asUserError(error, target.region, ['iam:ListRoles']);
  }
  return names.filter((name) => !but.includes(name));
}

const arnOf = ({ account }: Target): string => `arn:aws:iam::${account}:oidc-provider/${ISSUER}`;
