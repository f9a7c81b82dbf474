import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readCiSettings } from '../lib/ci/settings.ts';
import { UserError } from '../lib/errors.ts';
import { workspaceDir } from '../lib/paths.ts';
import { ciStackOf, rolesIn } from './support/ci-stack.ts';
import { decision } from './support/policy.ts';
import { ACCOUNT } from './support/stack.ts';
import { outcomeOf, tool } from './support/tools.ts';

const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.actions.githubusercontent.com`;
const NAME = 'bedrock-titan-function';
const bootstrapRole = (name: string, region = 'ap-northeast-1'): string =>
  `arn:aws:iam::${ACCOUNT}:role/cdk-hnb659fds-${name}-role-${ACCOUNT}-${region}`;
const stackArn = (name: string, id = '*'): string =>
  `arn:aws:cloudformation:ap-northeast-1:${ACCOUNT}:stack/${name}/${id}`;
const functionArn = (name: string): string => `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:${name}`;

const ISSUER = 'token.actions.githubusercontent.com';
const workflow = (file: string, ref: string, repository = 'octo/repo'): string =>
  `${repository}/.github/workflows/${file}@${ref}`;

const trustOf = (claims: Record<string, string>, patterns: Record<string, string>) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRoleWithWebIdentity',
      Principal: { Federated: PROVIDER },
      Condition: {
        StringEquals: conditions({ aud: 'sts.amazonaws.com', ...claims }),
        StringLike: conditions(patterns),
      },
    },
  ],
});
/** Claims as the keys that STS has for them. */
function conditions(claims: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(claims).map(([claim, value]) => [`${ISSUER}:${claim}`, value]));
}
const deployTrust = trustOf(
  { sub: 'repo:octo/repo:environment:production', ref: 'refs/heads/main' },
  { job_workflow_ref: workflow('deploy.yml', '*') },
);
const diffTrust = trustOf(
  { sub: 'repo:octo/repo:pull_request' },
  { job_workflow_ref: workflow('ci.yml', 'refs/pull/*/merge') },
);
const readTheStack = {
  Sid: 'ReadTheStack',
  Effect: 'Allow',
  Action: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
  Resource: stackArn(NAME),
};
const seeTheBoundary = {
  Sid: 'SeeTheBoundary',
  Effect: 'Allow',
  Action: 'iam:GetPolicy',
  Resource: `arn:aws:iam::${ACCOUNT}:policy/${NAME}-ap-northeast-1-boundary`,
};
const deployPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'AssumeCdkRoles',
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Resource: [bootstrapRole('deploy'), bootstrapRole('file-publishing')],
    },
    readTheStack,
    seeTheBoundary,
    { Sid: 'CallTheFunction', Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: functionArn(NAME) },
    {
      Sid: 'KeepTheStop',
      Effect: 'Allow',
      Action: ['lambda:GetFunctionConcurrency', 'lambda:PutFunctionConcurrency'],
      Resource: functionArn(NAME),
    },
  ],
};
const diffPolicy = { Version: '2012-10-17', Statement: [readTheStack, seeTheBoundary] };

describe('the whole of the roles', () => {
  it('is one role of one environment by default', () => {
    expect(rolesIn(ciStackOf())).toStrictEqual({
      DeployOneStack: { trust: deployTrust, policy: deployPolicy },
    });
  });

  it('is the same whoever made the provider', () => {
    expect(rolesIn(ciStackOf({ provider: 'existing' }))).toStrictEqual(rolesIn(ciStackOf({ provider: 'own' })));
  });

  it('has a second one that can only read, for pull requests, when asked for', () => {
    expect(rolesIn(ciStackOf({ ci: { PULL_REQUESTS: '1' } }))).toStrictEqual({
      DeployOneStack: { trust: deployTrust, policy: deployPolicy },
      ReadOneStack: { trust: diffTrust, policy: diffPolicy },
    });
  });

  it('follows the settings', () => {
    const { DeployOneStack } = rolesIn(
      ciStackOf({
        ci: { REPO: 'Octo-Org@12/my.repo_1@345', ENVIRONMENT: 'prod/tokyo', BRANCH: 'release/v1' },
        settings: { FUNCTION_NAME: 'another', REGION: 'us-west-2' },
      }),
    );
    const moved = JSON.stringify(deployPolicy).replaceAll(NAME, 'another').replaceAll('ap-northeast-1', 'us-west-2');
    expect(DeployOneStack).toStrictEqual({
      trust: trustOf(
        {
          sub: 'repo:Octo-Org@12/my.repo_1@345:environment:prod/tokyo',
          ref: 'refs/heads/release/v1',
          repository_id: '345',
        },
        { job_workflow_ref: workflow('deploy.yml', '*', 'Octo-Org/my.repo_1') },
      ),
      policy: JSON.parse(moved),
    });
  });
});

describe('the provider', () => {
  it("is made for AWS's audience alone, before the roles", () => {
    const template = Template.fromStack(ciStackOf());
    template.hasResourceProperties('AWS::IAM::OIDCProvider', {
      Url: 'https://token.actions.githubusercontent.com',
      ClientIdList: ['sts.amazonaws.com'],
    });
    template.hasResource('AWS::IAM::Role', { DependsOn: ['Provider'] });
  });

  it('is not in the template when the account has one that we did not make', () => {
    Template.fromStack(ciStackOf({ provider: 'existing' })).resourceCountIs('AWS::IAM::OIDCProvider', 0);
  });
});

const trustDocument = z.object({
  Statement: z.tuple([
    z.object({
      Effect: z.literal('Allow'),
      Action: z.string(),
      Principal: z.strictObject({ Federated: z.string() }),
      Condition: z.unknown(),
    }),
  ]),
});

/**
 * What an evaluator that knows nothing of this project decides of a token. It throws away the claims of a token where a
 * trust policy is simulated as one; so whose provider it is is compared here, and the rest is handed to it as a policy.
 */
async function admitted(trust: unknown, { provider = PROVIDER, ...claims }: Record<string, string>): Promise<string> {
  const [{ Principal, ...statement }] = trustDocument.parse(trust).Statement;
  const resource = `arn:aws:iam::${ACCOUNT}:role/the-role`;
  const simulation = {
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/somebody`,
      action: 'sts:AssumeRoleWithWebIdentity',
      resource: { resource, accountId: ACCOUNT },
      contextVariables: conditions(claims),
    },
    identityPolicies: [
      { name: 'trust', policy: { Version: '2012-10-17', Statement: [{ ...statement, Resource: resource }] } },
    ],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  return Principal.Federated === provider ? runUnsafeSimulation(simulation, {}) : 'ImplicitlyDenied';
}

