import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, CreateLogGroupCommand, DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { writeRecord } from '../commands/batch/files.ts';
import { troubleText } from '../commands/shared/aws.ts';
import { removeThrowaway } from '../commands/verify/clean.ts';
import { type Context, contextOf, type Event, type Made } from '../commands/verify/context.ts';
import { Meter, mostUsd } from '../commands/verify/cost.ts';
import { type Outcome, runSteps, type Step } from '../commands/verify/run.ts';
import { STEPS } from '../commands/verify/steps/all.ts';
import { modelSteps } from '../commands/verify/steps/models.ts';
import { walkthroughEvent } from '../commands/verify/steps/contract.ts';
import { pagesOf, readReports, tableOf, withTable } from '../commands/verify/report.ts';
import { isThrowaway, throwawaySettings, throwawayStacks } from '../commands/verify/throwaway.ts';
import { throwawayName } from '../lib/names.ts';
import { verifiedDir, verifyDir, workspaceDir } from '../lib/paths.ts';
import { choose } from '../lib/settings/choice.ts';
import { checkSettings } from '../lib/settings/sources.ts';
import { clientOf } from './support/account.ts';
import { DENIED, ENDED, errorOf } from './support/bedrock-control-plane.ts';
import { responseStream, throttle } from './support/lambda.ts';
import { KEYS } from './support/make.ts';
import { policyOf, simulated } from './support/policy.ts';
import {
  type Answer,
  type Asked,
  answerOf,
  loadCloudFormation,
  type Server,
  startFront,
  startMoto,
} from './support/servers.ts';
import { ACCOUNT, stackOf, table, TODAY } from './support/stack.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

const NAME = 'bedrock-titan-function-verify-00aa';
const choice = choose(checkSettings(throwawaySettings(new Map(), NAME, 'ap-northeast-1')), table, TODAY);
const fine: Made = { status: 0, stdout: '', stderr: '' };

/** What the account answers in place of moto; a test changes what it is about. */
interface Script {
  /** Lambda's Invoke; `lost` closes the connection. */
  invoke: (event: Event) => Answer | 'lost';
  stackStatus: string;
  timeout: number;
  /** Of the log, given the run's marker. */
  lines: readonly string[];
  titan: Answer;
  /** IAM's decision on a request of SimulatePrincipalPolicy. */
  decide: (form: URLSearchParams) => Promise<string>;
  url: (isSigned: boolean) => Answer;
  /** Of the Function URL. */
  mode: string;
  stream: (event: Event) => Streamed;
  execution: { status: string; error?: string };
  /** The function's. */
  variables: Record<string, string>;
  /** What it was replaced with. */
  code: string;
}

/** An HTTP response in pieces. */
interface Streamed {
  readonly statusCode: number;
  readonly contentType: string;
  readonly pieces: readonly string[];
}

const event = z.looseObject({
  prompt: z.string().optional(),
  modelId: z.string().optional(),
  temperature: z.number().optional(),
  stream: z.boolean().optional(),
  serviceTier: z.string().optional(),
});
const reply = (statusCode: number, body: object): Answer => ({
  status: 200,
  body: JSON.stringify({ statusCode, body: JSON.stringify(body) }),
});
const refused = (message: string): Answer => reply(400, { code: 'InvalidRequest', message });
const answered = { text: 'yes', costUsd: 0.000_01 };

/** A function that keeps the contract. */
function kept(given: Event): Answer {
  const { prompt = '', modelId, temperature = 0, stream } = event.parse(given);
  if (prompt === '') return reply(400, { message: 'No user prompt provided' });
  if (modelId !== undefined && modelId !== table.default)
    return refused('modelId names a model that this function may not call.');
  if (stream) return refused('This function does not stream its answers. Deploy it with STREAM=1.');
  if (temperature > 1) return refused('temperature takes a number from 0 to 1.');
  if (prompt.length > 2000) return refused(`The prompt has ${prompt.length} characters; this function takes 2000.`);
  return reply(200, answered);
}

const sent = (event: string, data: object): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
const streamOf = (...pieces: string[]): Streamed => ({
  statusCode: 200,
  contentType: 'text/event-stream; charset=utf-8',
  pieces,
});
const [one, two, done] = [
  sent('text', { text: 'one' }),
  sent('text', { text: 'two' }),
  sent('done', { stopReason: 'end_turn' }),
];

/** A function that keeps what streaming promises. */
function keptStream({ temperature }: Event): Streamed {
  if (temperature === undefined) return streamOf(one, two, done);
  const body = JSON.stringify({ code: 'InvalidRequest', message: 'temperature takes a number from 0 to 1.' });
  return { statusCode: 400, contentType: 'application/json', pieces: [body] };
}

const denied: Answer = {
  status: 403,
  headers: { 'x-amzn-errortype': 'AccessDeniedException' },
  body: JSON.stringify({ message: `User: arn:aws:iam::${ACCOUNT}:user/one is not authorized` }),
};
/** The lines of one invocation, as Lambda and the function write them. */
const invocation = [
  'START RequestId: 1 Version: $LATEST',
  '{"message":"invocation"}',
  'END RequestId: 1',
  'REPORT RequestId: 1\tDuration: 1 ms',
];

const asDeployed = (): Script => ({
  invoke: kept,
  stackStatus: 'CREATE_COMPLETE',
  timeout: 60,
  lines: invocation,
  titan: errorOf(ENDED),
  decide: (form) => decisionOn(form, deployedPolicy),
  url: (isSigned) =>
    isSigned ? { status: 200, body: JSON.stringify(answered) } : { status: 403, body: '{"Message":"Forbidden"}' },
  mode: 'RESPONSE_STREAM',
  stream: keptStream,
  execution: { status: 'RUNNING' },
  variables: { BEDROCK_MODEL_IDS: table.default, BEDROCK_MAX_TOKENS: '64' },
  code: '',
});

let script = asDeployed();
let moto: Server;
let account: Server;

const stacks = (url: string, status: string): string =>
  `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${NAME}</StackName><StackStatus>${status}</StackStatus>
<CreationTime>2026-11-26T00:00:00Z</CreationTime><Outputs><member><OutputKey>FunctionUrl</OutputKey><OutputValue>${url}</OutputValue></member></Outputs>
</member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;

/** What the role of the throwaway may do, by an evaluator that knows nothing of this project. */
const deployedPolicy = policyOf(stackOf({ FUNCTION_NAME: NAME }));

async function decisionOn(form: URLSearchParams, policy: unknown): Promise<string> {
  const context: Record<string, string> = {};
  for (let entry = 1; form.has(`ContextEntries.member.${entry}.ContextKeyName`); entry += 1) {
    const of = `ContextEntries.member.${entry}`;
    context[form.get(`${of}.ContextKeyName`) ?? ''] = form.get(`${of}.ContextKeyValues.member.1`) ?? '';
  }
  const [action = '', resource = ''] = ['ActionNames', 'ResourceArns'].map(
    (name) => form.get(`${name}.member.1`) ?? '',
  );
  const result = await simulated(policy, action, resource, context);
  return result.resultType !== 'error' && result.overallResult === 'Allowed' ? 'allowed' : 'implicitDeny';
}

const simulation = (decision: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/xml' },
  body: `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member>
