import { bootstrapAssemblyDir } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { isOn } from '../shared/terminal.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';
import { cdk, type CdkApp, deployment } from './programs.ts';
import { ADMINISTRATOR, executionPolicies, executionPolicyArn } from './execution-policies.ts';

/** The CDK app that makes the policies. */
const POLICIES_APP: CdkApp = { app: ['--app', 'node --import tsx bin/bootstrap.ts', '--output', bootstrapAssemblyDir] };

const texts = {
  administrator: message(
    (name: string) =>
      `Set up, once for this account and region. CloudFormation has AdministratorAccess in it, and whoever deploys has that too: make bootstrap ADMINISTRATOR=0 leaves it what ${name} needs, if no other stack needs more.\nNext: make deploy`,
    (name) =>
      `CDK の初期設定をしました。このアカウントとリージョンでは一度だけで済みます。CloudFormation とデプロイする人は AdministratorAccess を持ちます。ほかに必要とするスタックがなければ、make bootstrap ADMINISTRATOR=0 で ${name} に必要な権限だけにできます。\n次は make deploy`,
  ),
  own: message(
    (name: string) =>
      `Set up, once for this account and region. CloudFormation may deploy ${name} in it, and no other stack unless it could before: make bootstrap with another FUNCTION_NAME adds that one, and ADMINISTRATOR=1 lets it do everything.\nNext: make deploy`,
    (name) =>
      `CDK の初期設定をしました。このアカウントとリージョンでは一度だけで済みます。CloudFormation がデプロイできるのは ${name} と、以前からデプロイできたスタックだけです。別の FUNCTION_NAME で make bootstrap を実行すると、その名前が加わります。ADMINISTRATOR=1 ではすべてを許可します。\n次は make deploy`,
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('setting up the CDK (bucket, roles: stack CDKToolkit) for', 'existing');
  const policies = await policiesFor(target);
  await cdk('existing', target.region, [
    'bootstrap',
    `aws://${target.account}/${target.region}`,
    `--cloudformation-execution-policies=${policies.join(',')}`,
  ]);
  console.error(localized((policies.includes(ADMINISTRATOR) ? texts.administrator : texts.own)(target.stackName)));
});

/**
 * The policies of CloudFormation's role after this run: those that it had, and this stack's. AdministratorAccess stays where it
 * is attached until ADMINISTRATOR=0, because other stacks may need it.
 */
async function policiesFor(target: Target): Promise<string[]> {
  const found = (await executionPolicies(target)) ?? [];
  if (isOn('ADMINISTRATOR', found.includes(ADMINISTRATOR))) return [...new Set([...found, ADMINISTRATOR])];
  await cdk('deploy', target.region, deployment(), POLICIES_APP);
  return [...new Set([...found.filter((arn) => arn !== ADMINISTRATOR), executionPolicyArn(target)])];
}
