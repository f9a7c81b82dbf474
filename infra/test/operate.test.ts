import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, GetFunctionConcurrencyCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { keepingStop } from '../commands/shared/function-state.ts';
import { infraDir } from '../lib/paths.ts';
import { table } from './support/stack.ts';
import { accountSettings, clientOf, deploy, limitOf5, reserve } from './support/account.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { type Answer, answerOf, type Asked, type Server, startFront, startMoto } from './support/servers.ts';

const NAME = 'bedrock-titan-function';
const MODEL = table.default;

let machine: Machine;
let moto: Server;
let front: Server;
beforeAll(async () => {
  machine = newMachine();
  moto = await startMoto();
  front = await startFront(moto, accountSettings(10));
  await deploy(moto, NAME, 'x');
});
afterAll(async () => {
  await Promise.all([front.stop(), moto.stop()]);
  machine.remove();
});

const signedIn = (environment: NodeJS.ProcessEnv = {}) => ({ ...KEYS, AWS_ENDPOINT_URL: front.url, ...environment });
const make = (args: readonly string[], environment?: NodeJS.ProcessEnv) => machine.make(args, signedIn(environment));
const reserved = async (FunctionName = NAME) =>
  (await new LambdaClient(clientOf(moto)).send(new GetFunctionConcurrencyCommand({ FunctionName })))
    .ReservedConcurrentExecutions;

/** As somebody makes one by hand, and as the walkthrough does. */
async function functionAlone(FunctionName: string): Promise<void> {
  const { Role } = await new IAMClient(clientOf(moto)).send(
    new CreateRoleCommand({ RoleName: FunctionName, AssumeRolePolicyDocument: '{}' }),
  );
  const code = { Runtime: 'provided.al2023', Handler: 'bootstrap', Code: { ZipFile: EMPTY_ZIP } } as const;
  await new LambdaClient(clientOf(moto)).send(new CreateFunctionCommand({ FunctionName, Role: Role?.Arn, ...code }));
}

const EMPTY_ZIP = Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64');

