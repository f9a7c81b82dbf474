import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { paginateListExecutions, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { workspaceDir } from '../lib/paths.ts';
import { clientOf, reserve } from './support/account.ts';
import { debugDir } from './support/deployed-function.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { startWithResultWriter } from './support/result-writer.ts';
import { answerOf, type Server, startBedrockLocal, startFront, startMinistack } from './support/servers.ts';

// `make deploy` asks cargo whether the artifact is still that of the sources, and cargo may be waiting for another cargo.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const NAME = 'bedrock-titan-function';
const STATE_MACHINE = `arn:aws:states:ap-northeast-1:000000000000:stateMachine:${NAME}-batch`;
const PROGRAM = join(debugDir, 'bedrock-local');
const answerLine = z.looseObject({
  id: z.union([z.string(), z.number()]),
  statusCode: z.number(),
  text: z.string().optional(),
  code: z.string().optional(),
});
const record = z.object({ executionArn: z.string() });

/** `make batch` and its neighbours from end to end, on one deployment. */
describe('a batch on AWS', () => {
  let machine: Machine;
  let ministack: Server;
  let account: Server;
  let bedrock: Server;
  let files: { input: string; output: string };
  let count = 0;
  beforeAll(async () => {
    machine = newMachine();
    ministack = await startMinistack();
    account = await startWithResultWriter(ministack);
    bedrock = await startBedrockLocal(PROGRAM, ['--no-verify-signatures']);
    expect(await make('bootstrap')).toMatchObject({ status: 0 });
    expect(await make('deploy')).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await Promise.all([account?.stop(), bedrock?.stop()]);
    await ministack?.stop();
    machine?.remove();
  });
  beforeEach(() => {
    count += 1;
    files = {
      input: join(machine.directory, `${count}.jsonl`),
      output: join(machine.directory, `answers-${count}.jsonl`),
    };
  });

  const environment = ({ url } = account) => ({ ...KEYS, AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_S3: url });
  const make = (...args: string[]) => machine.make(args, environment());
  const named = () => [`INPUT=${files.input}`, `OUTPUT=${files.output}`];
  const batch = (...args: string[]) => make('batch', ...named(), ...args);
  const batchThrough = (front: Server) => machine.make(['batch', ...named()], environment(front));
  /** The files beside the output. */
  const beside = () => readdirSync(machine.directory).filter((name) => name.startsWith(`${basename(files.output)}.`));
  const sfn = () => new SFNClient(clientOf(ministack));
  const isRecorded = () => existsSync(`${files.output}.aws`);
  const executionArn = () => record.parse(JSON.parse(readFileSync(`${files.output}.aws`, 'utf8'))).executionArn;

  function write(rows: readonly object[]): void {
    writeFileSync(files.input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  const prompts = (number: number): object[] =>
    Array.from({ length: number }, (_, n) => ({ id: `row-${n}`, prompt: `Row ${n}`, maxTokens: 10 }));

  const answers = () =>
    readFileSync(files.output, 'utf8')
      .trim()
      .split('\n')
      .map((line) => answerLine.parse(JSON.parse(line)));

  async function executions(): Promise<string[]> {
    const arns: string[] = [];
    for await (const page of paginateListExecutions({ client: sfn() }, { stateMachineArn: STATE_MACHINE }))
      arns.push(...(page.executions ?? []).flatMap((one) => one.executionArn ?? []));
    return arns;
  }

  /** Removes the files beside the output. */
  function clear(): void {
    for (const name of beside()) rmSync(join(machine.directory, name));
  }

  /** Has the deployed function ask that stand-in. */
  async function asking(url: string): Promise<void> {
    const lambda = new LambdaClient(clientOf(ministack));
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: NAME }));
    const Variables = { ...Environment?.Variables, AWS_ENDPOINT_URL_BEDROCK_RUNTIME: url };
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: NAME, Environment: { Variables } }));
  }

  /** Has the deployed function ask a stand-in that never answers its first requests; all of them, without a number. */
  async function askingASilent(requests?: number): Promise<void> {
    const fault = requests === undefined ? 'silent' : `silent:${requests}`;
    const silent = await startBedrockLocal(PROGRAM, ['--no-verify-signatures', '--fault', fault]);
    onTestFinished(silent.stop);
    await asking(silent.url);
  }

  /** Has the deployed function ask a stand-in that answers nothing until it is released. */
  async function askingAHeld(): Promise<{ release: () => void }> {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const held = await startFront(bedrock, async () => {
      await released;
      return undefined;
    });
    onTestFinished(held.stop);
    await asking(held.url);
    return { release };
  }

  const status = async () =>
    z
      .array(z.looseObject({ status: z.string(), done: z.number().nullable() }))
      .parse(JSON.parse((await make('batch-status', 'JSON=1', `OUTPUT=${files.output}`)).stdout))[0];

  /** Runs `make batch`, and does something the moment that the results are fetched. */
  async function batchWhoseEnd(act: () => void) {
    const front = await startFront(account, ({ path }) => {
      if (path.endsWith('/manifest.json')) act();
      return undefined;
    });
    onTestFinished(front.stop);
    return batchThrough(front);
  }

  /** Runs `make batch`, and does something once it has said that. */
  async function batchUntil(said: RegExp, act: (group: number) => void, through = account) {
    const child = spawn('make', ['--silent', 'batch', ...named()], {
      cwd: workspaceDir,
      env: { ...machine.environment, PATH: process.env.PATH, HOME: process.env.HOME, ...environment(through) },
      // A group of its own, as a terminal has one for each command, gets a signal.
      detached: true,
    });
    let [stderr, acted] = ['', false];
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
      if (acted || !said.test(stderr)) return;
      acted = true;
      act(child.pid ?? 0);
    });
    const [status] = await once(child, 'close');
    return { status, stderr };
  }

  /** Begins a batch, and presses Ctrl-C once it runs. */
  const interrupted = () =>
    batchUntil(/started {3}.*leaves it running\n/, (group) => void process.kill(-group, 'SIGINT'));

  it('is refused of a deployment without BATCH=1, which says what to deploy', async () => {
    write(prompts(1));
    expect(await batch()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        `${NAME} in ap-northeast-1 was deployed without BATCH=1. Run make deploy BATCH=1 with its other settings, or use TARGET=local to ask the function on this machine.\n`,
      ),
    });
    expect(await batch('TARGET=local')).toMatchObject({ status: 0, stderr: expect.stringContaining('a stand-in') });
  });

  it('answers every prompt in the order of the input', async () => {
    expect(await make('deploy', 'BATCH=1', 'MAX_CONCURRENCY=4')).toMatchObject({ status: 0 });
    await asking(bedrock.url);
    write(prompts(30));
    const { status, stdout, stderr } = await batch('JSON=1');
    expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('answered  30 of 30') });
    expect(stderr).toContain('about 24 seconds at 4 at once');
    expect(JSON.parse(stdout)).toMatchObject({ rows: 30, answered: 30, missing: 0, run: { answered: 30 } });
    expect(answers().map(({ id, statusCode }) => [id, statusCode])).toEqual(
      prompts(30).map((_, n) => [`row-${n}`, 200]),
    );
    expect(isRecorded()).toBe(false);
  });

  it('asks only what has no answer, and nothing where all have one', async () => {
    write([...prompts(2), { id: 'unknown', prompt: 'Row', modelId: 'no.such-model' }]);
    const before = await executions();
    const refused = await batch();
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('\n  line 3: ') });
    expect(await executions(), 'nothing was started').toEqual(before);
    write(prompts(2));
    expect(await batch()).toMatchObject({ status: 0 });
    write(prompts(3));
    const { stderr } = await batch();
    expect(stderr).toContain('prompts   3, 2 answered before, 1 to ask\n');
    expect(stderr).toMatch(/\nstarted {3}1 prompt, execution [-0-9a-f]{36}; Ctrl-C leaves it running\n/);
    expect(stderr).toContain('answered  3 of 3, 1 now in ');
    const after = await executions();
    expect(await batch()).toMatchObject({ status: 0, stderr: expect.stringContaining('answered  3 of 3, 0 now') });
    expect(await executions()).toEqual(after);
    expect(answers()).toHaveLength(3);
  });

  it.each([
    ['FAULT=throttle:1', 'FAULT and UPSTREAM are for the local stand-in'],
    ['CONCURRENCY=2', 'CONCURRENCY is of the local run'],
    ['MODEL=apac.amazon.nova-micro-v1:0', 'MODEL is of the local run'],
    ['TARGET=mars', 'The target "mars" is neither local nor aws. Give one of the two.'],
  ])('takes no %s', async (typed, sentence) => {
    expect(await batch(typed)).toMatchObject({ status: 2, stderr: expect.stringContaining(sentence) });
  });

  it('may cost more than COST_LIMIT_USD only with YES=1', async () => {
    write(prompts(2));
    const before = await executions();
    expect(await batch('COST_LIMIT_USD=0.00001')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('more than COST_LIMIT_USD=0.00001; nothing was sent.'),
    });
    expect(await executions()).toEqual(before);
    expect(await batch('COST_LIMIT_USD=0.00001', 'YES=1')).toMatchObject({ status: 0 });
  });

  it('goes on where Ctrl-C was pressed, and the same command comes back to it and asks nothing twice', async () => {
    write(prompts(12));
    const held = await askingAHeld();
    const { status: code, stderr } = await interrupted();
    expect(code).not.toBe(0);
    expect(stderr).toContain('stopped   watching; the batch still runs on AWS, and is paid for\n');
    expect(stderr).toContain(`make batch INPUT=${files.input} OUTPUT=${files.output} comes back to it\n`);
    const before = await executions();
    expect(await status()).toMatchObject({ status: 'RUNNING', error: null, done: 0 });
    expect(await make('batch', 'INPUT=other.jsonl', `OUTPUT=${files.output}`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`A batch on AWS with another input answers that output: ${files.input}.`),
    });
    expect(await batch('SCHEMA=events/schema/orders.json')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        `Come back to it with make batch INPUT=${files.input} OUTPUT=${files.output}, or give another OUTPUT.`,
      ),
    });
    // As Step Functions has it 90 days after the end.
    const forgotten = readFileSync(`${files.output}.aws`, 'utf8').replace(executionArn(), `${executionArn()}0`);
    const other = `${files.output}.other`;
    writeFileSync(`${other}.aws`, forgotten);
    const lost = await make('batch', `INPUT=${files.input}`, `OUTPUT=${other}`);
    expect(lost.stderr).toContain('Step Functions no longer knows that batch');
    expect(lost.stderr, 'of make').toMatch(/Error 6\n/);
    expect(existsSync(`${other}.aws`), 'what is paid for is not given up').toBe(true);
    // The input has grown since.
    write(prompts(13));
    const back = await batchUntil(/a batch that was begun before\n/, held.release);
    expect(back).toMatchObject({ status: 2, stderr: expect.stringContaining('missing   1 have no result') });
    expect(await executions(), 'no row is asked twice').toEqual(before);
    expect(isRecorded()).toBe(false);
    expect(await batch()).toMatchObject({ status: 0, stderr: expect.stringContaining('12 answered before, 1 to ask') });
    expect(answers().map(({ id, statusCode }) => [id, statusCode])).toEqual(
      prompts(13).map((_, n) => [`row-${n}`, 200]),
    );
  });

  it('leaves nothing behind where Ctrl-C is pressed while the rows are uploaded', async () => {
    write(prompts(2));
    let arrive = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const held = await startFront(account, ({ method, path }) => {
      if (method !== 'PUT' || !path.includes('/input/')) return undefined;
      arrive();
      return 'never';
    });
    onTestFinished(held.stop);
    const before = await executions();
    const press = async (group: number) => {
      await arrived;
      process.kill(-group, 'SIGINT');
    };
    const { stderr } = await batchUntil(/\ntime /, (group) => void press(group), held);
    expect(stderr).toContain('stopped   nothing was started\n');
    expect(beside()).toEqual([]);
    expect(await executions()).toEqual(before);
  });

  it('is begun once where the answer to its start is lost', async () => {
    write(prompts(2));
    await asking(bedrock.url);
    let starts = 0;
    const losing = await startFront(account, async (asked) => {
      if (!asked.operation.endsWith('.StartExecution')) return undefined;
      starts += 1;
      const answer = await answerOf(account, asked);
      return starts === 1 ? { status: 503, body: '{}' } : answer;
    });
    onTestFinished(losing.stop);
    const before = await executions();
    expect(await batchThrough(losing)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('answered  2 of 2, 2 now'),
    });
    expect(starts).toBe(2);
    expect(await executions()).toHaveLength(before.length + 1);
  });

  it('keeps results that could not be merged, and needs AWS no more for them', async () => {
    write(prompts(2));
    await asking(bedrock.url);
    expect(await batchWhoseEnd(() => writeFileSync(files.input, 'none'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`The results are kept beside ${files.output}, with ${files.output}.aws.\n`),
    });
    write(prompts(2));
    const nobody = await startFront(account, () => ({ status: 500, body: '{}' }));
    await nobody.stop();
    expect(await batchThrough(nobody)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('answered  2 of 2, 0 now'),
    });
    expect(beside()).toEqual([]);
  });

  it('is left to another command that has fetched it meanwhile', async () => {
    write(prompts(2));
    expect(await batchWhoseEnd(clear)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Another command has fetched the results of that batch meanwhile.'),
    });
    expect(beside()).toEqual([]);
  });

  it('keeps what was answered until make batch-stop, and the same command asks the rest', async () => {
    write(prompts(12));
    await askingASilent(2);
    await interrupted();
    await vi.waitUntil(async () => (await status())?.done === 10, { timeout: 60_000, interval: 100 });
    const stopped = await make('batch-stop', `OUTPUT=${files.output}`);
    expect(stopped).toMatchObject({ status: 0, stderr: expect.stringContaining('Stopped: no more rows are asked') });
    expect(await status()).toMatchObject({ status: 'ABORTED', error: 'Stopped', done: 10 });
    const { status: code, stdout, stderr } = await batch('JSON=1');
    expect(JSON.parse(stdout), 'one summary').toMatchObject({ answered: 12, missing: 0 });
    expect(stderr).toContain('stopped   the batch was ended by make batch-stop, or make stop\n');
    expect(stderr).toContain('missing   2 have no result');
    expect(stderr).toContain('prompts   12, 10 answered before, 2 to ask\n');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('answered  12 of 12, 2 now') });
    expect(answers().map(({ id }) => id)).toEqual(prompts(12).map((_, n) => `row-${n}`));
    expect(await make('batch-stop', `OUTPUT=${files.output}`)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('No batch on AWS answers that output'),
    });
  });

  it('says that the brake ended it, keeps what it has, and starts nothing of a function that is stopped', async () => {
    write(prompts(8));
    await askingASilent(2);
    await interrupted();
    await vi.waitUntil(async () => (await status())?.done === 6, { timeout: 60_000, interval: 100 });
    // As the brake does.
    await reserve(ministack, NAME, 0);
    await sfn().send(new StopExecutionCommand({ executionArn: executionArn(), error: 'DailyLimitReached' }));
    const before = await executions();
    const { status: code, stderr } = await batch();
    expect(stderr).toContain('brake     the estimated cost of 24 hours reached DAILY_LIMIT_USD');
    expect(stderr).toContain('answered  6 of 8, 6 now');
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`${NAME} is stopped, and would refuse every row`),
    });
    expect(await executions()).toEqual(before);
    expect(await make('resume')).toMatchObject({ status: 0 });
    expect(await batch()).toMatchObject({ status: 0, stderr: expect.stringContaining('answered  8 of 8, 2 now') });
  });

  it('is ended by make stop', async () => {
    write(prompts(2));
    await askingASilent();
    await interrupted();
    await reserve(ministack, NAME, 3);
    const denying = await startFront(account, ({ operation }) =>
      operation.endsWith('.ListExecutions')
        ? { status: 400, body: JSON.stringify({ __type: 'AccessDeniedException' }) }
        : undefined,
    );
    onTestFinished(denying.stop);
    const denied = await machine.make(['stop'], { ...environment(), AWS_ENDPOINT_URL: denying.url });
    expect(denied).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/A reserved concurrency of 3 was set by hand: .*Allow states:ListExecutions/s),
    });
    const { status: code, stderr } = await make('stop');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('\nEnded 1 batch too: ') });
    expect(await status()).toMatchObject({ status: 'ABORTED', error: 'Stopped' });
    expect(await make('resume')).toMatchObject({ status: 0 });
  });

  it('is no more after make destroy, and its record says so until somebody gives it up', async () => {
    write(prompts(2));
    await askingASilent();
    await interrupted();
    expect(await make('destroy')).toMatchObject({ status: 0 });
    expect(await batch()).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`A batch on AWS answers that output: ${files.output}.aws says which.`),
    });
    const commands = ['batch-status', 'batch-stop'].map((name) => [name, `OUTPUT=${files.output}`]);
    for (const command of [['batch', ...named(), 'TARGET=aws'], ...commands]) {
      const { status, stderr } = await make(...command);
      expect({ command, status, stderr }).toMatchObject({
        status: 2,
        stderr: expect.stringContaining(
          `Step Functions no longer knows that batch: it forgets one 90 days after its end, and all of a stack that was removed. To give its results up, remove ${files.output}.aws*; the same command then asks what has no answer.\n`,
        ),
      });
    }
    expect(beside()).toContain(`${basename(files.output)}.aws`);
    clear();
    expect(await batch()).toMatchObject({ status: 0, stderr: expect.stringContaining('a stand-in') });
    const { Buckets = [] } = await new S3Client({ ...clientOf(ministack), forcePathStyle: true }).send(
      new ListBucketsCommand({}),
    );
    expect(Buckets.filter(({ Name }) => Name?.includes('batch'))).toEqual([]);
    write(prompts(1));
    expect(await batch('TARGET=aws')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('No deployment is recorded here. Run make deploy BATCH=1 first'),
    });
  });
});