<EvalActionName>any</EvalActionName><EvalDecision>${decision}</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`,
});

const urlStream = ({ statusCode, contentType, pieces }: Streamed): Answer => ({
  status: statusCode,
  body: '',
  pieces,
  headers: { 'content-type': contentType },
});

/** As Lambda gives it: what is not streamed is the function's reply, and the rest comes after a prelude. */
function invokedStream({ statusCode, contentType, pieces }: Streamed): Answer {
  if (statusCode !== 200) return responseStream([JSON.stringify({ statusCode, body: pieces.join('') })]);
  return responseStream([
    `${JSON.stringify({ statusCode, headers: { 'content-type': contentType } })}${'\0'.repeat(8)}`,
    ...pieces,
  ]);
}

function streamed(path: string, headers: Asked['headers'], body: Buffer): Answer {
  const given = event.parse(JSON.parse(body.toString()));
  if (!path.startsWith('/url')) return invokedStream(script.stream(given));
  return given.stream ? urlStream(script.stream(given)) : script.url(headers.authorization !== undefined);
}

/** @throws Error where the connection is to be lost, which the front then closes. */
async function answerTo({ path, operation, headers, body }: Asked): Promise<Answer | undefined> {
  if (operation === 'SimulatePrincipalPolicy')
    return simulation(await script.decide(new URLSearchParams(body.toString())));
  if (path.endsWith('/invocations')) {
    const answer = script.invoke(event.parse(JSON.parse(body.toString())));
    if (answer === 'lost') throw new Error('lost');
    return answer;
  }
  if (/^\/url|\/response-streaming-invocations$/.test(path)) return streamed(path, headers, body);
  if (path.endsWith('/url')) return { status: 200, body: JSON.stringify({ InvokeMode: script.mode }) };
  if (/\/(configuration|code)$/.test(path)) return configured(body.toString());
  if (path.startsWith('/model/')) return script.titan;
  if (operation.endsWith('FilterLogEvents'))
    return { status: 200, body: JSON.stringify({ events: script.lines.map((message) => ({ message })) }) };
  if (operation === 'DescribeStacks')
    return {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: stacks(`${account.url}/url/`, script.stackStatus),
    };
  return statesAnswer(operation);
}

/** The function's configuration, after the change that is asked for. */
function configured(asked: string): Answer {
  const change = z.object({
    Environment: z.object({ Variables: z.record(z.string(), z.string()) }).optional(),
    ZipFile: z.string().optional(),
  });
  const { Environment, ZipFile } = change.parse(JSON.parse(asked || '{}'));
  if (Environment) script.variables = Environment.Variables;
  if (ZipFile) script.code = Buffer.from(ZipFile, 'base64').toString();
  const { timeout: Timeout, variables: Variables } = script;
  const Role = `arn:aws:iam::${ACCOUNT}:role/one`;
  const body = { Timeout, Role, Environment: { Variables }, LastUpdateStatus: 'Successful' };
  return { status: 200, body: JSON.stringify(body) };
}

function statesAnswer(operation: string): Answer | undefined {
  if (operation.endsWith('.DescribeExecution')) return { status: 200, body: JSON.stringify(script.execution) };
  return operation.endsWith('.ListMapRuns') ? { status: 200, body: '{"mapRuns":[]}' } : undefined;
}

beforeAll(async () => {
  moto = await startMoto();
  await loadCloudFormation(moto);
  account = await startFront(moto, answerTo);
});
afterAll(async () => {
  await account?.stop();
  await moto?.stop();
});
beforeEach(() => {
  script = asDeployed();
  vi.stubEnv('AWS_ENDPOINT_URL', account.url);
  for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
});
afterEach(() => vi.unstubAllEnvs());

/** A run on AWS, as far as the steps know; what AWS would show late is looked for once. */
const contextWith = (make: Context['make'] = () => Promise.resolve(fine)): Context => ({
  ...contextOf({
    target: { account: ACCOUNT, region: 'ap-northeast-1', stackName: NAME },
    choice,
    isEmulated: false,
    make,
  }),
  patience: 0,
});

/** Runs one step by its name, whatever it needs. */
async function outcomeOf(
  name: string,
  make?: Context['make'],
  different: Partial<Context> = {},
): Promise<Pick<Outcome, 'result' | 'seen'>> {
  const step = STEPS.find((one) => one.name === name);
  if (!step) throw new Error(`There is no step ${name}.`);
  const { needs: _, ...alone } = step;
  const context = contextWith(make);
  // A step makes the context's calls by the context that it is given.
  const patient: Context = { ...context, forStep: (one) => ({ ...context.forStep(one), patience: 0, ...different }) };
  const [outcome] = await runSteps([alone], patient, () => undefined);
  return { result: outcome?.result ?? 'failed', seen: outcome?.seen ?? '' };
}
const resultOf = async (name: string, make?: Context['make']): Promise<string> => (await outcomeOf(name, make)).result;

const CALLS = [
  "the walkthrough's event",
  'no prompt',
  'optional keys',
  'a model not granted',
  'a wrong parameter',
  'a prompt of 1 MB',
];
const REFUSALS = ['no prompt', 'a model not granted', 'a wrong parameter', 'a prompt of 1 MB'];

describe('the speed', () => {
  const name = 'the speed';
  const lineOf = (durationMs: number, initMs?: number): string =>
    `REPORT RequestId: 1\tDuration: ${durationMs} ms\tBilled Duration: ${Math.ceil(durationMs + (initMs ?? 0))} ms\tMemory Size: 128 MB\tMax Memory Used: 21 MB\t${initMs === undefined ? '' : `Init Duration: ${initMs} ms\t`}\n`;

  const record = (overheadMs: number): string => `{"message":"invocation","overheadMs":${overheadMs}}\n`;

  /** A function whose sandbox is new after each change of its variables, and what Lambda says of it at the end. */
  function reporting(line = lineOf): { prompts: number; others: number } {
    const counted = { prompts: 0, others: 0 };
    let sandbox: object | undefined;
    const withLog = (answer: Answer, log: string): Answer => ({
      ...answer,
      headers: { 'x-amz-log-result': Buffer.from(log).toString('base64') },
    });
    script.invoke = (given) => {
      const isCold = sandbox !== script.variables;
      sandbox = script.variables;
      const [overhead, init] = isCold ? [1.25, 9.5] : [0.75];
      counted[given.prompt === undefined ? 'others' : 'prompts'] += 1;
      if (given.prompt === undefined) return withLog(kept(given), line(1.5, init));
      return withLog(kept(given), `START RequestId: 1\n${record(overhead)}END RequestId: 1\n${line(500, init)}`);
    };
    return counted;
  }

  it('is of 20 cold starts and 200 warm calls, and leaves the variables as they were', async () => {
    const counted = reporting();
    expect(await outcomeOf(name)).toEqual({
      result: 'passed',
      seen: 'INIT 9.5 ms; beside the model 1.25 ms cold, 0.75 ms warm; without one 1.5 ms, billed 2 ms; 21 MB',
    });
    expect(counted).toEqual({ prompts: 40, others: 200 });
    expect(script.variables).toEqual(asDeployed().variables);
  });

  const beside = 'a hello world beside it';
  const figures = { initMs: 12, coldOverheadMs: 1.25, warmMs: 1.75, billedMs: 3, memoryMb: 22 };
  const zip = join(tmpdir(), `${NAME}.zip`);
  afterAll(() => rmSync(zip, { force: true }));

  it('is shown beside a hello world, which takes the place of the code once the brake has let calls in', async () => {
    writeFileSync(zip, 'a hello world');
    const counted = reporting();
    const made: string[] = [];
    const make: Context['make'] = (target) => {
      made.push(target);
      return Promise.resolve({ ...fine, stdout: target === 'verify-hello' ? `Compiling\n${zip}\n` : '' });
    };
    expect(await outcomeOf(beside, make, { figures: { ...figures } })).toEqual({
      result: 'passed',
      seen: 'INIT 12 / 9.5 ms, first call 1.25 / 1.5 ms, warm call 1.75 / 1.5 ms, billed 3 / 2 ms, memory 22 / 21 MB',
    });
    expect({ made, code: script.code, counted }).toEqual({
      made: ['verify-hello', 'resume'],
      code: 'a hello world',
      counted: { prompts: 0, others: 220 },
    });
  });

  it('is shown beside none where it is not built, starts warm or Lambda reports nothing', async () => {
    const built = () => Promise.resolve({ ...fine, stdout: zip });
    writeFileSync(zip, 'a hello world');
    reporting();
    expect(await resultOf(beside, () => Promise.resolve({ ...fine, status: 2 }))).toBe('failed');
    expect(script.code).toBe('');
    reporting((durationMs) => lineOf(durationMs));
    expect(await outcomeOf(beside, built)).toMatchObject({
      result: 'failed',
      seen: expect.stringContaining('no INIT'),
    });
    reporting(() => '');
    expect(await resultOf(beside, built)).toBe('failed');
  });

  it('fails where a start is not cold, Lambda reports nothing or the function is denied', async () => {
    reporting((durationMs) => lineOf(durationMs));
    expect(await outcomeOf(name)).toMatchObject({
      result: 'failed',
      seen: expect.stringMatching(/^20 of 20: no INIT/),
    });
    reporting(() => '');
    expect(await outcomeOf(name)).toMatchObject({ result: 'failed', seen: expect.stringContaining('no REPORT line') });
    script.invoke = () => denied;
    expect(await resultOf(name)).toBe('failed');
    expect(script.variables).toEqual(asDeployed().variables);
  });
});

describe('MODELS=all', () => {
  const steps = modelSteps('all', table.models, TODAY);

  async function callsWith(answer: Answer): Promise<Outcome[]> {
    script.titan = answer;
    return runSteps(steps, contextWith(), () => undefined);
  }

  it('calls each model that has not ended, and says how long it took and what it cost', async () => {
    const outcomes = await callsWith({
      status: 200,
      body: JSON.stringify({ usage: { inputTokens: 10, outputTokens: 2 }, metrics: { latencyMs: 512 } }),
    });
    const living = table.models.filter(({ lifecycle }) => lifecycle.status !== 'ended');
    expect(outcomes.map(({ name, result }) => [name, result])).toEqual(living.map(({ id }) => [id, 'passed']));
    expect(outcomes[0]?.seen).toBe('answered in 512 ms; 10 tokens in, 2 out, $0.000011 by models.json');
  });

  it('leaves out what the account may not call, and fails where AWS does not have it', async () => {
    const denial = await callsWith(errorOf(DENIED));
    expect(new Set(denial.map(({ result }) => result))).toEqual(new Set(['skipped']));
    const ended = await callsWith(errorOf(ENDED));
    const form = table.models.filter(({ access }) => access === 'marketplace-and-form').map(({ id }) => id);
    for (const { name, result } of ended) expect(result, name).toBe(form.includes(name) ? 'skipped' : 'failed');
  });

  it('is priced by the models that it calls, and takes no other value', () => {
    const planned = steps.flatMap(({ calls = [] }) => calls);
    const dear = { ...choice, models: table.models };
    expect(mostUsd(planned, choice)).toBeGreaterThan(
      mostUsd(
        planned.map(({ model: _, ...one }) => one),
        choice,
      ),
    );
    expect(mostUsd(planned, choice)).toBeLessThan(
      mostUsd(
        planned.map(({ model: _, ...one }) => one),
        dear,
      ),
    );
    expect(modelSteps('', table.models, TODAY)).toEqual([]);
    expect(() => modelSteps('1', table.models, TODAY)).toThrow('MODELS takes all after make verify; "1" was given.');
  });
});

describe('the steps of the contract', () => {
  it.each(CALLS)('"%s" passes on a function that keeps the contract', async (name) => {
    expect(await outcomeOf(name)).toMatchObject({ result: 'passed' });
  });

  it.each(CALLS)('"%s" fails where AWS denies the call, and does not name the account', async (name) => {
    script.invoke = () => denied;
    const { result, seen } = await outcomeOf(name);
    expect(result).toBe('failed');
    expect(seen).toContain('lambda:InvokeFunction');
    expect(seen).not.toMatch(/\d{12}|arn:/);
  });

  it.each(CALLS)('"%s" fails where the connection is lost', async (name) => {
    script.invoke = () => 'lost';
    expect(await outcomeOf(name)).toMatchObject({ result: 'failed' });
  });

  it.each(CALLS)('"%s" fails where the function answers 500', async (name) => {
    script.invoke = () => reply(500, { code: 'InternalError', message: 'An error occurred' });
    expect(await outcomeOf(name)).toMatchObject({
      result: 'failed',
      seen: expect.stringContaining('500 InternalError'),
    });
  });

  it('waits for IAM at the first call, where Bedrock refuses it, and no longer than that', async () => {
    const refusal = reply(403, { code: 'AccessDeniedException', message: 'The role may not.' });
    let left = 2;
    script.invoke = (given) => (left-- > 0 ? refusal : kept(given));
    expect(await resultOf("the walkthrough's event")).toBe('passed');
    left = 3;
    expect(await resultOf("the walkthrough's event")).toBe('failed');
  });

  it.each(REFUSALS)('"%s" fails where the function answers all the same', async (name) => {
    script.invoke = () => reply(200, answered);
    expect(await outcomeOf(name)).toMatchObject({
      result: 'failed',
      seen: expect.stringMatching(/^200 instead of 400/),
    });
  });

  it('"optional keys" fails where a key is refused, and where a stream is not', async () => {
    const keys = outcomeOf('optional keys');
    expect(await keys).toMatchObject({
      seen: expect.stringMatching(/^200 with modelId, .*, stream, serviceTier, schema$/),
    });
    const instead = (key: 'stream' | 'serviceTier', answer: Answer) => {
      script.invoke = (given) => (event.parse(given)[key] ? answer : kept(given));
      return outcomeOf('optional keys');
    };
    expect(await instead('serviceTier', reply(400, { code: 'ValidationException', message: 'No.' }))).toEqual({
      result: 'failed',
      seen: 'serviceTier: 400 ValidationException instead of 200: No.',
    });
    expect(await instead('serviceTier', reply(429, { code: 'ThrottlingException' }))).toMatchObject({
      result: 'passed',
      seen: expect.stringMatching(/, stream, serviceTier \(429: the flexible tier is busy\), schema$/),
    });
    expect(await instead('stream', reply(200, answered))).toMatchObject({
      result: 'failed',
      seen: expect.stringMatching(/^200 instead of 400 InvalidRequest/),
    });
  });

  it('"the ended model" fails where the model answers, and is left out where these credentials may not ask', async () => {
    expect(await outcomeOf('the ended model')).toEqual({ result: 'passed', seen: '404 ResourceNotFoundException' });
    script.titan = { status: 200, body: '{}' };
    expect(await resultOf('the ended model')).toBe('failed');
    script.titan = errorOf(DENIED);
    expect(await resultOf('the ended model')).toBe('skipped');
  });

  it('"the signed Function URL" fails where anybody is let in, and where a signed request is not', async () => {
    expect(await outcomeOf('the signed Function URL')).toEqual({ result: 'passed', seen: '200 signed, 403 unsigned' });
    script.url = () => ({ status: 200, body: JSON.stringify(answered) });
    expect(await outcomeOf('the signed Function URL')).toMatchObject({
      result: 'failed',
      seen: expect.stringContaining('200 instead of 403'),
    });
    script.url = () => ({ status: 403, body: '{"Message":"Forbidden"}' });
    expect(await resultOf('the signed Function URL')).toBe('failed');
  });
});

describe('the steps of a deployment', () => {
  it('"make deploy" fails where make fails, with what it said, and where the stack is not complete', async () => {
    expect(await resultOf('make deploy')).toBe('passed');
    const broken: Made = { status: 2, stdout: '', stderr: 'The CDK is not set up.\nmake: *** [deploy] Error 2\n' };
    expect(await outcomeOf('make deploy', () => Promise.resolve(broken))).toEqual({
      result: 'failed',
      seen: 'make deploy failed: The CDK is not set up.',
    });
    script.stackStatus = 'ROLLBACK_COMPLETE';
    expect(await resultOf('make deploy')).toBe('failed');
  });

  it('"make deploy again" fails where something changed', async () => {
    const unchanged = { ...fine, stdout: `✅  ${NAME} (no changes)` };
    expect(await resultOf('make deploy again', () => Promise.resolve(unchanged))).toBe('passed');
    expect(await resultOf('make deploy again')).toBe('failed');
  });

  it('"make stop and make resume" fails where a stopped function answers, or a resumed one does not', async () => {
    let isStopped = false;
    const make: Context['make'] = (target) => {
      isStopped = target === 'stop';
      return Promise.resolve(fine);
    };
    const refusal: Answer = { status: 200, body: '', ...(typeof throttle === 'object' && throttle) };
    script.invoke = (given) => (isStopped ? refusal : kept(given));
    expect(await resultOf('make stop and make resume', make)).toBe('passed');
    script.invoke = kept;
    expect(await resultOf('make stop and make resume', make)).toBe('failed');
    script.invoke = () => refusal;
    expect(await resultOf('make stop and make resume', make)).toBe('failed');
  });

  it('"make rollback" fails where the setting stays as the last deploy left it', async () => {
    expect(await resultOf('make rollback')).toBe('passed');
    script.timeout = 3;
    expect(await resultOf('make rollback')).toBe('failed');
  });

  it('"a deploy with TIMEOUT_SECONDS=3" fails where the setting was not deployed', async () => {
    expect(await resultOf('a deploy with TIMEOUT_SECONDS=3')).toBe('failed');
    script.timeout = 3;
    expect(await resultOf('a deploy with TIMEOUT_SECONDS=3')).toBe('passed');
  });

  it('"an answer that takes too long" fails where Lambda ended the function, and says nothing where it came in time', async () => {
    const name = 'an answer that takes too long';
    script.invoke = () => reply(504, { code: 'DeadlineExceeded', message: 'Too late.' });
    expect(await resultOf(name)).toBe('passed');
    script.lines = [...invocation, '2026-11-26T00:00:00Z 1 Task timed out after 3.00 seconds'];
    expect(await resultOf(name)).toBe('failed');
    script.invoke = () => reply(500, { code: 'InternalError', message: 'An error occurred' });
    expect(await resultOf(name)).toBe('failed');
    script.invoke = kept;
    expect(await resultOf(name)).toBe('skipped');
    script.lines = invocation;
    script.invoke = () => reply(200, { ...answered, stopReason: 'deadline_exceeded' });
    expect(await resultOf(name)).toBe('passed');
  });
});

it.each(['an answer that takes too long', 'a stream that takes too long'])(
  '"%s" fails where CloudWatch shows only later that Lambda ended the function',
  async (name) => {
    let looks = 0;
    script = {
      ...asDeployed(),
      invoke: () => reply(504, { code: 'DeadlineExceeded', message: 'Too late.' }),
      stream: () => streamOf(one, sent('error', { code: 'DeadlineExceeded', message: 'Too late.' })),
      get lines() {
        looks += 1;
        return looks > 1 ? ['2026-11-26T00:00:00Z 1 Task timed out after 3.00 seconds'] : invocation;
      },
    };
    expect(await outcomeOf(name, undefined, { patience: 0.01 })).toEqual({
      result: 'failed',
      seen: 'Lambda ended it: Task timed out',
    });
  },
);

describe('the steps of streaming', () => {
  it('"a deploy with STREAM=1" fails where the URL gives whole answers', async () => {
    expect(await resultOf('a deploy with STREAM=1')).toBe('passed');
    script.mode = 'BUFFERED';
    expect(await resultOf('a deploy with STREAM=1')).toBe('failed');
  });

  const unlessRefused = (stream: Streamed) => (given: Event) =>
    given.temperature === undefined ? stream : keptStream(given);
  const ended = sent('error', { code: 'ModelStreamErrorException', message: 'Broken off.' });

  describe.each(['a stream through the Function URL', 'a stream by InvokeWithResponseStream'])('"%s"', (name) => {
    it('passes on a function that keeps what it promises', async () => {
      expect(await outcomeOf(name)).toEqual({ result: 'passed', seen: '2 texts and done, 400 InvalidRequest' });
    });

    it.each([
      ['an answer comes as a whole', streamOf(one + two + done), 'it came as a whole'],
      ['an answer has no end', streamOf(one, two), 'its events are: text text'],
      ['an answer breaks off', streamOf(one, two, ended), 'it ended with error ModelStreamErrorException'],
      ['an answer has no text', streamOf(done), 'its events are: done'],
      [
        'an answer is no stream',
        { ...streamOf('{"text":"one"}'), contentType: 'application/json' },
        '200 as application/json',
      ],
      ['an answer is a failure', { ...streamOf('{}'), statusCode: 403 }, '403 instead of a stream'],
    ])('fails where %s', async (_, stream, seen) => {
      script.stream = unlessRefused(stream);
      expect(await outcomeOf(name)).toEqual({ result: 'failed', seen });
    });

    it('fails where a failure comes as a stream', async () => {
      script.stream = () => keptStream({});
      expect(await resultOf(name)).toBe('failed');
    });

    it('waits for IAM, as at the first call of all', async () => {
      let left = 2;
      script.stream = (given) => (left-- > 0 ? { ...streamOf('{}'), statusCode: 403 } : keptStream(given));
      expect(await resultOf(name)).toBe('passed');
    });
  });

  it('"a stream that takes too long" fails where it has no end or Lambda ended the function, and says nothing where it came in time', async () => {
    const name = 'a stream that takes too long';
    expect(await resultOf(name)).toBe('skipped');
    script.stream = () => streamOf(one, sent('error', { code: 'DeadlineExceeded', message: 'Too late.' }));
    expect(await outcomeOf(name)).toEqual({
      result: 'passed',
      seen: '1 texts, then error DeadlineExceeded, and no "Task timed out"',
    });
    script.stream = () => streamOf(one);
    expect(await resultOf(name)).toBe('failed');
    script.stream = () => streamOf(one, sent('done', { stopReason: 'deadline_exceeded' }));
    expect(await resultOf(name)).toBe('passed');
    script.lines = [...invocation, '2026-11-26T00:00:00Z 1 Task timed out after 3.00 seconds'];
    expect(await resultOf(name)).toBe('failed');
  });
});

describe('the steps of a batch', () => {
  const outputOf = (typed: readonly string[]) => typed.find((one) => one.startsWith('OUTPUT='))?.slice(7) ?? '';
  afterEach(() => rmSync(join(verifyDir, NAME), { recursive: true, force: true }));

  const [first, second, third] = [
    { id: 'row-0', statusCode: 200, text: 'yes' },
    { id: 'row-1', statusCode: 400, code: 'ValidationException' },
    { id: 'row-2', statusCode: 200, text: 'yes' },
  ];
  const answering =
    (status: number, ...lines: object[]): Context['make'] =>
    (_, ...typed) => {
      writeFileSync(outputOf(typed), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      return Promise.resolve({ status, stdout: '', stderr: 'missing   3 have no result\n' });
    };

  it('"a deploy with BATCH=1" fails where make fails', async () => {
    expect(await resultOf('a deploy with BATCH=1')).toBe('passed');
    expect(await resultOf('a deploy with BATCH=1', () => Promise.resolve({ ...fine, status: 2 }))).toBe('failed');
  });

  it.each([
    ['passed', 'row-0 200, row-1 400 ValidationException, row-2 200', answering(2, first, second, third)],
    ['failed', 'its answers: row-1 400 ValidationException, row-0 200, row-2 200', answering(2, second, first, third)],
    ['failed', 'its answers: row-0 200, row-2 200', answering(2, first, third)],
    ['failed', 'its answers: none; missing 3 have no result', answering(2)],
    ['failed', 'it ended as if every row had an answer', answering(0, first, second, third)],
  ])('"make batch" has %s: %s', async (result, seen, make) => {
    expect(await outcomeOf('make batch', make)).toEqual({ result, seen });
  });

  it('"make batch" waits for a role that is too young, and no longer than that', async () => {
    const young: Made = {
      status: 1,
      stdout: '',
      stderr: 'ended     the execution is FAILED with States.ItemReaderFailed: see\n',
    };
    let left = 1;
    const make: Context['make'] = (...typed) =>
      left-- > 0 ? Promise.resolve(young) : answering(2, first, second, third)(...typed);
    expect(await outcomeOf('make batch', make, { patience: 0.01 })).toMatchObject({ result: 'passed' });
    rmSync(join(verifyDir, NAME), { recursive: true, force: true });
    left = Number.POSITIVE_INFINITY;
    expect(await outcomeOf('make batch', make, { patience: 0.001 })).toMatchObject({
      result: 'failed',
      seen: expect.stringContaining('FAILED with States.ItemReaderFailed'),
    });
  });

  it('"make batch" says nothing of an emulator whose results are not to be had', async () => {
    const make: Context['make'] = (_, ...typed) => {
      writeRecord(outputOf(typed), { ...RECORD, executionArn: 'any' });
      return Promise.resolve({ ...fine, status: 2 });
    };
    expect(await outcomeOf('make batch', make, { isEmulated: true })).toEqual({
      result: 'skipped',
      seen: 'an emulator cannot show it: it leaves the ResultWriter out',
    });
    rmSync(join(verifyDir, NAME), { recursive: true, force: true });
    expect(await resultOf('make batch', make)).toBe('failed');
  });

  /** A batch that runs until `make batch-stop`, which leaves it so. */
  function running(after: Script['execution']): Context['make'] {
    let end: (made: Made) => void = () => undefined;
    return (target, ...typed) => {
      if (target === 'batch-stop') {
        script.execution = after;
        end({ ...fine, status: 2 });
        return Promise.resolve(fine);
      }
      const executionArn = `arn:aws:states:ap-northeast-1:${ACCOUNT}:execution:${NAME}-batch:one`;
      writeRecord(outputOf(typed), { ...RECORD, executionArn });
      return new Promise((resolve) => {
        end = resolve;
      });
    };
  }
  const RECORD = {
    stateMachineArn: '',
    bucket: '',
    key: '',
    functionName: NAME,
    region: 'ap-northeast-1',
    account: ACCOUNT,
    input: '',
    question: {},
    command: '',
    isStarted: false,
    environment: {},
  };

  it('"make batch-stop" fails where the batch goes on or none ran, and says nothing where it had ended before', async () => {
    const name = 'make batch-stop';
    expect(await outcomeOf(name, running({ status: 'ABORTED', error: 'Stopped' }))).toEqual({
      result: 'passed',
      seen: 'ABORTED Stopped',
    });
    for (const [status, result] of [
      ['RUNNING', 'failed'],
      ['FAILED', 'failed'],
      ['SUCCEEDED', 'skipped'],
    ] as const) {
      script = asDeployed();
      rmSync(join(verifyDir, NAME), { recursive: true, force: true });
      expect(await resultOf(name, running({ status })), status).toBe(result);
    }
    rmSync(join(verifyDir, NAME), { recursive: true, force: true });
    const none: Made = { status: 2, stdout: '', stderr: 'No deployment is recorded here.\n' };
    expect(await outcomeOf(name, () => Promise.resolve(none))).toEqual({
      result: 'failed',
      seen: 'no batch ran: No deployment is recorded here.',
    });
  });

  it('its rows cost what Step Functions takes for them too', () => {
    const calls = { count: 1000, chars: 100, maxTokens: 16 };
    expect(mostUsd([{ ...calls, isRow: true }], choice) - mostUsd([calls], choice)).toBeGreaterThan(0.025);
  });
});

describe('the step of the brake', () => {
  const refusal: Answer = { status: 200, body: '', ...(typeof throttle === 'object' && throttle) };
  const state = (stopped: boolean, pulled: string | null) => JSON.stringify({ stopped, brake: { pulled } });
  /** Makes the targets, of which `make status` says this. */
  const saying =
    (said: string, onMake: (target: string) => void = () => undefined): Context['make'] =>
    (target) => {
      onMake(target);
      return Promise.resolve({ ...fine, stdout: said });
    };
  const pulled = state(true, '2099-01-01T00:00:00Z');
  let isStopped = false;
  const follow = (target: string) => {
    isStopped = target === 'status';
  };
  beforeEach(() => {
    isStopped = false;
    script.invoke = () => (isStopped ? refusal : reply(200, { text: 'a story', costUsd: 0.006 }));
  });

  it('passes where it pulls, refuses, and lets calls in again', async () => {
    expect(await outcomeOf('the brake', saying(pulled, follow))).toMatchObject({
      result: 'passed',
      seen: expect.stringMatching(/^pulled \d+ s after the limit was crossed, refused, then 200$/),
    });
  });

  it('fails where it does not pull, where there is none, and where the function answers all the same', async () => {
    expect(await outcomeOf('the brake', saying(state(false, null), follow))).toMatchObject({
      result: 'failed',
      seen: expect.stringContaining('it had not pulled'),
    });
    isStopped = false;
    expect(await outcomeOf('the brake', saying('{"stopped":false,"brake":null}'))).toEqual({
      result: 'failed',
      seen: 'the deployment has no brake',
    });
    expect(await outcomeOf('the brake', saying(pulled))).toMatchObject({
      result: 'failed',
      seen: expect.stringContaining('the stopped function gave reply'),
    });
  });

  it('fails where make resume lets nobody in', async () => {
    const stays = (target: string) => {
      isStopped ||= target === 'status';
    };
    expect(await resultOf('the brake', saying(pulled, stays))).toBe('failed');
  });

  it('says nothing where the answers that were planned are too cheap', async () => {
    script.invoke = () => reply(200, { text: 'a story', costUsd: 0.002 });
    expect(await outcomeOf('the brake', saying(pulled))).toEqual({
      result: 'skipped',
      seen: '4 answers of this model cost $0.0080, and the limit is $0.01',
    });
  });
});

describe('the step of the role', () => {
  it('passes on the role that is deployed, whose every decision IAM is asked for', async () => {
    expect(await outcomeOf('the role')).toEqual({ result: 'passed', seen: '5 allowed, 15 denied' });
  });

  it.each([
    [
      'a role that may more',
      { MODEL: 'apac.amazon.nova-micro-v1:0,jp.amazon.nova-2-lite-v1:0' },
      'another profile: allowed',
    ],
    [
      'a role that may less',
      { MODEL: 'apac.amazon.nova-micro-v1:0' },
      'in ap-northeast-1: implicitDeny instead of allowed',
    ],
    ['a role that may stream', { STREAM: '1' }, 'a streamed answer: allowed instead of implicitDeny'],
    ['the role of another function', { FUNCTION_NAME: 'another' }, 'writing to its log: implicitDeny'],
  ])('fails on %s, and says which decision it is', async (_, given, seen) => {
    const policy = policyOf(stackOf({ FUNCTION_NAME: NAME, ...given }));
    script.decide = (form) => decisionOn(form, policy);
    const outcome = await outcomeOf('the role');
    expect(outcome).toMatchObject({ result: 'failed', seen: expect.stringContaining(seen) });
    expect(outcome.seen).not.toMatch(/\d{12}|arn:/);
  });
});

describe('the step of a real denial', () => {
  const name = 'a real denial';
  const denies = (message: string) => reply(403, { code: 'AccessDeniedException', message });

  /** A function that asks Bedrock for what its variables grant, and gets this. */
  const asking =
    (answer: Answer): Script['invoke'] =>
    (given) => {
      const { modelId = '' } = event.parse(given);
      return script.variables.BEDROCK_MODEL_IDS?.split(',').includes(modelId) ? answer : kept(given);
    };

  it.each([
    ['passed', '403 AccessDeniedException', denies("The function's role may not call a model.")],
    ['failed', '200 instead of 403: an answer', reply(200, answered)],
    [
      'failed',
      '404 ResourceNotFoundException instead of 403: Gone.',
      reply(404, { code: 'ResourceNotFoundException', message: 'Gone.' }),
    ],
    [
      'skipped',
      'denied for another reason: A policy of your AWS organization denies it.',
      denies('A policy of your AWS organization denies it.'),
    ],
  ])('has %s: %s, and leaves the function as it was', async (result, seen, answer) => {
    script.invoke = asking(answer);
    const { variables } = script;
    expect(await outcomeOf(name)).toEqual({ result, seen });
    expect(script.variables).toEqual(variables);
  });

  it('fails where the function itself refuses, which is no denial', async () => {
    expect(await outcomeOf(name)).toMatchObject({
      result: 'failed',
      seen: expect.stringMatching(/^400 InvalidRequest/),
    });
  });
});

describe('the steps of the log', () => {
  it('"the log" fails where a call has no line of JSON, two of them, or a prompt is in one', async () => {
    expect(await outcomeOf('the log')).toMatchObject({ result: 'passed', seen: '1 calls, 1 lines of JSON, no prompt' });
    for (const lines of [
      invocation.filter((line) => !line.startsWith('{')),
      [...invocation, '{"message":"invocation"}'],
      [],
    ]) {
      script.lines = lines;
      expect(await resultOf('the log')).toBe('failed');
    }
    for (const prompt of ['Say yes. marker0', walkthroughEvent().prompt]) {
      vi.useFakeTimers({ toFake: ['Date'], now: 0 });
      script.lines = [...invocation, `the prompt was: ${prompt}`];
      const outcome = await outcomeOf('the log');
      vi.useRealTimers();
      expect(outcome).toEqual({ result: 'failed', seen: '1 lines have a prompt in them' });
    }
  });

  it('"the log" fails where it has fewer calls than gave a reply', async () => {
    const context = contextWith();
    for (let replies = 1; replies <= 2; replies += 1) {
      context.figures.replies = replies;
      const steps = STEPS.filter(({ name }) => name === 'the log').map(({ needs: _, ...alone }) => alone);
      const [outcome] = await runSteps(steps, { ...context, forStep: () => context }, () => undefined);
      expect(outcome).toMatchObject(
        replies === 1
          ? { result: 'passed' }
          : { result: 'failed', seen: '2 replies, 1 calls and 1 lines of JSON in the log' },
      );
    }
  });

  it('"the metrics" fails until each is there under its name, and says nothing while none is', async () => {
    expect(await outcomeOf('the metrics')).toMatchObject({
      result: 'skipped',
      seen: expect.stringMatching(/^none listed/),
    });
    const put = (MetricName: string) =>
      new CloudWatchClient(clientOf(moto)).send(
        new PutMetricDataCommand({
          Namespace: 'BedrockOnLambda',
          MetricData: [{ MetricName, Value: 1, Dimensions: [{ Name: 'functionName', Value: NAME }] }],
        }),
      );
    for (const name of ['coldStarts', 'costUsd', 'inputTokens', 'latencyMs', 'outputTokens']) await put(name);
    expect(await outcomeOf('the metrics')).toMatchObject({
      result: 'failed',
      seen: expect.stringMatching(/: overheadMs$/),
    });
    await put('overheadMs');
    expect(await resultOf('the metrics')).toBe('passed');
  });
});

describe('a run', () => {
  const step = (name: string, run: Step['run'], more: Partial<Step> = {}): Step => ({
    name,
    proves: name,
    run,
    ...more,
  });
  const passes = () => Promise.resolve('seen');
  const fails = () => Promise.reject(new Error('broken'));
  const run = (steps: Step[], isInterrupted?: () => boolean) =>
    runSteps(steps, contextWith(), () => undefined, isInterrupted).then((outcomes) =>
      outcomes.map(({ result, seen }) => [result, seen]),
    );

  it('goes on after a failure, but for the steps that need what failed', async () => {
    expect(await run([step('a', fails), step('b', passes, { needs: 'a' }), step('c', passes)])).toEqual([
      ['failed', 'broken'],
      ['skipped', 'needs "a", which did not pass'],
      ['passed', 'seen'],
    ]);
  });

  it('asks nothing more once the credentials are lost', async () => {
    const expired = Object.assign(new Error('The security token included in the request is expired'), {
      name: 'ExpiredTokenException',
    });
    const [first, second] = await run([step('a', () => Promise.reject(expired)), step('b', passes)]);
    expect(first).toEqual(['failed', expect.stringContaining('credentials have expired')]);
    expect(second).toEqual(['skipped', 'the credentials are lost']);
  });

  it.each(['en', 'ja'] as const)('takes what a command prints in %s for the same', async (language) => {
    const printed = new Error(`deploying\n${troubleText('absent', '')[language]}\n`);
    const [, second] = await run([step('a', () => Promise.reject(printed)), step('b', passes)]);
    expect(second).toEqual(['skipped', 'the credentials are lost']);
  });

  it('skips what is left when it is interrupted', async () => {
    expect(await run([step('a', passes)], () => true)).toEqual([['skipped', 'interrupted']]);
  });

  it('makes no call that was not planned', async () => {
    const call = (context: Context) => context.call({ prompt: 'hi' }).then(() => 'called');
    expect(await run([step('a', call)])).toEqual([['failed', expect.stringContaining('more than was planned')]]);
    const meter = new Meter([{ count: 1, chars: 10, maxTokens: 5 }]);
    expect(() => meter.take(11, 5)).toThrow('more than was planned');
    expect(() => meter.take(10, 6)).toThrow('more than was planned');
    meter.take(10, 5);
    expect(() => meter.take(1, 1)).toThrow('more than was planned');
  });

  it('costs less than $0.20 with the default settings, whatever it makes', () => {
    expect(
      mostUsd(
        STEPS.flatMap(({ calls = [] }) => calls),
        choice,
      ),
    ).toBeLessThan(0.2);
  });

  it('costs at most what its calls, each as long as it may be, cost at the prices of models.json', () => {
    const [model] = choice.models;
    const price = model?.pricePerMillionTokens.output ?? Number.NaN;
    const one = mostUsd([{ count: 1, chars: 0, maxTokens: 1_000_000 }], choice);
    const two = mostUsd([{ count: 2, chars: 0, maxTokens: 1_000_000 }], choice);
    expect(two - one).toBeGreaterThan(price);
    expect(two - one).toBeLessThan(price * 1.01);
  });
});

describe('the removal', () => {
  const cloudformation = () => new CloudFormationClient(clientOf(moto));
  const TemplateBody = JSON.stringify({
    Resources: { Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${NAME}` } } },
  });
  const create = (Value: string) =>
    cloudformation().send(
      new CreateStackCommand({ StackName: NAME, TemplateBody, Tags: [{ Key: 'BedrockOnLambdaVerify', Value }] }),
    );
  const destroy = async () => {
    await cloudformation().send(new DeleteStackCommand({ StackName: NAME }));
    return fine;
  };
  beforeEach(() => vi.stubEnv('AWS_ENDPOINT_URL', moto.url));

  it('leaves a stack of another tag as it is', async () => {
    await create('another');
    const make = vi.fn(destroy);
    expect(await removeThrowaway(contextWith(make))).toMatchObject({
      outcome: { result: 'failed', seen: expect.stringContaining('has not the tag') },
      left: [expect.stringContaining(NAME)],
    });
    expect(make).not.toHaveBeenCalled();
    await destroy();
  });

  it('waits until CloudFormation has updated the stack, which it does not delete before', async () => {
    await create(NAME);
    let left = 2;
    const updating = await startFront(moto, async (asked) => {
      if (asked.operation !== 'DescribeStacks') return undefined;
      const { status, body } = await answerOf(moto, asked);
      const seen = left > 0 ? body.replace('CREATE_COMPLETE', 'UPDATE_IN_PROGRESS') : body;
      left -= 1;
      return { status, headers: { 'content-type': 'text/xml' }, body: seen };
    });
    vi.stubEnv('AWS_ENDPOINT_URL', updating.url);
    const make = vi.fn(() => {
      expect(left).toBeLessThanOrEqual(0);
      return destroy();
    });
    const removal = await removeThrowaway({ ...contextWith(make), patience: 0.01 });
    await updating.stop();
    expect(removal).toMatchObject({ outcome: { result: 'passed' }, left: [] });
  });

  it('of a stack that is looked for by its name asks about no other', async () => {
    await create(NAME);
    const ofOne = await startFront(moto, ({ operation, body }) =>
      operation === 'DescribeStacks' && !new URLSearchParams(body.toString()).has('StackName') ? denied : undefined,
    );
    vi.stubEnv('AWS_ENDPOINT_URL', ofOne.url);
    const found = await throwawayStacks('ap-northeast-1', NAME);
    const all = await throwawayStacks('ap-northeast-1').catch(() => 'denied');
    await ofOne.stop();
    await destroy();
    expect([found.map(({ StackName }) => StackName), all]).toEqual([[NAME], 'denied']);
  });

  it('says what these credentials may not look for', async () => {
    await create(NAME);
    const blind = await startFront(moto, ({ operation }) =>
      /GetResources|DescribeAlarms/.test(operation) ? { ...denied, status: 400 } : undefined,
    );
    vi.stubEnv('AWS_ENDPOINT_URL', blind.url);
    const removal = await removeThrowaway(contextWith(destroy));
    await blind.stop();
    expect(removal).toMatchObject({
      outcome: { result: 'skipped', seen: expect.stringContaining('may not look for alarms, the tag') },
      left: [],
    });
  });

  it('passes where nothing is left, and names what is kept alive', async () => {
    await create(NAME);
    expect(await removeThrowaway(contextWith(destroy))).toMatchObject({ outcome: { result: 'passed' }, left: [] });
    await create(NAME);
    const keeps = async () => {
      await destroy();
      const [logs, logGroup] = [new CloudWatchLogsClient(clientOf(moto)), { logGroupName: `/aws/lambda/${NAME}` }];
      await logs.send(new CreateLogGroupCommand(logGroup));
      onTestFinished(async () => void (await logs.send(new DeleteLogGroupCommand(logGroup))));
      return fine;
    };
    expect(await removeThrowaway(contextWith(keeps))).toMatchObject({
      outcome: { result: 'failed', seen: `left: log group /aws/lambda/${NAME}` },
      left: [`log group /aws/lambda/${NAME}`],
    });
  });

  it("names a batch's bucket and state machine that are kept alive", async () => {
    // By number, so that the bucket's name is part of the path.
    vi.stubEnv('AWS_ENDPOINT_URL_S3', moto.url.replace('localhost', '127.0.0.1'));
    const [Bucket, name] = [`${NAME}-bucket`, `${NAME}-batch`];
    const [roleArn, definition] = [
      `arn:aws:iam::${ACCOUNT}:role/one`,
      '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
    ];
    const Resources = {
      Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: Bucket } },
      Machine: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { StateMachineName: name, DefinitionString: definition, RoleArn: roleArn },
      },
    };
    const createBatch = () =>
      cloudformation().send(
        new CreateStackCommand({
          StackName: NAME,
          TemplateBody: JSON.stringify({ Resources }),
          Tags: [{ Key: 'BedrockOnLambdaVerify', Value: NAME }],
        }),
      );
    await createBatch();
    expect(await removeThrowaway(contextWith(destroy))).toMatchObject({ outcome: { result: 'passed' }, left: [] });
    await createBatch();
    const keeps = async () => {
      await destroy();
      const LocationConstraint = 'ap-northeast-1';
      const s3 = new S3Client({ ...clientOf(moto), forcePathStyle: true });
      await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
      await new SFNClient(clientOf(moto)).send(new CreateStateMachineCommand({ name, definition, roleArn }));
      return fine;
    };
    const left = [`Bucket ${Bucket}`, `StateMachine ${name}`];
    expect((await removeThrowaway(contextWith(keeps))).left.toSorted()).toEqual(left);
  });

  it('says that something is left where the credentials are lost', async () => {
    const expired = await startFront(moto, () => ({
      status: 403,
      headers: { 'content-type': 'text/xml' },
      body: '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>The security token is expired</Message></Error></ErrorResponse>',
    }));
    vi.stubEnv('AWS_ENDPOINT_URL', expired.url);
    const { outcome, left } = await removeThrowaway(contextWith());
    await expired.stop();
    expect(outcome).toMatchObject({ result: 'failed', seen: expect.stringContaining('credentials have expired') });
    expect(left).toEqual([`stack ${NAME}, or parts of it`]);
  });
});