describe('make stop, status and resume', () => {
  it('stop refuses every call, and says how to undo that', async () => {
    const { status, stderr } = await make(['stop']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('Next: make resume lets calls in again; a deploy does not.\n'),
    });
    expect(await reserved()).toBe(0);
  });

  it('status says that it was done by hand', async () => {
    const { status, stdout } = await make(['status']);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout:
        'Stopped: every call is refused (reserved concurrency 0). The brake did not do it: it was done by hand (make stop, or the console). make resume lets calls in again.\nNo brake: DAILY_LIMIT_USD was not set at the last deploy.\n',
    });
  });

  it('resume takes the reservation away', async () => {
    const { status, stderr } = await make(['resume']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/\nResumed: bedrock-titan-function takes calls\.\n$/),
    });
    expect(await reserved()).toBeUndefined();
  });

  it('resume of a function that runs takes nothing from it', async () => {
    await reserve(moto, NAME, 7);
    const { status, stderr } = await make(['resume']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringMatching(/\nbedrock-titan-function is not stopped: nothing was changed\.\n$/),
    });
    expect(await reserved()).toBe(7);
  });

  it('status tells how many calls run at once', async () => {
    const { stdout } = await make(['status']);
    expect(stdout).toMatch(/^Running: calls are taken, 7 at once at most \(reserved concurrency\)\.\n/);
    expect(JSON.parse((await make(['status', 'JSON=1'])).stdout)).toMatchObject({ stopped: false, maxConcurrency: 7 });
  });

  it('resume puts back the concurrency that stood before the stop, from whatever clone', async () => {
    const { stderr } = await make(['stop']);
    expect(stderr).toContain('\nA reserved concurrency of 7 was set by hand: make resume puts it back.\n');
    expect(await reserved()).toBe(0);
    // A second stop finds it stopped, which is nothing to put back.
    await make(['stop']);
    const elsewhere = newMachine();
    onTestFinished(elsewhere.remove);
    const resumed = await elsewhere.make(['resume'], signedIn());
    expect(resumed).toMatchObject({ status: 0, stderr: expect.stringContaining(' takes calls, 7 at once at most.\n') });
    expect(await reserved()).toBe(7);
    await reserve(moto, NAME, undefined);
    await make(['stop']);
    await make(['resume']);
    expect(await reserved(), 'what the stop before the last found').toBeUndefined();
  });

  it("resume puts the deployment's MAX_CONCURRENCY back, whoever stopped the function", async () => {
    const name = 'bounded';
    await deploy(moto, name, 'x', undefined, { settings: { MAX_CONCURRENCY: '5' } });
    await reserve(moto, name, 0);
    const { stderr } = await make(['resume', `FUNCTION_NAME=${name}`]);
    expect(stderr).toContain('\nResumed: bounded takes calls, 5 at once at most.\n');
    expect(await reserved(name)).toBe(5);
    const { stderr: stopped } = await make(['stop', `FUNCTION_NAME=${name}`]);
    expect(stopped).not.toContain('by hand: make resume');
  });

  it('resume leaves it stopped, and says so, where the account has no room for that any more', async () => {
    const full = await startFront(moto, ({ method, path }) =>
      method === 'PUT' && path.endsWith('/concurrency')
        ? { status: 400, body: '{}', headers: { 'x-amzn-errortype': 'InvalidParameterValueException' } }
        : undefined,
    );
    onTestFinished(full.stop);
    const outcome = await make(['resume', 'FUNCTION_NAME=bounded'], { AWS_ENDPOINT_URL: full.url });
    expect(outcome).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('\nThe account has no 5 concurrent executions left to reserve for bounded. '),
    });
    expect(await reserved('bounded')).toBe(0);
  });

  it.each([
    ['with no stack', functionAlone],
    ['of another stack', (name: string) => deploy(moto, name, 'x', undefined, { variables: { TABLE: 'orders' } })],
  ])('stop and resume leave a function alone that is not ours: %s', async (_, making) => {
    const name = `f${randomUUID()}`;
    await making(name);
    await reserve(moto, name, 3);
    const refusal = {
      status: 2,
      stderr: expect.stringContaining(
        `\nThe function ${name} in ap-northeast-1 was not made by this project's stack. Check REGION, FUNCTION_NAME and AWS_PROFILE. Nothing was changed.\n`,
      ),
    };
    expect(await make(['stop', `FUNCTION_NAME=${name}`])).toMatchObject(refusal);
    expect(await reserved(name)).toBe(3);
    await reserve(moto, name, 0);
    expect(await make(['resume', `FUNCTION_NAME=${name}`])).toMatchObject(refusal);
    expect(await reserved(name)).toBe(0);
  });

  it('a deploy leaves a function stopped that was stopped, and no other, whatever it sets', async () => {
    for (const [name, value] of Object.entries(signedIn())) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    const target = { account: '123456789012', region: 'ap-northeast-1', stackName: 'bounded' };
    await reserve(moto, 'bounded', 0);
    await keepingStop(target, () => reserve(moto, 'bounded', 5));
    expect(await reserved('bounded')).toBe(0);
    const failing = async () => {
      await reserve(moto, 'bounded', 5);
      throw new Error('rolled back');
    };
    await expect(keepingStop(target, failing)).rejects.toThrow('rolled back');
    expect(await reserved('bounded')).toBe(0);
    await reserve(moto, 'bounded', 4);
    await keepingStop(target, () => reserve(moto, 'bounded', 5));
    expect(await reserved('bounded')).toBe(5);
  });

  it.each(['stop', 'resume', 'status'])('%s of a function that is not there says so', async (command) => {
    const { status, stderr } = await make([command, 'FUNCTION_NAME=nothing']);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('There is no function nothing in ap-northeast-1. Run `make deploy` first'),
    });
  });

  it('status tells of the brake: its limit, that it pulled, how late it can be and what that may cost', async () => {
    await brakeThatPulled();
    const { status, stdout } = await make(['status', 'MAX_PROMPT_CHARS=10000']);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(
        /^Stopped: .* The brake pulled at \d{4}-.*, and the last 24 hours still cost more than the limit\. make resume lets calls in again\.$/,
      ),
      expect.stringMatching(/^Limit: \$5 of estimated cost in 24 hours, crossed since \d{4}-/),
      'The brake stops the function some 5 minutes after the limit is crossed, as a rule sooner; AWS promises no time.',
      // 10 × (300 × (0.00396 + 400 × 3.311e-6) + 2 × (0.00396 + 64000 × 3.311e-6)), by the formula in lib/models/overrun.ts.
      expect.stringMatching(
        /^At most \$0\.22 a call at the prices of models\.json, 10 at once \(the account's limit\): \$20\.17 beyond the \$5 in the worst case\./,
      ),
      '',
    ]);
  });

  it("status bounds that by the function's reserved concurrency, and says loudly that nothing stopped it", async () => {
    await reserve(moto, NAME, 2);
    const { stdout } = await make(['status', 'MAX_PROMPT_CHARS=10000']);
    await reserve(moto, NAME, 0);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'Running: calls are taken, 2 at once at most (reserved concurrency).',
      '! Over the limit and not stopped: the last 24 hours cost $5 or more. The brake pulls once, within minutes of the crossing: if it has not by now, run make stop, or make deploy with a higher DAILY_LIMIT_USD.',
    ]);
    // A fifth of the 20.17 of ten.
    expect(lines.at(-2)).toMatch(/ 2 at once \(MAX_CONCURRENCY\): \$4\.03 beyond the \$5 in the worst case\./);
  });

  it('status tells of a stop also where the model has ended meanwhile', async () => {
    const { status, stdout } = await make(['status', 'MODEL=amazon.titan-text-express-v1']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^Stopped: .*\nLimit: \$5 /) });
  });

  it('resume then warns that the brake pulls once per crossing', async () => {
    const { stderr } = await make(['resume']);
    expect(stderr).toContain('the brake pulls once per crossing');
    const { stdout } = await make(['status', 'JSON=1']);
    expect(JSON.parse(stdout)).toEqual({
      stopped: false,
      brake: { state: 'ALARM', limitUsd: 5, since: expect.any(String), pulled: expect.any(String), failed: false },
    });
  });
});

