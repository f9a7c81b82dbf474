import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { download, upload } from '../commands/batch/bucket.ts';
import { asBatchError, type Execution } from '../commands/batch/execution.ts';
import { type BatchRecord, recordFile, resultsFile } from '../commands/batch/files.ts';
import { watch } from '../commands/batch/watch.ts';
import { KEYS } from './support/make.ts';
import { type Answer, type Server, startFront } from './support/servers.ts';

// It looks again every two seconds.
vi.setConfig({ testTimeout: 60_000 });

const EXECUTION = 'arn:aws:states:ap-northeast-1:123456789012:execution:batch:one';
const MAP_RUN = 'arn:aws:states:ap-northeast-1:123456789012:mapRun:batch/Rows:run';
const RECORD: BatchRecord = {
  executionArn: EXECUTION,
  stateMachineArn: '',
  bucket: 'bucket',
  key: '',
  functionName: '',
  region: 'ap-northeast-1',
  account: '',
  input: '',
  question: {},
  command: '',
  isStarted: true,
  environment: {},
};

const ok = (body: unknown): Answer => ({ status: 200, body: JSON.stringify(body) });
const failed = (status: number, name: string): Answer => ({ status, body: JSON.stringify({ __type: name }) });

/** What Step Functions shows late or not at all, and S3 may lose half-way: no emulator does either. */
describe('the end of a batch on AWS', () => {
  let aws: Server;
  let directory: string;
  /** What is answered in turn to an operation or a path; the last, as often as it is asked. */
  let script: Record<string, Answer[]>;
  let asked: string[];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'bedrock-results-'));
    asked = [];
    aws = await startFront({ url: '', stop: async () => undefined }, ({ operation, path }) => {
      const name = operation.split('.')[1] ?? path;
      asked.push(name);
      const answers = script[name] ?? [];
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? failed(404, 'NoSuchKey');
    });
    vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await aws.stop();
    rmSync(directory, { recursive: true });
  });

  const output = () => join(directory, 'answers.jsonl');
  const results = () => readFileSync(resultsFile(output(), RECORD), 'utf8');
  const execution = (status: string) => ok({ executionArn: EXECUTION, status, startDate: 1, stopDate: 2 });
  const run = (succeeded: number) => ok({ mapRunArn: MAP_RUN, status: 'SUCCEEDED', itemCounts: { succeeded } });
  const ended = (status: 'SUCCEEDED' | 'ABORTED'): Execution => ({
    status,
    error: undefined,
    seconds: 1,
    mapRun: undefined,
  });
  const bucket = () => ({
    '/bucket/results/run/manifest.json': [ok({ ResultFiles: { SUCCEEDED: [{ Key: 'one' }, { Key: 'two' }] } })],
    '/bucket/one': [{ status: 200, body: '1' }],
    '/bucket/two': [{ status: 200, body: '2' }],
  });

  it('is waited for where a map run is listed, or its rows are counted, a moment late', async () => {
    script = {
      ...bucket(),
      DescribeExecution: [execution('SUCCEEDED')],
      ListMapRuns: [...Array.from({ length: 3 }, () => ok({ mapRuns: [] })), ok({ mapRuns: [{ mapRunArn: MAP_RUN }] })],
      DescribeMapRun: [run(0)],
    };
    await download(RECORD, ended('SUCCEEDED'), output());
    expect(results()).toBe('1\n2\n');
  });

  it('is empty where it ended before a row was done', async () => {
    script = { DescribeExecution: [execution('ABORTED')], ListMapRuns: [ok({ mapRuns: [] })] };
    await download(RECORD, ended('ABORTED'), output());
    expect(results()).toBe('');
  });

  it('is kept once it is whole, and not before', async () => {
    const torn: Answer = { status: 200, body: '2', headers: { 'content-length': '10', connection: 'close' } };
    script = {
      ...bucket(),
      '/bucket/two': [torn],
      DescribeExecution: [execution('SUCCEEDED')],
      ListMapRuns: [ok({ mapRuns: [{ mapRunArn: MAP_RUN }] })],
      DescribeMapRun: [run(2)],
    };
    await expect(download(RECORD, ended('SUCCEEDED'), output())).rejects.toThrow();
    expect(existsSync(resultsFile(output(), RECORD))).toBe(false);
    script = { ...script, ...bucket() };
    await download(RECORD, ended('SUCCEEDED'), output());
    expect(results()).toBe('1\n2\n');
    asked = [];
    // The bucket may have expired since.
    await download(RECORD, ended('SUCCEEDED'), output());
    expect({ asked, results: results() }).toEqual({ asked: [], results: '1\n2\n' });
  });

  it('is whole where two commands fetch it at once', async () => {
    script = {
      ...bucket(),
      DescribeExecution: [execution('SUCCEEDED')],
      ListMapRuns: [ok({ mapRuns: [{ mapRunArn: MAP_RUN }] })],
      DescribeMapRun: [run(2)],
    };
    await Promise.all([1, 2].map(() => download(RECORD, ended('SUCCEEDED'), output())));
    expect(results()).toBe('1\n2\n');
    expect(readdirSync(directory), 'nothing unfinished').toHaveLength(1);
  });

  it('is not waited for where the bucket is gone, as after make destroy', async () => {
    const body = '<Error><Code>NoSuchBucket</Code></Error>';
    script = {
      DescribeExecution: [execution('ABORTED')],
      ListMapRuns: [ok({ mapRuns: [{ mapRunArn: MAP_RUN }] })],
      DescribeMapRun: [run(2)],
      '/bucket/results/run/manifest.json': [{ status: 404, body, headers: { 'content-type': 'application/xml' } }],
    };
    const error = await download(RECORD, ended('ABORTED'), output()).catch((error: unknown) => error);
    writeFileSync(recordFile(output()), '');
    expect(asBatchError(error, RECORD.region, [], output())).toMatchObject({
      message: expect.stringContaining(`of a stack that was removed. To give its results up, remove ${output()}.aws*;`),
    });
  });

  it('has no beginning where the rows are more than S3 takes', async () => {
    const rows = join(directory, 'rows');
    writeFileSync(rows, '');
    truncateSync(rows, 6 * 1024 ** 3);
    await expect(upload(rows, RECORD, new AbortController().signal)).rejects.toThrow(
      'The rows to be asked are 6.0 GiB, and S3 takes 5 GiB in one request. Nothing was started. Make two files of the input.',
    );
    expect(asked).toEqual([]);
  });

  it('is watched for through what passes, and not through a denial', async () => {
    const execute = [
      failed(400, 'ExecutionDoesNotExist'),
      failed(400, 'ThrottlingException'),
      failed(503, 'ServiceUnavailable'),
      execution('SUCCEEDED'),
    ];
    script = { DescribeExecution: execute, ListMapRuns: [ok({ mapRuns: [] })] };
    const { signal } = new AbortController();
    expect(await watch(RECORD, signal)).toMatchObject({ status: 'SUCCEEDED' });
    for (const name of ['AccessDeniedException', 'ExpiredTokenException']) {
      script = { DescribeExecution: [failed(400, name)] };
      await expect(watch(RECORD, signal)).rejects.toMatchObject({ name });
    }
  });
});
