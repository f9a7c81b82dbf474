import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  ListMapRunsCommand,
  paginateListExecutions,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { clearBatch } from '../commands/deploy/clear-batch.ts';
import { bootstrapFile } from '../lib/paths.ts';
import { environmentOf } from '../lib/settings/function-environment.ts';
import { clientOf } from './support/account.ts';
import { definitionIn } from './support/definition.ts';
import { debugDir } from './support/deployed-function.ts';
import { KEYS } from './support/make.ts';
import { type Server, startBedrockLocal, startMinistack } from './support/servers.ts';
import { stackOf, table } from './support/stack.ts';
import { outcomeOf, tool } from './support/tools.ts';

// A busy machine takes its time to load an emulator.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const NAME = 'bedrock-titan-function';
const [BUCKET, ROLE] = ['rows', 'arn:aws:iam::000000000000:role/any'];
const FUNCTION_ARN = `arn:aws:lambda:ap-northeast-1:000000000000:function:${NAME}`;

/** What the emulator stands for: the machine's definition is the template's own, and the function is the one that is deployed. */
interface Account {
  readonly server: Server;
  readonly bedrock: Server;
  readonly sfn: SFNClient;
  readonly stateMachineArn: string;
}

/** Starts both stand-ins, and makes what the template makes. */
async function accountWith(directory: string, faults: readonly string[]): Promise<Account> {
  const options = ['--no-verify-signatures', ...faults.flatMap((fault) => ['--fault', fault])];
  const [server, bedrock] = await Promise.all([
    startMinistack(),
    startBedrockLocal(join(debugDir, 'bedrock-local'), options),
  ]);
  const client = clientOf(server);
  await new S3Client({ ...client, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: BUCKET }));
  const models = table.models.filter(({ id }) => id === table.default);
  await new LambdaClient(client).send(
    new CreateFunctionCommand({
      FunctionName: NAME,
      Role: ROLE,
      Runtime: 'provided.al2023',
      Handler: 'bootstrap',
      Timeout: 60,
      Code: { ZipFile: await zipped(directory) },
      Environment: {
        Variables: { ...environmentOf({ timeoutSeconds: 60 }, models), AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock.url },
      },
    }),
  );
  const sfn = new SFNClient(client);
  return { server, bedrock, sfn, stateMachineArn: await machine(sfn, 'Batch') };
}

async function zipped(directory: string): Promise<Uint8Array> {
  const [file, zip] = [join(directory, 'bootstrap'), join(directory, 'code.zip')];
  copyFileSync(bootstrapFile, file);
  const { status, stderr } = await outcomeOf(tool('python'), ['-m', 'zipfile', '-c', zip, file]);
  if (status !== 0) throw new Error(stderr);
  return readFileSync(zip);
}

type Definition = Record<string, unknown>;

/** The brake without its first step, and with pages of one execution. */
function inShortPages(definition: Definition): Definition {
  const task = z.looseObject({ Parameters: z.record(z.string(), z.unknown()) });
  const States = Object.entries(z.record(z.string(), z.unknown()).parse(definition.States)).map(([name, state]) => {
    const parsed = /^List/.test(name) ? task.parse(state) : undefined;
    return [name, parsed ? { ...parsed, Parameters: { ...parsed.Parameters, MaxResults: 1 } } : state];
  });
  return { ...definition, StartAt: 'List', States: Object.fromEntries(States) };
}

/** Makes that construct's state machine, from the template of the stack. `change` spares the emulator what it has not. */
async function machine(
  sfn: SFNClient,
  construct: string,
  change = (definition: Definition): Definition => definition,
  batch = '',
): Promise<string> {
  const template = Template.fromStack(stackOf({ BATCH: '1', DAILY_LIMIT_USD: '5' }));
  const names: readonly [RegExp, string][] = [
    [/^BedrockFunction/, FUNCTION_ARN],
    [/^BatchBucket/, BUCKET],
    [/^BatchStateMachine/, batch],
  ];
  const definition = definitionIn(template, construct, (id) => names.find(([pattern]) => pattern.test(id))?.[1] ?? id);
  const { stateMachineArn = '' } = await sfn.send(
    new CreateStateMachineCommand({
      name: construct,
      definition: JSON.stringify(change(definition)),
      roleArn: ROLE,
    }),
  );
  return stateMachineArn;
}

async function started({ server, sfn, stateMachineArn }: Account, rows: readonly unknown[]): Promise<string> {
  await new S3Client({ ...clientOf(server), forcePathStyle: true }).send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: 'input/rows.jsonl',
      Body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
    }),
  );
  const input = JSON.stringify({ key: 'input/rows.jsonl' });
  return (await sfn.send(new StartExecutionCommand({ stateMachineArn, input }))).executionArn ?? '';
}