/** The brake's parts as a deploy leaves them, after it pulled. */
async function brakeThatPulled(): Promise<void> {
  await limitOf5(moto, NAME, 'ALARM');
  const sfn = new SFNClient(clientOf(moto));
  const roleArn = 'arn:aws:iam::123456789012:role/brake';
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name: `${NAME}-brake`,
      roleArn,
      definition: '{"StartAt":"Stop","States":{"Stop":{"Type":"Succeed"}}}',
    }),
  );
  await sfn.send(new StartExecutionCommand({ stateMachineArn }));
  await reserve(moto, NAME, 0);
}

describe('make cost', () => {
  it('adds up today and this month by model, and says what is not in it', async () => {
    await spend(NAME, new Date(), MODEL, { latencyMs: 900, inputTokens: 1200, outputTokens: 300, costUsd: 0.5 });
    await spend(NAME, new Date(), MODEL, { latencyMs: 800, inputTokens: 800, outputTokens: 100, costUsd: 0.25 });
    await spend(NAME, new Date(), 'apac.amazon.nova-micro-v1:0', {
      latencyMs: 100,
      inputTokens: 10,
      outputTokens: 5,
      costUsd: 0.001,
    });
    const { status, stdout } = await make(['cost']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Today, \d{4}-\d\d-\d\d \(UTC\) +calls +tokens in +tokens out +USD\n/);
    expect(stdout).toMatch(
      /\njp\.amazon\.nova-2-lite-v1:0 +2 +2,000 +400 +0\.7500\napac\.amazon\.nova-micro-v1:0 +1 +10 +5 +0\.0010\ntotal +3 +2,010 +405 +0\.7510\n/,
    );
    expect(stdout).toMatch(/\nThis month, \d{4}-\d\d +calls/);
    expect(stdout).toMatch(/\nNot included: Lambda, CloudWatch/);
  });

  it('is JSON for programs', async () => {
    const { stdout } = await make(['cost', 'JSON=1']);
    expect(JSON.parse(stdout)).toEqual({
      today: expect.arrayContaining([
        { modelId: MODEL, calls: 2, inputTokens: 2000, outputTokens: 400, costUsd: 0.75 },
      ]),
      month: expect.any(Array),
    });
  });

  it('counts a call of the second in which it is asked, before that is over', async () => {
    const now = Date.now();
    const endOfDay = Math.floor(now / DAY + 1) * DAY - 1;
    const costUsd = { latencyMs: 1, inputTokens: 1, outputTokens: 1, costUsd: 0.5 };
    await spend('busy', new Date(Math.min(now + 300_000, endOfDay)), MODEL, costUsd);
    const { stdout } = await make(['cost', 'FUNCTION_NAME=busy']);
    expect(stdout).toMatch(/\ntotal +1 +1 +1 +0\.5000\n/);
  });

  it('counts what was spent on a model that models.json no longer has', async () => {
    const values = { latencyMs: 900, inputTokens: 1200, outputTokens: 300 };
    await spend('changed', new Date(), MODEL, { ...values, costUsd: 0.25 });
    await spend('changed', new Date(), 'some.model-of-yesterday', { ...values, costUsd: 0.5 });
    const { stdout } = await make(['cost', 'FUNCTION_NAME=changed']);
    expect(stdout).toMatch(
      /\njp\.amazon\.nova-2-lite-v1:0 +1 +1,200 +300 +0\.2500\nnot in models\.json +- +- +- +0\.5000\ntotal +1 +1,200 +300 +0\.7500\n/,
    );
    const { stdout: json } = await make(['cost', 'FUNCTION_NAME=changed', 'JSON=1']);
    expect(JSON.parse(json)).toMatchObject({
      today: [
        { modelId: MODEL, costUsd: 0.25 },
        { modelId: null, calls: null, inputTokens: null, outputTokens: null, costUsd: 0.5 },
      ],
    });
  });

  it('adds up every page of an answer', async () => {
    await spend('paged', new Date(), MODEL, { latencyMs: 900, inputTokens: 1200, outputTokens: 300, costUsd: 0.25 });
    const paged = await startFront(moto, inPages(moto));
    onTestFinished(paged.stop);
    const { stdout } = await make(['cost', 'FUNCTION_NAME=paged'], { AWS_ENDPOINT_URL: paged.url });
    expect(stdout).toMatch(/\njp\.amazon\.nova-2-lite-v1:0 +1 +1,200 +300 +0\.2500\ntotal +1 +1,200 +300 +0\.2500\n/);
  });

  it('of a function that nobody called says so', async () => {
    const { stdout } = await make(['cost', 'FUNCTION_NAME=quiet']);
    expect(stdout).toMatch(/^Today, .*: no calls\.\n\nThis month, .*: no calls\.\n/);
  });
});

