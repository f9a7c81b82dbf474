import { bootstrapAssemblyDir } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { isOn } from '../shared/terminal.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { cdk, type CdkApp, deployment } from './programs.ts';
import { ADMINISTRATOR, executionPolicies, executionPolicyArn } from './execution-policies.ts';

/** The app of the policies. */
const POLICIES_APP: CdkApp = { app: ['--app', 'node --import tsx bin/bootstrap.ts', '--output', bootstrapAssemblyDir] };

await exitOnError(async () => {
  const target = await announceTarget('setting up the CDK (bucket, roles: stack CDKToolkit) for', 'existing');
  const policies = await policiesFor(target);
  await cdk('existing', target.region, [
    'bootstrap',
    `aws://${target.account}/${target.region}`,
    `--cloudformation-execution-policies=${policies.join(',')}`,
  ]);
  console.error(`Set up, once for this account and region. ${inWords(policies, target)}\nNext: make deploy`);
});

/**
 * What CloudFormation may do there from now on: what it could, and this stack. AdministratorAccess stays where it is
 * until somebody takes it away by ADMINISTRATOR=0, for other stacks may need it.
 */
async function policiesFor(target: Target): Promise<string[]> {
  const found = (await executionPolicies(target)) ?? [];
  if (isOn('ADMINISTRATOR', found.includes(ADMINISTRATOR))) return [...new Set([...found, ADMINISTRATOR])];
  await cdk('deploy', target.region, deployment(), POLICIES_APP);
  return [...new Set([...found.filter((arn) => arn !== ADMINISTRATOR), executionPolicyArn(target)])];
}

function inWords(policies: readonly string[], { stackName }: Target): string {
  return policies.includes(ADMINISTRATOR)
    ? `CloudFormation has AdministratorAccess in it, and whoever deploys has that too: make bootstrap ADMINISTRATOR=0 leaves it what ${stackName} needs, if no other stack needs more.`
    : `CloudFormation may deploy ${stackName} in it, and no other stack unless it could before: make bootstrap with another FUNCTION_NAME adds that one, and ADMINISTRATOR=1 lets it do everything.`;
}