/** Waits for the end of an execution, as often as it takes. */
async function ended(sfn: SFNClient, executionArn: string) {
  for (;;) {
    const execution = await sfn.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const row = z.looseObject({ id: z.union([z.string(), z.number()]).optional(), statusCode: z.number().optional() });

/** What came of the rows. The emulator ignores `ResultWriter`, and gives them as the execution's output, in their order. */
async function resultsOf(account: Account, rows: readonly unknown[]) {
  const execution = await ended(account.sfn, await started(account, rows));
  expect(execution).toMatchObject({ status: 'SUCCEEDED' });
  return { execution, results: z.array(row).parse(JSON.parse(execution.output ?? '')) };
}

async function mapRunOf(sfn: SFNClient, executionArn: string | undefined): Promise<string | undefined> {
  const { mapRuns } = await sfn.send(new ListMapRunsCommand({ executionArn }));
  return mapRuns?.[0]?.mapRunArn;
}

/** The events of each row's own execution. AWS lists none of an Express workflow; the emulator does. */
async function historiesOf(sfn: SFNClient, executionArn: string | undefined): Promise<HistoryEvent[][]> {
  const histories: HistoryEvent[][] = [];
  const mapRunArn = await mapRunOf(sfn, executionArn);
  for await (const { executions = [] } of paginateListExecutions({ client: sfn }, { mapRunArn }))
    for (const child of executions) {
      const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn: child.executionArn }));
      histories.push(events);
    }
  return histories;
}

/** The errors of all attempts at all rows. */
async function failuresOf(sfn: SFNClient, executionArn: string | undefined): Promise<string[]> {
  const events = (await historiesOf(sfn, executionArn)).flat();
  return events.flatMap(({ taskFailedEventDetails: failed }) => failed?.error ?? []);
}

/** The milliseconds from each failed attempt at a row to the next attempt. */
function waitsOf(events: readonly HistoryEvent[]): number[] {
  return events.flatMap(({ type, timestamp }, n) => {
    const next = events[n + 1];
    return type === 'TaskFailed' && next?.type === 'TaskScheduled' ? [Number(next.timestamp) - Number(timestamp)] : [];
  });
}

const prompts = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ task: { id: n, prompt: `Row ${n}`, maxTokens: 10 } }));

/**
 * The machine as ministack executes it, from the definition of the template. It ignores, without a word, `ResultWriter`
 * (the results come inline), `ItemBatcher`, `MaxDelaySeconds` and `JitterStrategy` of a `Retry`, the five minutes of an Express workflow, and roles.
 */