const DAY = 86_400_000;

/** What a call leaves in CloudWatch. */
async function spend(
  functionName: string,
  Timestamp: Date,
  modelId: string,
  values: Record<string, number>,
): Promise<void> {
  const ofFunction = [{ Name: 'functionName', Value: functionName }];
  const ofModel = [...ofFunction, { Name: 'modelId', Value: modelId }];
  const MetricData = [
    ...Object.entries(values).map(([MetricName, Value]) => ({ MetricName, Value, Dimensions: ofModel, Timestamp })),
    { MetricName: 'costUsd', Value: values.costUsd, Dimensions: ofFunction, Timestamp },
  ];
  await new CloudWatchClient(clientOf(moto)).send(
    new PutMetricDataCommand({ Namespace: 'BedrockOnLambda', MetricData }),
  );
}

/** CloudWatch answers in pages where an answer is long; the emulator answers whole. */
function inPages(behind: Server) {
  const results = z.object({ MetricDataResults: z.array(z.unknown()) });
  return async (asked: Asked): Promise<Answer | undefined> => {
    if (!asked.operation.endsWith('.GetMetricData')) return undefined;
    const { MetricDataResults: all } = results.parse(JSON.parse((await answerOf(behind, asked)).body));
    const isSecond = asked.body.includes('"NextToken":"second"');
    const page = all.filter((_, index) => (index % 2 === 1) === isSecond);
    return {
      status: 200,
      body: JSON.stringify({ MetricDataResults: page, ...(!isSecond && { NextToken: 'second' }) }),
    };
  };
}

