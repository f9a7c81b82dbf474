import { type CiSettings, DEFAULT_ENVIRONMENT, isImmutable, readCiSettings } from '../../lib/ci/settings.ts';
import { ciStackName, DEPLOY_ROLE, DIFF_ROLE, MODELS_ROLE, nightly, VERIFY_ROLE } from '../../lib/ci/stack.ts';
import { exitOnError } from '../../lib/errors.ts';
import { columns } from '../shared/terminal.ts';
import { requireBootstrap } from '../shared/preconditions.ts';
import { rolesOf } from '../shared/stack-state.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { cdk, deployment, ciApp } from './programs.ts';
import { settleProvider } from './oidc-provider.ts';

await exitOnError(async () => {
  const ci = readCiSettings(process.env);
  const { repository, environment, branch } = ci;
  const target = await announceTarget(
    {
      en: `letting ${repository} deploy, from its environment ${environment} and branch ${branch},`,
      ja: `を ${repository} が環境 ${environment} とブランチ ${branch} からデプロイできるようにします`,
    },
    'existing',
  );
  await requireBootstrap(target);
  const stackName = ciStackName(target.stackName);
  const provider = await settleProvider({ ...target, stackName });
  if (provider === 'existing')
    console.error("The account has GitHub's OIDC provider: it is used as it is, and never removed from here.");
  await cdk('deploy', target.region, deployment(), ciApp(provider));
  console.log(
    columns(
      [{ heading: 'in GitHub' }, { heading: 'name' }, { heading: 'value' }],
      await whatToSet(target, stackName, ci),
    ),
  );
  console.error(
    `\nDeployed ${stackName}. AWS takes tokens of deploy.yml on ${ci.branch} alone: protect that branch, and have the environment ask a reviewer.`,
  );
  if (ci.verify)
    console.error(
      `The nightly make verify makes a stack of its own, which CloudFormation has to be allowed: make bootstrap FUNCTION_NAME=${nightly({ ...target, functionName: target.stackName }).functionName}, once.`,
    );
  if (!isImmutable(ci)) console.error(numbersNeeded(ci));
});

async function whatToSet(target: Target, stackName: string, { environment }: CiSettings): Promise<string[][]> {
  const roles = await rolesOf({ ...target, stackName });
  const arn = (id: string): string | undefined => {
    const role = roles.find(({ logicalId }) => logicalId.startsWith(id));
    return role && `arn:aws:iam::${target.account}:role/${role.name}`;
  };
  return [
    ['environment', environment, ''],
    ...(environment === DEFAULT_ENVIRONMENT ? [] : [['variable', 'AWS_DEPLOY_ENVIRONMENT', environment]]),
    ['variable', 'AWS_REGION', target.region],
    ['variable', 'AWS_DEPLOY_ROLE_ARN', arn(DEPLOY_ROLE)],
    ['variable', 'AWS_DIFF_ROLE_ARN', arn(DIFF_ROLE)],
    ['variable', 'AWS_MODELS_ROLE_ARN', arn(MODELS_ROLE)],
    ['variable', 'AWS_VERIFY_ROLE_ARN', arn(VERIFY_ROLE)],
  ].flatMap((row) => (row.every((cell) => cell !== undefined) ? [row.map((cell) => cell ?? '')] : []));
}

/** GitHub changed the default subject for new repositories, and AWS does not say which one it refused. */
function numbersNeeded({ repository }: CiSettings): string {
  return [
    `Was ${repository} created or renamed since 15 July 2026? Its tokens then carry numbers, and AWS refuses them until you run`,
    `  make ci-role REPO=$(gh api repos/${repository} --jq '"\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)"')`,
  ].join('\n');
}