/** A token of the job in deploy.yml that ci.yml calls on main, by the claims that STS looks at. */
const deployToken = {
  aud: 'sts.amazonaws.com',
  sub: 'repo:octo/repo:environment:production',
  ref: 'refs/heads/main',
  job_workflow_ref: workflow('deploy.yml', 'refs/heads/main'),
  repository_id: '345',
};

/** A token of the job in ci.yml that a pull request runs. */
const diffToken = {
  ...deployToken,
  sub: 'repo:octo/repo:pull_request',
  ref: 'refs/pull/7/merge',
  job_workflow_ref: workflow('ci.yml', 'refs/pull/7/merge'),
};

const roles = rolesIn(ciStackOf({ ci: { PULL_REQUESTS: '1', VERIFY: '1' } }));
const numbered = rolesIn(ciStackOf({ ci: { REPO: 'octo@12/repo@345' } }));

describe('the role to deploy with', () => {
  const trust = roles.DeployOneStack?.trust;

  it("takes a token of the repository's environment, of deploy.yml on main", async () => {
    expect(await admitted(trust, deployToken)).toBe('Allowed');
  });

  it('takes one that names the commit of deploy.yml', async () => {
    const job_workflow_ref = workflow('deploy.yml', '0123456789012345678901234567890123456789');
    expect(await admitted(trust, { ...deployToken, job_workflow_ref })).toBe('Allowed');
  });

  it.each<[string, Record<string, string>]>([
    ['another repository', { sub: 'repo:octo/other:environment:production' }],
    ['a repository whose name begins alike', { sub: 'repo:octo/repo2:environment:production' }],
    ['another owner', { sub: 'repo:eve/repo:environment:production' }],
    ['another environment', { sub: 'repo:octo/repo:environment:staging' }],
    ['an environment whose name begins alike', { sub: 'repo:octo/repo:environment:production2' }],
    ['no environment, on the main branch', { sub: 'repo:octo/repo:ref:refs/heads/main' }],
    ['a pull request', diffToken],
    ['the same names with numbers', { sub: 'repo:octo@12/repo@345:environment:production' }],
    ['another audience', { aud: 'https://github.com/octo' }],
    ['another provider', { provider: PROVIDER.replace(ISSUER, 'gitlab.com') }],
    // GitHub makes an environment that is not there, and one without rules takes every branch.
    [
      'a branch whose workflow names the environment, whatever deploy.yml it brings',
      { ref: 'refs/heads/mine', job_workflow_ref: workflow('deploy.yml', 'refs/heads/mine') },
    ],
    ["a branch that calls main's deploy.yml", { ref: 'refs/heads/mine' }],
    ['a workflow whose name ends alike', { job_workflow_ref: workflow('not-deploy.yml', 'refs/heads/main') }],
    ['another workflow on main', { job_workflow_ref: workflow('other.yml', 'refs/heads/main') }],
    ["another repository's deploy.yml", { job_workflow_ref: workflow('deploy.yml', 'refs/heads/main', 'eve/repo') }],
    ['a tag called main', { ref: 'refs/tags/main' }],
    ['a branch whose name begins alike', { ref: 'refs/heads/main2' }],
  ])('takes no token of %s', async (_, claims) => {
    expect(await admitted(trust, { ...deployToken, ...claims })).not.toBe('Allowed');
  });

  it.each(['ref', 'job_workflow_ref'])('takes no token without the claim %s', async (claim) => {
    const token = Object.fromEntries(Object.entries(deployToken).filter(([name]) => name !== claim));
    expect(await admitted(trust, token)).not.toBe('Allowed');
  });

  it('takes the numbers it was told, and no others', async () => {
    const token = (owner: string, repo: string, repository_id = repo): Record<string, string> => ({
      ...deployToken,
      sub: `repo:octo@${owner}/repo@${repo}:environment:production`,
      repository_id,
    });
    const decisions = await Promise.all(
      [token('12', '345'), token('13', '345'), token('12', '346'), token('12', '345', '346'), deployToken].map((one) =>
        admitted(numbered.DeployOneStack?.trust, one),
      ),
    );
    expect(decisions.map((decision) => decision === 'Allowed')).toEqual([true, false, false, false, false]);
  });
});

