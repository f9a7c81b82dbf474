import { ISSUER } from '../../lib/ci/provider.ts';
import { ciStackName } from '../../lib/ci/stack.ts';
import { UserError, exitOnError } from '../../lib/errors.ts';
import { findStack, rolesOf } from '../shared/stack-state.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { cdk, removal, ciApp } from './programs.ts';
import { makesProvider, rolesThatTrust } from './oidc-provider.ts';

await exitOnError(async () => {
  const target = await announceTarget("removing GitHub's role for", 'existing');
  const ci: Target = { ...target, stackName: ciStackName(target.stackName) };
  if (!(await findStack(ci)))
    throw new UserError(
      `There is no stack ${ci.stackName} in that account and region: check REGION, FUNCTION_NAME and AWS_PROFILE. Nothing was removed.`,
    );
  const own = await makesProvider(ci);
  if (own) await refuseToLockOut(ci);
  await cdk('existing', ci.region, removal(), ciApp());
  if (await findStack(ci)) throw new Error(`Stack ${ci.stackName} is still there.`);
  console.error(
    `Removed ${ci.stackName}: GitHub can no longer deploy ${target.stackName}, which runs on. ${own ? "GitHub's OIDC provider went with it." : "GitHub's OIDC provider stays: it was there before."}`,
  );
});

/** Removing the stack that made the provider removes the provider too. Roles that trust it could then not be assumed. */
async function refuseToLockOut(ci: Target): Promise<void> {
  const others = await rolesThatTrust(
    ci,
    (await rolesOf(ci)).map(({ name }) => name),
  );
  if (others.length > 0)
    throw new UserError(
      `This stack made the account's provider for ${ISSUER}, and ${others.join(', ')} cannot be assumed without it: remove the other role${others.length === 1 ? '' : 's'} first. Nothing was removed.`,
    );
}