describe('a throwaway', () => {
  it('has a name of its own, which leaves room for its end', () => {
    expect(throwawayName('a-function', 'ci01')).toBe('a-function-verify-ci01');
    expect(() => throwawayName('a'.repeat(53), 'ci01')).toThrow('FUNCTION_NAME takes at most 52 characters');
    expect(() => throwawayName('a-function', 'prod1')).toThrow('SUFFIX takes four small letters or digits');
  });

  it('is a stack with its name and tag, or one of its name with nothing in it yet', () => {
    const tag = (Value: string) => ({ Tags: [{ Key: 'BedrockOnLambdaVerify', Value }] });
    const stack = { StackName: NAME, StackStatus: 'CREATE_COMPLETE' } as const;
    const claimed = { ...stack, StackStatus: 'REVIEW_IN_PROGRESS' } as const;
    const stacks = [
      { ...stack, CreationTime: undefined, ...tag(NAME) },
      { ...claimed, CreationTime: undefined },
      { ...stack, CreationTime: undefined },
      { ...stack, CreationTime: undefined, ...tag('another') },
      { ...claimed, StackName: 'bedrock-titan-function', CreationTime: undefined },
    ];
    expect(stacks.map(isThrowaway)).toEqual([true, true, false, false, false]);
  });

  it('has the settings of the user, but for those that write to somebody, and short answers', () => {
    const settings = throwawaySettings(
      new Map<string, string | number>([
        ['ALARM_EMAIL', 'a@example.com'],
        ['MEMORY', 256],
        ['FUNCTION_NAME', 'mine'],
      ]),
      NAME,
      'ap-northeast-1',
    );
    expect(Object.fromEntries(settings)).toMatchObject({
      MEMORY: 256,
      FUNCTION_NAME: NAME,
      MAX_TOKENS: 64,
      FUNCTION_URL: true,
    });
    expect(settings.has('ALARM_EMAIL')).toBe(false);
  });
});