describe('the role to read with', () => {
  const trust = roles.ReadOneStack?.trust;

  it('takes a token of a pull request to the repository', async () => {
    expect(await admitted(trust, diffToken)).toBe('Allowed');
  });

  it.each<[string, Record<string, string>]>([
    ['a pull request to a fork', { sub: 'repo:eve/repo:pull_request' }],
    ['the environment', deployToken],
    ['another audience', { aud: 'somebody' }],
    ['another workflow of a pull request', { job_workflow_ref: workflow('other.yml', 'refs/pull/7/merge') }],
    // pull_request_target: its subject is the same, and it may hold secrets while it looks at a stranger's code.
    [
      'a pull request that runs what main has',
      { ref: 'refs/heads/main', job_workflow_ref: workflow('ci.yml', 'refs/heads/main') },
    ],
  ])('takes no token of %s', async (_, claims) => {
    expect(await admitted(trust, { ...diffToken, ...claims })).not.toBe('Allowed');
  });
});

describe('the role to ask about models with', () => {
  const { AskAboutModels } = rolesIn(ciStackOf({ ci: { MODELS: '1' }, settings: { REGION: 'us-west-2' } }));
  const token = {
    ...deployToken,
    sub: 'repo:octo/repo:ref:refs/heads/main',
    job_workflow_ref: workflow('models.yml', 'refs/heads/main'),
  };

  it('takes a token of models.yml on main', async () => {
    expect(await admitted(AskAboutModels?.trust, token)).toBe('Allowed');
  });

  it.each<[string, Record<string, string>]>([
    ['another workflow on main', { job_workflow_ref: workflow('other.yml', 'refs/heads/main') }],
    ['another branch', { sub: 'repo:octo/repo:ref:refs/heads/mine', ref: 'refs/heads/mine' }],
    ["another repository's models.yml", { job_workflow_ref: workflow('models.yml', 'refs/heads/main', 'eve/repo') }],
    ['a pull request', diffToken],
  ])('takes no token of %s', async (_, claims) => {
    expect(await admitted(AskAboutModels?.trust, { ...token, ...claims })).not.toBe('Allowed');
  });

  const model = 'arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0';
  const profile = `arn:aws:bedrock:ap-northeast-1:${ACCOUNT}:inference-profile/jp.amazon.nova-2-lite-v1:0`;

  // models.json is of Tokyo, whatever region the function is in.
  it.each([
    ['bedrock:GetFoundationModel', model, true],
    ['bedrock:GetInferenceProfile', profile, true],
    ['bedrock:InvokeModel', model, false],
    ['bedrock:InvokeModel', profile, false],
    ['cloudformation:DescribeStacks', stackArn(NAME, '0123'), false],
  ])('%s on %s: %s', async (action, resource, allowed) => {
    expect((await decision(AskAboutModels?.policy, action, resource)) === 'Allowed').toBe(allowed);
  });
});

