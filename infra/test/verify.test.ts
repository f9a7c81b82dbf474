import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { PRICES } from '../lib/models/estimate.ts';
import { clientOf } from './support/account.ts';
import { errorOf, NOT_GRANTED } from './support/bedrock-control-plane.ts';
import { debugDir } from './support/deployed-function.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { startWithResultWriter } from './support/result-writer.ts';
import {
  answerOf,
  type Answer,
  type Asked,
  type Server,
  startBedrockLocal,
  startFront,
  startMinistack,
} from './support/servers.ts';
import { table } from './support/stack.ts';

// `make deploy` asks cargo whether the artifact is still that of the sources, and cargo may be waiting for another cargo.
vi.setConfig({ testTimeout: 1_200_000, hookTimeout: 300_000 });

const NAME = /bedrock-titan-function-verify-[0-9a-f]{4}/;
const TAG = 'BedrockOnLambdaVerify';

/** What Bedrock was asked for: of each request its body's length and the most that it lets the model put out. */
const bedrockCalls: { chars: number; maxTokens: number }[] = [];
const request = z.object({ inferenceConfig: z.object({ maxTokens: z.number() }) });

/** Ends the wait of those who asked for a long answer: a function that waits longer would write its log after the removal. */
let release: () => void = () => undefined;
const released = new Promise<void>((resolve) => {
  release = resolve;
});

/** Answers the long one only once a batch is ended, and denies the models that the role has not, as Bedrock does. */
async function bedrockFront({ path, body }: Asked): Promise<Answer | undefined> {
  if (!/\/converse(-stream)?$/.test(path)) return undefined;
  const { inferenceConfig } = request.parse(JSON.parse(body.toString()));
  bedrockCalls.push({ chars: body.length, maxTokens: inferenceConfig.maxTokens });
  if (!decodeURIComponent(path).includes(table.default)) return errorOf(NOT_GRANTED);
  if (path.endsWith('/converse') && body.includes('three thousand words')) await released;
  return undefined;
}

/** ministack, with an address that can be reached in place of its Function URL, and stacks as old as is said. */
let created: string | undefined;
let onDeploy: (() => void) | undefined;
let isClaimedBefore = false;
let invocations = 0;

async function awsFront(asked: Asked, behind: Server, own: () => string): Promise<Answer | undefined> {
  if (/\/(response-streaming-)?invocations$/.test(asked.path)) invocations += 1;
  if (asked.operation === 'ExecuteChangeSet') onDeploy?.();
  // Another run is faster by that much.
  if (isClaimedBefore && asked.operation === 'CreateChangeSet') await answerOf(behind, asked);
  if (asked.operation.endsWith('.StopExecution')) release();
  if (asked.operation !== 'DescribeStacks') return undefined;
  const answer = await answerOf(behind, asked);
  const urls = answer.body.replace(/https:\/\/(\w+)\.lambda-url\.[\w.-]+\/?/g, `${own()}/_aws/lambda-url/$1/`);
  const aged = created ? urls.replace(/<CreationTime>.*?</g, `<CreationTime>${created}<`) : urls;
  return { ...answer, body: aged };
}

