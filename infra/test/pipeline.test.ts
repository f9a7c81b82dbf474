import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateOpenIDConnectProviderCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import { GetFunctionConcurrencyCommand, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { AssumeRoleWithWebIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AwsAccount, startAccount } from './support/aws-account.ts';
import { ciStackOf, rolesIn } from './support/ci-stack.ts';
import { debugDir } from './support/deployed-function.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { loadCloudFormation, type Server, startBedrockLocal, startMoto } from './support/servers.ts';
import type { Outcome } from './support/tools.ts';

const NAME = 'bedrock-titan-function';

/** The function then refuses the event of the smoke call, as it should: a bad deploy with nothing made up. */
const BAD = 'MAX_PROMPT_CHARS=1';

// `make deploy` asks cargo whether the artifact is still that of the sources, and cargo may be waiting for another cargo.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 120_000 });

/** Each step builds on the one above. */
describe('a pipeline from end to end', () => {
  let machine: Machine;
  let moto: Server;
  let bedrock: Server;
  let account: AwsAccount;
  let url: string;
  let toDeploy: NodeJS.ProcessEnv;
  let toDiff: NodeJS.ProcessEnv;
  beforeAll(async () => {
    machine = newMachine();
    [moto, bedrock] = await Promise.all([startMoto(), startBedrockLocal(join(debugDir, 'bedrock-local'))]);
    await loadCloudFormation(moto);
    account = await startAccount({ moto, bedrock, directory: machine.directory });
    // moto finds the template's bucket by this host name.
    url = account.url.replace('127.0.0.1', 'localhost');
  });
  afterAll(async () => {
    await Promise.all([account?.stop(), moto?.stop(), bedrock?.stop()]);
    machine?.remove();
  });

  const make = (keys: NodeJS.ProcessEnv, ...args: string[]): Promise<Outcome> =>
    machine.make(args, { ...keys, AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_S3: url, SMOKE_PAUSE_SECONDS: '0' });
  const client = () => ({
    region: 'ap-northeast-1',
    endpoint: moto.url,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const template = async (StackName: string): Promise<string> =>
    (await new CloudFormationClient(client()).send(new GetTemplateCommand({ StackName }))).TemplateBody ?? '';
  const variables = async () =>
    (await new LambdaClient(client()).send(new GetFunctionConfigurationCommand({ FunctionName: NAME }))).Environment
      ?.Variables ?? {};

  /** What a job in GitHub has for its token, and the evaluator between it and the account. */
  async function keysOf(RoleArn: string, policyName: string): Promise<NodeJS.ProcessEnv> {
    const { Credentials } = await new STSClient(client()).send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'job', WebIdentityToken: 'unread by moto' }),
    );
    account.restrict(Credentials?.AccessKeyId ?? '', (await documents(RoleArn, policyName)).policy);
    return {
      AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey,
      AWS_SESSION_TOKEN: Credentials?.SessionToken,
    };
  }

  async function documents(roleArn: string, PolicyName: string): Promise<{ trust: unknown; policy: unknown }> {
    const RoleName = roleArn.split('/').at(-1);
    const iam = new IAMClient(client());
    const [{ Role }, { PolicyDocument }] = await Promise.all([
      iam.send(new GetRoleCommand({ RoleName })),
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })),
    ]);
    return { trust: parsed(Role?.AssumeRolePolicyDocument), policy: parsed(PolicyDocument) };
  }

  it('make ci-role makes two roles, and says what to set in GitHub', async () => {
    expect((await make(KEYS, 'bootstrap')).status).toBe(0);
    const { status, stdout, stderr } = await make(KEYS, 'ci-role', 'REPO=octo/repo', 'PULL_REQUESTS=1');
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(
        'letting octo/repo deploy, from its environment production and branch main, stack bedrock-titan-function\n',
      ),
    });
    expect(stderr).toContain('REPO=$(gh api repos/octo/repo ');
    const table =
      /\nin GitHub +name +value\nenvironment +production\nvariable +AWS_REGION +ap-northeast-1\nvariable +AWS_DEPLOY_ROLE_ARN +(arn:\S+DeployRole\S+)\nvariable +AWS_DIFF_ROLE_ARN +(arn:\S+DiffRole\S+)\n$/.exec(
        stdout,
      );
    const [, deployRole = '', diffRole = ''] = table ?? [];
    const reviewed = rolesIn(ciStackOf({ ci: { PULL_REQUESTS: '1' } }));
    expect({
      DeployOneStack: await documents(deployRole, 'DeployOneStack'),
      ReadOneStack: await documents(diffRole, 'ReadOneStack'),
    }).toEqual(reviewed);
    [toDeploy, toDiff] = [await keysOf(deployRole, 'DeployOneStack'), await keysOf(diffRole, 'ReadOneStack')];
  });

  it('make ci-role again keeps the provider that the stack made', async () => {
    // What CloudFormation did, and moto does not.
    await new IAMClient(client()).send(
      new CreateOpenIDConnectProviderCommand({
        Url: 'https://token.actions.githubusercontent.com',
        ClientIDList: ['sts.amazonaws.com'],
        ThumbprintList: [],
      }),
    );
    const { status, stdout, stderr } = await make(KEYS, 'ci-role', 'REPO=octo/repo', 'PULL_REQUESTS=1');
    expect({ status, said: stdout + stderr }).toEqual({
      status: 0,
      said: expect.stringContaining(`${NAME}-ci (no changes)`),
    });
    expect(await template(`${NAME}-ci`)).toContain('AWS::IAM::OIDCProvider');
  });

  it('make ci-role for another function and environment uses the provider that is there, and names the environment', async () => {
    const { status, stdout, stderr } = await make(
      KEYS,
      'ci-role',
      'REPO=octo@1/other@2',
      'FUNCTION_NAME=other',
      'ENVIRONMENT=staging',
    );
    expect(stdout).toMatch(/\nenvironment +staging\nvariable +AWS_DEPLOY_ENVIRONMENT +staging\nvariable +AWS_REGION /);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('it is used as it is, and never removed from here.\n'),
    });
    expect(await template('other-ci')).not.toContain('AWS::IAM::OIDCProvider');
    expect(stderr).not.toContain('gh api');
  });

  it('the role can make a first deploy', async () => {
    const { status, stderr } = await make(toDeploy, 'deploy', BAD);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining(`Deployed ${NAME}.`) });
    expect(await variables()).toMatchObject({ BEDROCK_MAX_PROMPT_CHARS: '1' });
  });

  it('a failed smoke call of a first deploy has nothing to go back to, and says so', async () => {
    const before = await template(NAME);
    const { status, stderr } = await make(toDeploy, 'smoke', 'ROLLBACK=1');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /\nThe smoke call failed: 400 InvalidRequest: .+\nThere is no previous version of bedrock-titan-function: this deploy was its first\. It stays as it is; make destroy removes it\.\n/,
    );
    expect(await template(NAME)).toBe(before);
  });

  it('a good deploy passes its smoke call, whose answer is not printed', async () => {
    expect((await make(toDeploy, 'deploy')).status).toBe(0);
    const { status, stdout, stderr } = await make(toDeploy, 'smoke', 'ROLLBACK=1');
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: '',
      stderr: expect.stringContaining(`The smoke call passed: ${NAME} in ap-northeast-1 answered with 200.\n`),
    });
    expect(stderr).not.toContain('bedrock-local');
  });

  it('a bad deploy fails its smoke call, and the version before it is back', async () => {
    const good = await template(NAME);
    expect((await make(toDeploy, 'deploy', BAD)).status).toBe(0);
    expect(await template(NAME)).not.toBe(good);
    const { status, stderr } = await make(toDeploy, 'smoke', 'ROLLBACK=1');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /\nThe smoke call failed: 400 InvalidRequest: (.|\n)+\nRolled back: bedrock-titan-function is again what it was before the last deploy\.\n/,
    );
    expect(await template(NAME)).toBe(good);
    expect(await variables()).not.toHaveProperty('BEDROCK_MAX_PROMPT_CHARS');
    expect((await make(toDeploy, 'smoke')).status).toBe(0);
  });

  it('without ROLLBACK a failed smoke call changes nothing, and make rollback does it by hand, once', async () => {
    const good = await template(NAME);
    expect((await make(toDeploy, 'deploy', BAD)).status).toBe(0);
    expect((await make(toDeploy, 'smoke')).stderr).toContain(
      '\nThe stack stays as it is; make rollback puts back what was deployed before.\n',
    );
    expect(await template(NAME)).not.toBe(good);
    const first = await make(toDeploy, 'rollback');
    expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining('\nRolled back: ') });
    expect(await template(NAME)).toBe(good);
    const second = await make(toDeploy, 'rollback');
    expect(second).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`\nNothing is remembered of ${NAME} from before the last deploy`),
    });
  });

  it('a deploy that changed nothing is not rolled back', async () => {
    expect((await make(toDeploy, 'deploy')).status).toBe(0);
    expect(await make(toDeploy, 'rollback')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`\nThe last deploy of ${NAME} changed nothing`),
    });
  });

  it('did all that with what the role is allowed', () => {
    expect(new Set(account.decisions.filter((one) => one.startsWith('allowed')))).toEqual(
      new Set([
        'allowed sts:GetCallerIdentity',
        'allowed sts:AssumeRole',
        'allowed cloudformation:DescribeStacks',
        'allowed cloudformation:GetTemplate',
        'allowed iam:GetPolicy',
        'allowed lambda:InvokeFunction',
        'allowed lambda:GetFunctionConcurrency',
      ]),
    );
    // Asked for the sake of an early word, and not missed.
    expect(new Set(account.decisions.filter((one) => one.startsWith('denied')))).toEqual(
      new Set(['denied ssm:GetParameter', 'denied lambda:GetFunctionConfiguration', 'denied logs:DescribeLogGroups']),
    );
  });

  it("a pull request's role can show the difference, in plain text, and nothing else", async () => {
    const before = account.decisions.length;
    const { status, stdout, stderr } = await make({ ...toDiff, NO_COLOR: '', FORCE_COLOR: '1' }, 'diff', 'MEMORY=256');
    expect({ status, stderr, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/MemorySize\n.*128\n.*256\n/),
    });
    expect(stdout).not.toContain('\u001b');
    expect(stdout).not.toContain('123456789012:role');
    expect(new Set(account.decisions.slice(before).filter((one) => one.startsWith('allowed')))).toEqual(
      new Set([
        'allowed sts:GetCallerIdentity',
        'allowed cloudformation:DescribeStacks',
        'allowed cloudformation:GetTemplate',
        'allowed iam:GetPolicy',
      ]),
    );
    expect((await make(toDiff, 'deploy', 'MEMORY=256')).status).toBe(2);
    expect(await variables()).not.toHaveProperty('BEDROCK_MAX_PROMPT_CHARS');
  });

  it('a deploy that AWS refused leaves what there is to go back to', async () => {
    const good = await template(NAME);
    expect((await make(toDeploy, 'deploy', BAD)).status).toBe(0);
    expect((await make(toDiff, 'deploy')).status).toBe(2);
    expect(await make(toDeploy, 'rollback')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('\nRolled back: '),
    });
    expect(await template(NAME)).toBe(good);
  });

  it('a function that was stopped is stopped after a deploy and a rollback, whatever their templates reserve', async () => {
    const reserved = async () =>
      (await new LambdaClient(client()).send(new GetFunctionConcurrencyCommand({ FunctionName: NAME })))
        .ReservedConcurrentExecutions;
    const stays = `\n${NAME} was stopped before, and is stopped: make resume lets calls in again.\n`;
    expect((await make(toDeploy, 'deploy', 'MAX_CONCURRENCY=4')).status).toBe(0);
    expect(await reserved()).toBe(4);
    expect((await make(KEYS, 'stop')).status).toBe(0);
    expect(await make(toDeploy, 'deploy', 'MAX_CONCURRENCY=5')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(stays),
    });
    expect(await reserved()).toBe(0);
    expect(await make(toDeploy, 'rollback')).toMatchObject({ status: 0, stderr: expect.stringContaining(stays) });
    expect(await reserved()).toBe(0);
    expect((await make(KEYS, 'resume')).stderr).toContain('takes calls, 4 at once at most.\n');
    expect(await reserved()).toBe(4);
  });

  it('the role of the nightly make verify makes and removes its own stack, and cannot touch another', async () => {
    const { status, stdout, stderr } = await make(KEYS, 'ci-role', 'REPO=octo/repo', 'MODELS=1', 'VERIFY=1');
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('make bootstrap FUNCTION_NAME=') });
    expect(stdout).toMatch(/\nvariable +AWS_MODELS_ROLE_ARN +arn:\S+ModelsRole/);
    const [, role = ''] = /\nvariable +AWS_VERIFY_ROLE_ARN +(arn:\S+VerifyRole\S+)\n/.exec(stdout) ?? [];
    const [command = ''] = /make bootstrap FUNCTION_NAME=\S+-verify-ci01/.exec(stderr) ?? [];
    expect((await make(KEYS, ...command.split(' ').slice(1))).status).toBe(0);
    const toVerify = await keysOf(role, 'VerifyOnOneStack');
    const own = `FUNCTION_NAME=${NAME}-verify-ci01`;
    const deployed = await make(toVerify, 'deploy', own);
    expect(deployed).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/could not be used to assume '\S+-deploy-role-\S+', but are for the right account/),
    });
    expect((await make(toVerify, 'smoke', own)).status).toBe(0);
    const others = await template(NAME);
    expect((await make(toVerify, 'deploy', 'MEMORY=512')).status).toBe(2);
    expect((await make(toVerify, 'destroy')).status).toBe(2);
    expect(await template(NAME)).toBe(others);
    expect((await make(toVerify, 'destroy', own)).status).toBe(0);
    await expect(template(`${NAME}-verify-ci01`)).rejects.toThrow('does not exist');
  });

  it('make ci-role-destroy does not lock out another role', async () => {
    const { status, stderr } = await make(KEYS, 'ci-role-destroy');
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /\nThis stack made the account's provider for token\.actions\.githubusercontent\.com, and other-ci-DeployRole\S+ cannot be assumed without it: remove the other role first\. Nothing was removed\.\n/,
    );
  });

  it('make ci-role-destroy leaves no role, and the function where it is', async () => {
    expect(await make(KEYS, 'ci-role-destroy', 'FUNCTION_NAME=other')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("GitHub's OIDC provider stays: it was there before.\n"),
    });
    expect(await make(KEYS, 'ci-role-destroy')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("GitHub's OIDC provider went with it.\n"),
    });
    const { Roles } = await new IAMClient(client()).send(new ListRolesCommand({}));
    expect(Roles?.filter(({ RoleName }) => RoleName?.includes('-ci-'))).toEqual([]);
    expect(
      (await new CloudFormationClient(client()).send(new DescribeStacksCommand({}))).Stacks?.map(
        ({ StackName }) => StackName,
      ).toSorted(),
    ).toEqual(['CDKToolkit', NAME, `${NAME}-bootstrap`, `${NAME}-verify-ci01-bootstrap`]);
    expect(await make(KEYS, 'ci-role-destroy')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`There is no stack ${NAME}-ci in that account and region`),
    });
  });

  it('make destroy forgets what there was to go back to', async () => {
    expect((await make(KEYS, 'destroy')).status).toBe(0);
    expect(existsSync(join(machine.directory, 'previous'))).toBe(false);
  });
});

/** moto gives a policy back as Python prints it; CloudFormation would have written it as it stands. */
function parsed(document: string | undefined): unknown {
  const plain = decodeURIComponent(document ?? '').replaceAll("'", '"');
  return JSON.parse(plain);
}