describe('the role to prove with', () => {
  const THROWAWAY = `${NAME}-verify-ci01`;
  const { VerifyOnOneStack } = rolesIn(ciStackOf({ ci: { VERIFY: '1' } }));
  const token = {
    ...deployToken,
    sub: 'repo:octo/repo:ref:refs/heads/main',
    job_workflow_ref: workflow('verify.yml', 'refs/heads/main'),
  };

  it('takes a token of verify.yml on main, which uses the name that it is for', async () => {
    expect(await admitted(VerifyOnOneStack?.trust, token)).toBe('Allowed');
    const text = readFileSync(join(workspaceDir, '.github/workflows/verify.yml'), 'utf8');
    const suffixes = [...text.matchAll(/make [a-z-]+ .*SUFFIX=(\w+)/g)].map(([, suffix]) => suffix);
    expect(new Set(suffixes)).toEqual(new Set(['ci01']));
  });

  it.each<[string, Record<string, string>]>([
    ['another workflow on main', { job_workflow_ref: workflow('models.yml', 'refs/heads/main') }],
    ['another branch', { sub: 'repo:octo/repo:ref:refs/heads/mine', ref: 'refs/heads/mine' }],
    ["another branch's verify.yml", { job_workflow_ref: workflow('verify.yml', 'refs/heads/mine') }],
    ["another repository's verify.yml", { job_workflow_ref: workflow('verify.yml', 'refs/heads/main', 'eve/repo') }],
    ['the environment', deployToken],
    ['a pull request', diffToken],
  ])('takes no token of %s', async (_, claims) => {
    expect(await admitted(VerifyOnOneStack?.trust, { ...token, ...claims })).not.toBe('Allowed');
  });

  const here = (service: string, path: string): string => `arn:aws:${service}:ap-northeast-1:${ACCOUNT}:${path}`;
  const bucket = 'arn:aws:s3:::bedrock-titan-function-ve-batchbucket0123-x';
  const OWN = { 'aws:ResourceAccount': ACCOUNT };
  const IMPORT = { 'cloudformation:ImportResourceTypes': 'AWS::Lambda::Function' };
  const passedTo = (service: string) => ({ 'iam:PassedToService': `${service}.amazonaws.com` });

  it.each<[boolean, string, string] | [boolean, string, string, Record<string, string>]>([
    // The stack.
    [true, 'cloudformation:CreateChangeSet', stackArn(THROWAWAY)],
    [false, 'cloudformation:CreateChangeSet', stackArn(THROWAWAY, '0123'), IMPORT],
    [false, 'cloudformation:CreateChangeSet', stackArn(NAME, '0123')],
    [true, 'cloudformation:ExecuteChangeSet', stackArn(THROWAWAY, '0123')],
    [false, 'cloudformation:ExecuteChangeSet', stackArn(NAME, '0123')],
    [true, 'cloudformation:DeleteStack', stackArn(THROWAWAY, '0123')],
    [false, 'cloudformation:DeleteStack', stackArn(NAME, '0123')],
    [false, 'cloudformation:DeleteStack', stackArn(`${NAME}-verify-ci02`, '0123')],
    [false, 'cloudformation:DeleteStack', stackArn(`${NAME}-ci`, '0123')],
    [false, 'cloudformation:CreateStack', stackArn(THROWAWAY)],
    [false, 'cloudformation:DescribeStacks', stackArn(NAME, '0123')],
    [true, 'iam:PassRole', bootstrapRole('cfn-exec'), passedTo('cloudformation')],
    [false, 'iam:PassRole', bootstrapRole('cfn-exec'), passedTo('lambda')],
    [false, 'iam:PassRole', `arn:aws:iam::${ACCOUNT}:role/admin`, passedTo('cloudformation')],
    [true, 'sts:AssumeRole', bootstrapRole('file-publishing')],
    [false, 'sts:AssumeRole', bootstrapRole('deploy')],
    [false, 'sts:AssumeRole', bootstrapRole('cfn-exec')],
    // The function.
    [true, 'lambda:InvokeFunction', functionArn(THROWAWAY)],
    [false, 'lambda:InvokeFunction', functionArn(NAME)],
    [true, 'lambda:UpdateFunctionConfiguration', functionArn(THROWAWAY)],
    [false, 'lambda:UpdateFunctionConfiguration', functionArn(NAME)],
    [false, 'lambda:UpdateFunctionCode', functionArn(NAME)],
    [false, 'lambda:PutFunctionConcurrency', functionArn(NAME)],
    [false, 'lambda:AddPermission', functionArn(THROWAWAY)],
    [true, 'logs:FilterLogEvents', here('logs', `log-group:/aws/lambda/${THROWAWAY}`)],
    [false, 'logs:FilterLogEvents', here('logs', `log-group:/aws/lambda/${NAME}`)],
    [true, 'iam:SimulatePrincipalPolicy', `arn:aws:iam::${ACCOUNT}:role/bedrock-titan-function-ve-BedrockRole0123-x`],
    [false, 'iam:SimulatePrincipalPolicy', `arn:aws:iam::${ACCOUNT}:role/admin`],
    [false, 'iam:PutRolePolicy', `arn:aws:iam::${ACCOUNT}:role/bedrock-titan-function-ve-BedrockRole0123-x`],
    [true, 'bedrock:InvokeModel', 'arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.titan-text-express-v1'],
    [false, 'bedrock:InvokeModel', 'arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0'],
    // The batch.
    [true, 'states:StartExecution', here('states', `stateMachine:${THROWAWAY}-batch`)],
    [false, 'states:StartExecution', here('states', `stateMachine:${NAME}-batch`)],
    [true, 'states:StopExecution', here('states', `execution:${THROWAWAY}-batch:one`)],
    [false, 'states:StopExecution', here('states', `execution:${NAME}-batch:one`)],
    [true, 's3:DeleteObject', `${bucket}/input/one`, OWN],
    [false, 's3:DeleteObject', `${bucket}/input/one`, { 'aws:ResourceAccount': '999999999999' }],
    [false, 's3:DeleteObject', 'arn:aws:s3:::bedrock-titan-function-batchbucket0123-x/input/one', OWN],
    [false, 's3:PutObject', `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-ap-northeast-1/x`, OWN],
  ])('%s: %s on %s', async (...[allowed, action, resource, context]) => {
    const found = await decision(VerifyOnOneStack?.policy, action, resource, { ...OWN, ...context });
    expect(found === 'Allowed').toBe(allowed);
  });
});