describe('make verify', () => {
  let machine: Machine;
  let reports = '';
  const servers: Server[] = [];
  let environment: NodeJS.ProcessEnv = {};
  let account: Server;
  const make = (...args: string[]) => machine.make(args, environment);

  beforeAll(async () => {
    machine = newMachine();
    reports = mkdtempSync(join(tmpdir(), 'bedrock-verified-'));
    // So slow that a streamed answer takes more than the three seconds of the short time-out.
    const options = ['--no-verify-signatures', '--tokens-per-second', '8'];
    const bedrock = await startBedrockLocal(join(debugDir, 'bedrock-local'), options);
    const asked = await startFront(bedrock, bedrockFront);
    const AWS_ENDPOINT_URL_BEDROCK_RUNTIME = asked.url;
    const ministack = await startMinistack({ AWS_ENDPOINT_URL_BEDROCK_RUNTIME });
    const writer = await startWithResultWriter(ministack);
    account = await startFront(writer, (one) => awsFront(one, writer, () => account.url));
    servers.push(account, writer, ministack, asked, bedrock);
    environment = {
      ...KEYS,
      AWS_ENDPOINT_URL: account.url,
      AWS_ENDPOINT_URL_S3: account.url,
      AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
      BEDROCK_INFRA_VERIFIED_DIR: reports,
    };
    expect(await make('bootstrap', 'ADMINISTRATOR=1')).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    machine?.remove();
    rmSync(reports, { recursive: true, force: true });
  });

  /** What is in the account under a throwaway's name. */
  async function throwaways(): Promise<string[]> {
    const { Stacks = [] } = await new CloudFormationClient(clientOf(account)).send(new DescribeStacksCommand());
    const { Functions = [] } = await new LambdaClient(clientOf(account)).send(new ListFunctionsCommand());
    const { logGroups = [] } = await new CloudWatchLogsClient(clientOf(account)).send(new DescribeLogGroupsCommand());
    const { MetricAlarms = [] } = await new CloudWatchClient(clientOf(account)).send(new DescribeAlarmsCommand());
    const names = [
      ...Stacks.map(({ StackName }) => StackName),
      ...Functions.map(({ FunctionName }) => FunctionName),
      ...logGroups.map(({ logGroupName }) => logGroupName),
      ...MetricAlarms.map(({ AlarmName }) => AlarmName),
    ];
    return names.flatMap((name) => (name && NAME.test(name) ? [name] : []));
  }

  it('says what it makes and the most that it costs, and makes nothing where nobody says yes', async () => {
    const { status, stdout, stderr } = await make('verify');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Account 000000000000, region ap-northeast-1: /);
    expect(stderr).toMatch(new RegExp(`makes the stack ${NAME.source} .* At most \\$0\\.\\d\\d, `));
    expect(stderr).toContain('\nNothing was made. Type YES=1 after make verify');
    expect(await throwaways()).toEqual([]);
  });

  it('leaves a stack alone that is there already, whatever tag it has, and makes nothing', async () => {
    const StackName = 'bedrock-titan-function-verify-ffff';
    const cloudformation = new CloudFormationClient(clientOf(account));
    const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
    await cloudformation.send(
      new CreateStackCommand({ StackName, TemplateBody, Tags: [{ Key: TAG, Value: StackName }] }),
    );
    const { status, stdout, stderr } = await make('verify', 'YES=1', 'SUFFIX=ffff');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`\nThe stack ${StackName} is there already. Choose another SUFFIX, or `);
    expect(await throwaways()).toEqual([StackName]);
    await cloudformation.send(new DeleteStackCommand({ StackName }));
  });

  it('leaves a stack alone that another run begins to make at the same time', async () => {
    const StackName = 'bedrock-titan-function-verify-eeee';
    isClaimedBefore = true;
    const { status, stdout, stderr } = await make('verify', 'YES=1', 'SUFFIX=eeee');
    isClaimedBefore = false;
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`\nThe stack ${StackName} is there already. Choose another SUFFIX, or `);
    expect(await throwaways()).toEqual([StackName]);
    await new CloudFormationClient(clientOf(account)).send(new DeleteStackCommand({ StackName }));
  });

  it('shows every step that an emulator can show, and removes all that it made', async () => {
    const { status, stdout, stderr } = await make('verify', 'YES=1');
    const lines = stdout.trimEnd().split('\n');
    expect({ status, failed: lines.filter((line) => line.startsWith('✗')), stderr }).toMatchObject({
      status: 0,
      failed: [],
    });
    const skipped = lines.filter((line) => line.startsWith('–'));
    expect(skipped.length).toBeGreaterThan(0);
    for (const line of skipped) expect(line).toMatch(/ {2}(an emulator cannot show it: \S|it is not turned on: )/);
    for (const passed of [
      'make deploy',
      'an answer that takes too long',
      'the signed Function URL',
      'a real denial',
      'a stream through the Function URL',
      'a stream that takes too long',
      'make batch',
      'make batch-stop',
      'make destroy',
    ])
      expect(
        lines.filter((line) => line.startsWith(`✓ ${passed}  `)),
        passed,
      ).toHaveLength(1);
    expect(await throwaways()).toEqual([]);
    const most = Number(/At most \$([\d.]+)/.exec(stderr)?.[1]);
    const [row] = table.models.filter(({ id }) => id === table.default);
    const price = row?.pricePerMillionTokens ?? { input: Number.NaN, output: Number.NaN };
    const tokensUsd = bedrockCalls.map((one) => (one.chars * price.input + one.maxTokens * price.output) / 1e6);
    const lambdaUsd = invocations * (PRICES.lambdaRequest + 60 * 0.125 * PRICES.lambdaGbSecond);
    expect(bedrockCalls.length).toBeGreaterThan(10);
    expect(tokensUsd.reduce((sum, usd) => sum + usd, lambdaUsd)).toBeLessThanOrEqual(most);
    expect(most).toBeLessThan(0.2);
  });

  it('writes down no account number, ARN or prompt, and of an emulator nothing beside the docs', () => {
    expect(readdirSync(reports)).toEqual([]);
    const directory = join(machine.directory, 'verify/reports');
    const [file = ''] = readdirSync(directory);
    expect(file).toMatch(/^ap-northeast-1-\d{4}-\d\d-\d\d\.json$/);
    const text = readFileSync(join(directory, file), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ isEmulated: true, models: [table.default], commit: expect.any(String) });
    for (const secret of [/\d{12}/, /arn:/, /marker/, /Say yes/, /AKIA/]) expect(text).not.toMatch(secret);
  });

  it('removes what it made when it is interrupted in the middle of a deploy', async () => {
    const child = spawn('make', ['--silent', 'verify', 'YES=1'], {
      cwd: join(import.meta.dirname, '../..'),
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...machine.environment, ...environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // As a terminal does at Ctrl-C: to make and to all that it started.
    onDeploy = () => child.pid && process.kill(-child.pid, 'SIGINT');
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    await once(child, 'close');
    onDeploy = undefined;
    expect(child.exitCode ?? child.signalCode).not.toBe(0);
    expect(stdout).toMatch(/^– the walkthrough's event +interrupted$/m);
    expect(stdout).toMatch(/^✓ make destroy {2}/m);
    expect(await throwaways()).toEqual([]);
  });

  it('clean removes a throwaway that is older than an hour, and no stack without both the name and the tag', async () => {
    const variables = { BEDROCK_MODEL_IDS: table.default };
    const TemplateBody = (FunctionName: string) =>
      JSON.stringify({
        Resources: {
          Function: {
            Type: 'AWS::Lambda::Function',
            Properties: {
              FunctionName,
              Role: 'arn:aws:iam::000000000000:role/any',
              Runtime: 'provided.al2023',
              Handler: 'bootstrap',
              Code: { ZipFile: 'x' },
              Environment: { Variables: variables },
            },
          },
        },
      });
    const stack = (StackName: string, Value?: string) =>
      new CloudFormationClient(clientOf(account)).send(
        new CreateStackCommand({
          StackName,
          TemplateBody: TemplateBody(StackName),
          ...(Value !== undefined && { Tags: [{ Key: TAG, Value }] }),
        }),
      );
    await stack('bedrock-titan-function-verify-00aa', 'bedrock-titan-function-verify-00aa');
    await stack('bedrock-titan-function-verify-00bb');
    await stack('bedrock-titan-function-verify-00cc', 'another');
    await stack('bedrock-titan-function', 'bedrock-titan-function');
    const none = 'There is no throwaway stack older than an hour.\n';
    expect(await make('verify-clean', 'SUFFIX=zz99')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(none),
    });
    const young = await make('verify-clean');
    expect(young.stderr).toMatch(
      /bedrock-titan-function-verify-00aa is younger than an hour: it stays. To remove it: make destroy FUNCTION_NAME=bedrock-titan-function-verify-00aa REGION=ap-northeast-1\n/,
    );
    created = new Date(Date.now() - 3_700_000).toISOString();
    const { status, stdout, stderr } = await make('verify-clean');
    created = undefined;
    expect({ status, stdout, stderr }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\S+-00aa: nothing left of 1 resources\n$/),
    });
    expect((await throwaways()).filter((name) => name.startsWith('bedrock')).toSorted()).toEqual([
      'bedrock-titan-function-verify-00bb',
      'bedrock-titan-function-verify-00bb',
      'bedrock-titan-function-verify-00cc',
      'bedrock-titan-function-verify-00cc',
    ]);
  });
});
