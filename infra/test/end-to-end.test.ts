import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import {
  type FunctionConfiguration,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { bootstrapFile, infraDir, workspaceDir } from '../lib/paths.ts';
import { startControlPlane } from './support/bedrock-control-plane.ts';
import { debugDir, hasSha256, runAsLambda, unpacked, uploadedCode } from './support/deployed-function.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { policyDocument, policyOf } from './support/policy.ts';
import { loadCloudFormation, type Server, startBedrockLocal, startMoto } from './support/servers.ts';
import { ACCOUNT, stackOf, table } from './support/stack.ts';
import { outcomeOf, tool } from './support/tools.ts';

const NAME = 'bedrock-titan-function';
const SETTINGS = ['MAX_TOKENS=500', 'DAILY_LIMIT_USD=5'];
const script = (name: string): string => join(infraDir, 'test/support', name);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

// `make deploy` asks cargo whether the artifact is still that of the sources, and cargo may be waiting for another cargo.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** Each step builds on the one above. */
describe('a deploy from end to end', () => {
  let machine: Machine;
  let moto: Server;
  beforeAll(async () => {
    machine = newMachine();
    moto = await startMoto();
    await loadCloudFormation(moto);
  });
  afterAll(async () => {
    await moto?.stop();
    machine?.remove();
  });

  const make = (...args: string[]) =>
    machine.make(args, { ...KEYS, AWS_ENDPOINT_URL: moto.url, AWS_ENDPOINT_URL_S3: moto.url });
  const client = () => ({
    region: 'ap-northeast-1',
    endpoint: moto.url,
    forcePathStyle: true,
    credentials: { accessKeyId: KEYS.AWS_ACCESS_KEY_ID, secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY },
  });
  const deployed = (): Promise<FunctionConfiguration> =>
    new LambdaClient(client()).send(new GetFunctionConfigurationCommand({ FunctionName: NAME }));
  const recordFile = () => join(machine.directory, 'deployment.json');

  it('make bootstrap sets the CDK up', async () => {
    const { status, stderr } = await make('bootstrap');
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('Next: make deploy') });
  });

  it('make deploy deploys, says where, and records it', async () => {
    const { status, stderr } = await make('deploy', ...SETTINGS);
    expect(stderr).toMatch(
      new RegExp(
        `^Account ${ACCOUNT}, region ap-northeast-1: deploying stack ${NAME} \\(with DAILY_LIMIT_USD=5, MAX_TOKENS=500\\)\n`,
      ),
    );
    expect(stderr).toContain('Next: make invoke');
    expect(status).toBe(0);
    expect(JSON.parse(readFileSync(recordFile(), 'utf8'))).toEqual({
      functionName: NAME,
      region: 'ap-northeast-1',
      account: ACCOUNT,
      stackName: NAME,
    });
  });

  it('the function is there as the settings say', async () => {
    expect(await deployed()).toMatchObject({
      Runtime: 'provided.al2023',
      Architectures: ['x86_64'],
      MemorySize: 128,
      Timeout: 60,
      Handler: 'bootstrap',
    });
  });

  it('its role has the reviewed policy and no other', async () => {
    const iam = new IAMClient(client());
    const RoleName = (await deployed()).Role?.split('/').at(-1);
    const { AttachedPolicies } = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
    expect(AttachedPolicies).toEqual([]);
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    expect(Role?.PermissionsBoundary?.PermissionsBoundaryArn).toBe(
      `arn:aws:iam::${ACCOUNT}:policy/${NAME}-ap-northeast-1-boundary`,
    );
    const { PolicyDocument } = await iam.send(
      new GetRolePolicyCommand({ RoleName, PolicyName: 'CallModelsAndWriteLog' }),
    );
    // moto gives the document back as Python prints it.
    const document: unknown = JSON.parse(decodeURIComponent(PolicyDocument ?? '').replaceAll("'", '"'));
    expect(policyDocument.parse(document)).toEqual(policyOf(stackOf()));
  });

  it('make deploy again deploys nothing, and says so in Japanese where the locale is', async () => {
    const before = await deployed();
    const { status, stdout, stderr } = await make('deploy', ...SETTINGS, 'DOCTOR_LANG=ja');
    expect(status).toBe(0);
    expect(stderr).toContain(`${NAME} をデプロイしました。次は make invoke `);
    expect(stdout + stderr).toContain(`${NAME} (no changes)`);
    expect(await deployed()).toMatchObject({ LastModified: before.LastModified, CodeSha256: before.CodeSha256 });
  });

  it('make diff then shows no difference', async () => {
    const { status, stdout, stderr } = await make('diff', ...SETTINGS);
    expect({ status, said: stdout + stderr }).toMatchObject({
      status: 0,
      said: expect.stringContaining('There were no differences'),
    });
  });

  it('make outputs prints what was made, as JSON', async () => {
    const { status, stdout } = await make('outputs');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      stackName: NAME,
      resources: expect.arrayContaining([{ type: 'AWS::Lambda::Function', id: NAME }]),
    });
  });

  it('make doctor finds this build there, and nothing in the way', async () => {
    const bedrock = await startControlPlane(table.models);
    const environment = { ...KEYS, AWS_ENDPOINT_URL: moto.url, AWS_ENDPOINT_URL_BEDROCK: bedrock.url };
    const { status, stdout } = await machine.command('doctor/doctor', environment);
    await bedrock.stop();
    expect(stdout).toContain('✓ The deployed function runs this build\n');
    expect({ status, failures: stdout.split('\n').filter((line) => line.startsWith('✗')) }).toEqual({
      status: 0,
      failures: [],
    });
  });

  it('make doctor tells when the code was changed by hand', async () => {
    const code = (ZipFile: Uint8Array) =>
      new LambdaClient(client()).send(new UpdateFunctionCodeCommand({ FunctionName: NAME, ZipFile }));
    const { zip } = await uploadedCode(client(), NAME);
    await code(Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64'));
    const { stdout } = await machine.command('doctor/doctor', { ...KEYS, AWS_ENDPOINT_URL: moto.url });
    await code(zip);
    expect(stdout).toContain("! The deployed function's code was changed outside of the stack\n");
  });

  it('the brake is there, and would stop this function', async () => {
    const sfn = new SFNClient(client());
    const stateMachineArn = `arn:aws:states:ap-northeast-1:${ACCOUNT}:stateMachine:${NAME}-brake`;
    const { definition } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    expect(JSON.parse(definition ?? '')).toMatchObject({
      States: {
        Stop: {
          Resource: 'arn:aws:states:::aws-sdk:lambda:putFunctionConcurrency',
          Parameters: { FunctionName: NAME, ReservedConcurrentExecutions: 0 },
        },
      },
    });
  });

  it('the deployed code is the artifact, and answers in the deployed environment', async () => {
    const bootstrap = await fetchCode(machine.directory, client(), (await deployed()).CodeSha256);
    expect(sha256(readFileSync(bootstrap))).toBe(sha256(readFileSync(bootstrapFile)));

    const bedrock = await startBedrockLocal(join(debugDir, 'bedrock-local'));
    try {
      const { status, stdout, stderr } = await runAsLambda(
        bootstrap,
        await deployed(),
        bedrock.url,
        join(workspaceDir, 'events/bedrock-test-001.json'),
      );
      expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.any(String) });
      const reply = z.object({ statusCode: z.literal(200), body: z.string() }).parse(JSON.parse(stdout));
      expect(JSON.parse(reply.body)).toEqual({ text: expect.stringMatching(/./) });
    } finally {
      await bedrock.stop();
    }
  });

  it('a deploy that gives a setting no more says what it takes back', async () => {
    // It ends where it would compile: moto cannot update a stack with a brake.
    const { stderr } = await machine.make(['deploy'], {
      ...KEYS,
      AWS_ENDPOINT_URL: moto.url,
      RUSTFLAGS: '--no-such-flag',
    });
    expect(stderr).toContain(
      '\n! DAILY_LIMIT_USD is not given: this deploy takes the brake off. To keep it, type DAILY_LIMIT_USD again, or write it to infra/settings.json.\n',
    );
    expect(stderr).toContain('no-such-flag');
  });

  it('make destroy, of a model that has ended too, leaves nothing of the stack and says what else stays', async () => {
    const { status, stderr } = await make('destroy', 'MODEL=amazon.titan-text-express-v1');
    expect(stderr).toContain('Of the stack nothing is left.\n');
    expect(stderr).toContain('CDKToolkit');
    expect(status).toBe(0);
    expect((await new LambdaClient(client()).send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    expect((await new CloudWatchLogsClient(client()).send(new DescribeLogGroupsCommand({}))).logGroups).toEqual([]);
    const { Roles } = await new IAMClient(client()).send(new ListRolesCommand({}));
    expect(Roles?.filter((role) => !role.RoleName?.startsWith('cdk-hnb659fds-'))).toEqual([]);
    expect(existsSync(recordFile())).toBe(false);
  });
});