type Asked = readonly [name: string, action: string, resource: string];

const toRead: Asked[] = [
  ["reading the stack's outputs", 'cloudformation:DescribeStacks', stackArn(NAME, '0123')],
  ["reading the stack's template", 'cloudformation:GetTemplate', stackArn(NAME, '0123')],
  ['seeing the boundary', 'iam:GetPolicy', seeTheBoundary.Resource],
];
const toDeploy: Asked[] = [
  ["the CDK's role to deploy", 'sts:AssumeRole', bootstrapRole('deploy')],
  ["the CDK's role to upload", 'sts:AssumeRole', bootstrapRole('file-publishing')],
  ['calling the function', 'lambda:InvokeFunction', functionArn(NAME)],
  ['asking whether the function is stopped', 'lambda:GetFunctionConcurrency', functionArn(NAME)],
  ['stopping the function', 'lambda:PutFunctionConcurrency', functionArn(NAME)],
];
const forNobody: Asked[] = [
  ["the CDK's role to look up, which reads the whole account", 'sts:AssumeRole', bootstrapRole('lookup')],
  ["the CDK's role that CloudFormation has", 'sts:AssumeRole', bootstrapRole('cfn-exec')],
  ["the CDK's role for images", 'sts:AssumeRole', bootstrapRole('image-publishing')],
  ["the CDK's role of another region", 'sts:AssumeRole', bootstrapRole('deploy', 'us-east-1')],
  ["the CDK's role of another account", 'sts:AssumeRole', bootstrapRole('deploy').replaceAll(ACCOUNT, '999999999999')],
  ['another role', 'sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/admin`],
  ['another function', 'lambda:InvokeFunction', functionArn('another')],
  ['a function whose name begins alike', 'lambda:InvokeFunction', functionArn(`${NAME}-2`)],
  ['stopping another function', 'lambda:PutFunctionConcurrency', functionArn('another')],
  ["lifting the function's limit", 'lambda:DeleteFunctionConcurrency', functionArn(NAME)],
  ['changing the function past CloudFormation', 'lambda:UpdateFunctionCode', functionArn(NAME)],
  ['reading another stack', 'cloudformation:DescribeStacks', stackArn('another', '0123')],
  ['reading its own stack', 'cloudformation:DescribeStacks', stackArn(`${NAME}-ci`, '0123')],
  ['changing the stack itself', 'cloudformation:UpdateStack', stackArn(NAME, '0123')],
  ['removing the stack', 'cloudformation:DeleteStack', stackArn(NAME, '0123')],
  ['seeing another policy', 'iam:GetPolicy', `arn:aws:iam::${ACCOUNT}:policy/another`],
  ['changing the boundary', 'iam:CreatePolicyVersion', seeTheBoundary.Resource],
  ['making a role', 'iam:CreateRole', `arn:aws:iam::${ACCOUNT}:role/x`],
  ['widening its own policy', 'iam:PutRolePolicy', `arn:aws:iam::${ACCOUNT}:role/ci`],
  ['passing a role on', 'iam:PassRole', bootstrapRole('cfn-exec')],
  ['reading the bucket of code', 's3:GetObject', `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-ap-northeast-1/x`],
  [
    "reading the function's log",
    'logs:GetLogEvents',
    `arn:aws:logs:ap-northeast-1:${ACCOUNT}:log-group:/aws/lambda/${NAME}:log-stream:s`,
  ],
];

describe('the policy to deploy with', () => {
  it.each([...toRead, ...toDeploy])('allows %s', async (_, action, resource) => {
    expect(await decision(roles.DeployOneStack?.policy, action, resource)).toBe('Allowed');
  });

  it.each(forNobody)('denies %s', async (_, action, resource) => {
    expect(await decision(roles.DeployOneStack?.policy, action, resource)).not.toBe('Allowed');
  });
});

describe('the policy to read with', () => {
  it.each(toRead)('allows %s', async (_, action, resource) => {
    expect(await decision(roles.ReadOneStack?.policy, action, resource)).toBe('Allowed');
  });

  it.each([...toDeploy, ...forNobody])('denies %s', async (_, action, resource) => {
    expect(await decision(roles.ReadOneStack?.policy, action, resource)).not.toBe('Allowed');
  });
});

describe('linters', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bedrock-ci-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const written = (name: string, content: unknown): string => {
    writeFileSync(join(directory, name), JSON.stringify(content));
    return join(directory, name);
  };

  it.each([
    ['own', {}],
    ['existing', { PULL_REQUESTS: '1', MODELS: '1', VERIFY: '1' }],
  ] as const)('cfn-lint finds nothing in the template with the provider %s', async (provider, ci) => {
    const template = Template.fromStack(ciStackOf({ provider, ci })).toJSON();
    expect(
      await outcomeOf(tool('cfn-lint'), [
        '--regions',
        'ap-northeast-1',
        '--template',
        written(`${provider}.json`, template),
      ]),
    ).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it.each(['DeployOneStack', 'ReadOneStack', 'VerifyOnOneStack'])(
    'cloudsplaining finds nothing in %s',
    async (name) => {
      const { stdout } = await outcomeOf(tool('cloudsplaining'), [
        'scan-policy-file',
        '--input-file',
        written(`${name}.json`, roles[name]?.policy),
      ]);
      expect(stdout).toBe('There were no results found.\n');
    },
  );

  it('AWS Solutions has nothing against the stack', () => {
    const { violations } = new AwsSolutionsChecks().validateScope(
      ciStackOf({ ci: { PULL_REQUESTS: '1', MODELS: '1', VERIFY: '1' } }),
    );
    expect(violations.map(({ ruleName }) => ruleName)).toEqual([]);
  });
});

/** The sentence that a person reads; a failure of any other kind is none. */
function sentence(given: Record<string, string>): string {
  try {
    readCiSettings(given);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('REPO, ENVIRONMENT, BRANCH and PULL_REQUESTS', () => {
  it.each([
    'octo/repo',
    'Octo-Org/.github',
    'a/b',
    'name_company/my.repo-1',
    'octo@1/repo@23',
    `${'a'.repeat(39)}/${'b'.repeat(100)}`,
  ])('take the repository %s', (REPO) => {
    expect(sentence({ REPO })).toBe('accepted');
  });

  it.each([
    'repo',
    '/repo',
    'octo/',
    'octo/*',
    '*/repo',
    'octo/re?o',
    'octo/repo:environment:x',
    'octo/repo/more',
    'octo/..',
    'octo/.',
    'octo/a b',
    'octo/repo.git',
    'https://github.com/octo/repo',
    '-octo/repo',
    `${'a'.repeat(40)}/b`,
    `a/${'b'.repeat(101)}`,
    'octo@1/repo',
    'octo/repo@2',
    'octo@0/repo@2',
    'octo@x/repo@2',
    'octo@1/..@2',
    `octo/\${aws:username}`,
    'オクト/repo',
  ])('refuse the repository %s', (REPO) => {
    expect(sentence({ REPO })).toBe(
      `REPO takes owner/name as GitHub writes it, or owner@ID/name@ID with its numbers; "${REPO}" was given.`,
    );
  });

  it.each(['*', 'prod:x', 'a b', '-x', 'a'.repeat(256), '本番', 'prod?'])(
    'refuse the environment %s',
    (ENVIRONMENT) => {
      expect(sentence({ REPO: 'octo/repo', ENVIRONMENT })).toBe(
        `ENVIRONMENT takes up to 255 letters, digits and . _ / -, beginning with a letter or digit; "${ENVIRONMENT}" was given.`,
      );
    },
  );

  it.each(['*', 'refs/heads/main', 'a b', '-x', 'a..b', 'a/', 'a.lock', 'main:x', 'm?in', 'a//b', 'a'.repeat(256)])(
    'refuse the branch %s',
    (BRANCH) => {
      expect(sentence({ REPO: 'octo/repo', BRANCH })).toBe(
        `BRANCH takes the name of a branch, such as main, of up to 255 letters, digits and . _ / -; "${BRANCH}" was given.`,
      );
    },
  );

  it('say so when the repository is missing, and when a switch is neither on nor off', () => {
    expect(sentence({})).toBe(
      'REPO is missing: name the GitHub repository that may deploy, as in make ci-role REPO=owner/name.',
    );
    expect(sentence({ REPO: 'octo/repo', PULL_REQUESTS: 'maybe' })).toBe(
      'PULL_REQUESTS takes 1 or 0; "maybe" was given.',
    );
  });
});