describe('the state machine of a batch', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bedrock-batch-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  async function withAccount(faults: readonly string[], act: (account: Account) => Promise<void>): Promise<void> {
    const account = await accountWith(directory, faults);
    try {
      await act(account);
    } finally {
      await Promise.all([account.server.stop(), account.bedrock.stop()]);
    }
  }

  it('answers every row, as often as it stands there', async () => {
    await withAccount([], async (own) => {
      const { execution, results } = await resultsOf(own, prompts(40));
      expect(results).toHaveLength(40);
      for (const [n, result] of results.entries())
        expect(result).toMatchObject({ id: n, statusCode: 200, text: expect.stringMatching(/./), usage: {} });
      const mapRunArn = await mapRunOf(own.sfn, execution.executionArn);
      const { itemCounts, maxConcurrency } = await own.sfn.send(new DescribeMapRunCommand({ mapRunArn }));
      expect({ itemCounts, maxConcurrency }).toMatchObject({
        itemCounts: { total: 40, succeeded: 40, failed: 0 },
        maxConcurrency: 8,
      });
    });
  });

  it('is asked again by the machine for a row that Bedrock throttled, and gets its answer', async () => {
    // An invocation of the function takes three of these before it fails, and each that succeeds took two at most.
    await withAccount(['throttle:30'], async (own) => {
      const { execution, results } = await resultsOf(own, prompts(12));
      expect(results.map(({ id, statusCode }) => [id, statusCode])).toEqual(prompts(12).map((_, n) => [n, 200]));
      const failures = await failuresOf(own.sfn, execution.executionArn);
      expect(new Set(failures)).toEqual(new Set(['ThrottlingException']));
      expect(failures.length).toBeGreaterThanOrEqual(4);
      expect(failures.length).toBeLessThanOrEqual(10);
    });
  });

  it('asks less while Bedrock throttles, because a row waits in its place, twice as long each time, and gets every answer', async () => {
    // Three for each attempt at a row that fails.
    await withAccount(['throttle:100'], async (own) => {
      const { execution, results } = await resultsOf(own, prompts(40));
      expect(results.map(({ statusCode }) => statusCode)).toEqual(prompts(40).map(() => 200));
      const waiting = (await historiesOf(own.sfn, execution.executionArn))
        .map(waitsOf)
        .filter(({ length }) => length > 0);
      expect(waiting.length, 'no other row is asked in place of one that waits').toBeLessThanOrEqual(8);
      expect(Math.max(...waiting.map(({ length }) => length))).toBeGreaterThanOrEqual(4);
      // From two seconds on; the emulator's last a hundredth, and are not random. Each end is cut to a millisecond.
      for (const waits of waiting)
        for (const [n, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(20 * 2 ** n - 1);
    });
  });

  it('has a row in its result for each that is wrong, asked once', async () => {
    await withAccount([], async (own) => {
      const task = { id: 'good', prompt: 'hi' };
      const { execution, results } = await resultsOf(own, [
        { task },
        { task: { ...task, id: 'bad', maxTokens: -1 } },
        { task: { id: 'empty' } },
        { prompt: 'not in a task' },
        { task: { ...task, id: 'last' } },
      ]);
      expect(results).toEqual([
        expect.objectContaining({ id: 'good', statusCode: 200 }),
        expect.objectContaining({ id: 'bad', statusCode: 400, code: 'InvalidRequest' }),
        expect.objectContaining({ id: 'empty', statusCode: 400, message: 'No user prompt provided' }),
        { code: 'States.QueryEvaluationError', message: expect.stringContaining('$states.input.task') },
        expect.objectContaining({ id: 'last', statusCode: 200 }),
      ]);
      expect(await failuresOf(own.sfn, execution.executionArn)).toEqual(['States.QueryEvaluationError']);
    });
  });

  it('has a row in its result for each that failed in every attempt', async () => {
    await withAccount(['error:ServiceUnavailableException'], async (own) => {
      const { execution, results } = await resultsOf(own, prompts(2));
      const message = 'Bedrock has no capacity for';
      expect(results).toEqual(
        [0, 1].map((id) => ({ id, code: 'ServiceUnavailableException', message: expect.stringContaining(message) })),
      );
      expect(await failuresOf(own.sfn, execution.executionArn)).toHaveLength(2 * 9);
    });
  });

  it('is ended by the brake, which goes through all pages of what runs', async () => {
    await withAccount(['silent'], async (own) => {
      const batches = [await started(own, prompts(2)), await started(own, prompts(2)), await started(own, prompts(2))];
      // The emulator has no putFunctionConcurrency for tasks: brake.test.ts has the first step executed by moto. Its pages are long.
      const stateMachineArn = await machine(own.sfn, 'Brake', inShortPages, own.stateMachineArn);
      const { executionArn = '' } = await own.sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
      expect(await ended(own.sfn, executionArn)).toMatchObject({ status: 'SUCCEEDED' });
      for (const batch of batches)
        expect(await ended(own.sfn, batch)).toMatchObject({ status: 'ABORTED', error: 'DailyLimitReached' });
    });
  });

  it('is ended by make destroy, which removes all its files, more than a page of them, before the bucket', async () => {
    await withAccount(['silent'], async (own) => {
      const batch = await started(own, prompts(2));
      const s3 = new S3Client({ ...clientOf(own.server), forcePathStyle: true });
      const keys = Array.from({ length: 1001 }, (_, n) => `results/run/${n}.jsonl`);
      for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '{}' }));
      const outputs = { BatchBucket: BUCKET, BatchStateMachine: own.stateMachineArn };
      const stack = {
        StackName: NAME,
        CreationTime: undefined,
        StackStatus: undefined,
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      };
      const target = { account: '000000000000', region: 'ap-northeast-1', stackName: NAME };
      vi.stubEnv('AWS_ENDPOINT_URL', own.server.url);
      vi.stubEnv('CI', 'true');
      for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
      try {
        expect(await clearBatch(target, stack), 'nobody is asked where there is no terminal').toBe(false);
        expect(await clearBatch(target, { ...stack, Outputs: [] }), 'of a stack without a batch').toBe(false);
        const gone = stack.Outputs.map((output) => ({ ...output, OutputValue: `${output.OutputValue}-gone` }));
        expect(await clearBatch(target, { ...stack, Outputs: gone }), 'of one whose removal failed half-way').toBe(
          false,
        );
      } finally {
        vi.unstubAllEnvs();
      }
      expect(await ended(own.sfn, batch)).toMatchObject({ status: 'ABORTED' });
      expect((await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).KeyCount).toBe(0);
    });
  });
});