describe('make logs', () => {
  const line = {
    timestamp: '2026-11-23T09:00:00Z',
    level: 'INFO',
    message: 'invocation',
    requestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
    coldStart: true,
    outcome: 'Answered',
    statusCode: 200,
    modelId: MODEL,
    inputTokens: 12,
    outputTokens: 345,
    costUsd: 0.001147,
    latencyMs: 900,
    durationMs: 912,
    overheadMs: 1.2,
    attempts: 1,
  };
  const refused = {
    ...line,
    requestId: 'ffffffff-0000',
    outcome: 'InvalidRequest',
    statusCode: 400,
    coldStart: false,
    modelId: undefined,
    inputTokens: undefined,
    outputTokens: undefined,
    costUsd: undefined,
    durationMs: 1,
  };
  const logs = () => new CloudWatchLogsClient(clientOf(moto));
  const logGroupName = `/aws/lambda/${NAME}`;

  const write = (messages: readonly string[], age = 0) =>
    logs().send(
      new PutLogEventsCommand({
        logGroupName,
        logStreamName: 's',
        logEvents: messages.map((message) => ({ message, timestamp: Date.now() - age })),
      }),
    );

  beforeAll(async () => {
    await logs()
      .send(new CreateLogGroupCommand({ logGroupName }))
      .catch(() => undefined);
    await logs().send(new CreateLogStreamCommand({ logGroupName, logStreamName: 's' }));
    await write([JSON.stringify({ ...line, outcome: 'Old' })], 7_200_000);
    await write([
      'START RequestId: 1 Version: $LATEST\n',
      `${JSON.stringify(line)}\n`,
      `${JSON.stringify(refused)}\n`,
      'Task timed out after 60.00 seconds\n',
    ]);
  });

  it('are columns for people', async () => {
    const { status, stdout } = await make(['logs', 'FOLLOW=0', 'SINCE=1h'], { TZ: 'Asia/Tokyo' });
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^time +request +model +in +out +USD +ms +outcome$/),
      `2026-11-23 18:00:00  8476a536  ${MODEL}           12      345   0.001147      912  Answered (cold start)`,
      '2026-11-23 18:00:00  ffffffff  -                                     -        -          -        1  InvalidRequest',
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}Task timed out after 60\.00 seconds$/),
      '',
    ]);
  });

  it('are whole lines for programs, as far back as asked', async () => {
    const { stdout } = await make(['logs', 'FOLLOW=0', 'SINCE=3h', 'JSON=1']);
    expect(stdout).toContain('"outcome":"Old"');
    expect(stdout).toContain(`${JSON.stringify(line)}\n`);
    expect(stdout).not.toContain('time  ');
  });

  it('follow, each line once, until Ctrl-C', async () => {
    const environment = signedIn({ PATH: process.env.PATH, JSON: '1', AWS_EC2_METADATA_DISABLED: 'true' });
    const child = spawn('node', ['--import', 'tsx', 'commands/operate/logs.ts'], { cwd: infraDir, env: environment });
    let said = '';
    let heard = () => {};
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      heard();
    });
    const until = (text: string) =>
      new Promise<void>((resolve) => {
        heard = () => said.includes(text) && resolve();
        heard();
      });
    await until('Task timed out');
    await write([JSON.stringify({ ...line, outcome: 'Later' })]);
    await until('"outcome":"Later"');
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect([code, said.match(/"outcome":"Answered"/g)?.length, said.match(/"outcome":"Later"/g)?.length]).toEqual([
      0, 1, 1,
    ]);
  });

  it('of a function that is not there say so', async () => {
    const { status, stderr } = await make(['logs', 'FUNCTION_NAME=nothing']);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('There is no log group /aws/lambda/nothing in ap-northeast-1'),
    });
  });

  it.each(['soon', '0h', '1 h'])('refuse SINCE=%s', async (since) => {
    const { status, stderr } = await make(['logs', `SINCE=${since}`]);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining(
        `SINCE takes a number and s, m, h or d, such as 30m or 1h; "${since}" was given.`,
      ),
    });
  });
});

describe.each(['logs', 'cost', 'status', 'stop', 'resume'])('make %s', (command) => {
  it('without credentials says so in one sentence', async () => {
    const { status, stderr } = await machine.command(`operate/${command}`);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/^No usable AWS credentials were found\. [^\n]+\n$/),
    });
  });
});