/** Fetches the deployed zip from the bucket that the deployed template names, and unpacks it. Returns the path of `bootstrap`. */
async function fetchCode(
  directory: string,
  options: Parameters<typeof uploadedCode>[0],
  codeSha256: string | undefined,
): Promise<string> {
  const { zip } = await uploadedCode(options, NAME);
  expect(hasSha256(zip, codeSha256)).toBe(true);
  return unpacked(directory, zip);
}

describe('the artifact', () => {
  it('is for x86_64 and asks for no glibc above that of Amazon Linux 2023', async () => {
    const { stdout } = await outcomeOf(tool('python'), [script('elf.py'), bootstrapFile]);
    const { machine, needed } = z
      .object({ machine: z.string(), needed: z.array(z.string()).min(1) })
      .parse(JSON.parse(stdout));
    const minors = needed.flatMap((version) => /^GLIBC_2\.(\d+)/.exec(version)?.[1] ?? []).map(Number);
    expect(machine).toBe('EM_X86_64');
    expect(Math.max(...minors)).toBeLessThanOrEqual(34);
  });

  it('names no path of the machine that built it', () => {
    const content = readFileSync(bootstrapFile).toString('latin1');
    expect([process.env.HOME ?? '/home', workspaceDir].filter((path) => content.includes(path))).toEqual([]);
  });
});