describe('the pages', () => {
  const NAMES = [...STEPS.map(({ name }) => name), 'make destroy'];

  it.each(['docs/verified.md', 'docs/verified.ja.md'])('%s say what each line proves, and no other', (name) => {
    const rows = readFileSync(join(workspaceDir, name), 'utf8').matchAll(/^\| ([^|`]+) \| [^|]+ \|$/gm);
    expect([...rows].map(([, line]) => line).filter((line) => line !== 'line' && line !== '行')).toEqual(NAMES);
  });

  it('have the table of the reports that are there', () => {
    for (const { name, text } of pagesOf(verifiedDir))
      expect(readFileSync(join(workspaceDir, name), 'utf8')).toBe(text);
  });

  it.each([
    ['README.md', 'nobody has written down here'],
    ['README.ja.md', 'AWS で確認した記録もまだありません'],
  ])('%s says that AWS has not been seen exactly while no report is there', (name, sentence) => {
    const isSaid = readFileSync(join(workspaceDir, name), 'utf8').includes(sentence);
    expect(isSaid).toBe(readReports(verifiedDir).length === 0);
  });
});

describe('the table of reports', () => {
  const report = {
    date: '2026-11-26',
    region: 'ap-northeast-1',
    commit: '0123456789ab',
    versions: {},
    models: ['one'],
    isEmulated: false,
    mostUsd: 0.123,
    minutes: 9,
    figures: { initMs: 9.5, helloInitMs: 5 },
    steps: [{ name: 'a', proves: 'a', result: 'passed' as const, seen: 'seen' }],
  };

  it('has a row for each, and a sentence where there is none', () => {
    expect(tableOf([], 'None.')).toBe('None.\n');
    expect(tableOf([report], 'None.').split('\n')[2]).toBe(
      '| 2026-11-26 | ap-northeast-1 | `0123456789ab` | `one` | 1 | 0 | 0 | $0.12 | 9.5 / 5 ms | – / – ms | – / – ms | – / – ms | – / – MB |',
    );
  });

  it('stands between its marks, and nothing else of the page changes', () => {
    const page = 'before\n<!-- verified: made by make verify -->\nold\n<!-- end -->\nafter\n';
    expect(withTable(page, 'new\n')).toBe(
      'before\n<!-- verified: made by make verify -->\n\nnew\n\n<!-- end -->\nafter\n',
    );
    expect(() => withTable('nothing', 'new\n')).toThrow('has no <!-- verified');
  });
});
