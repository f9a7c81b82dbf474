import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  DescribeMapRunCommand,
  type DescribeMapRunCommandOutput,
  DescribeStateMachineCommand,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { parseJson } from '../../commands/shared/json.ts';
import { clientOf } from './account.ts';
import { type Answer, type Asked, type Server, startFront } from './servers.ts';

/**
 * Stands before ministack, and does what AWS does and ministack leaves out: where an execution is ended, its map run ends; with a state
 * machine, its executions are gone; and `ResultWriter` writes a manifest and files of JSON Lines, by Step Functions' guide, "ResultWriter". They are written when
 * the manifest is asked for: `COMPACT` has what a row's execution returned, and of one that failed or was ended the execution itself.
 */
export async function startWithResultWriter(ministack: Server): Promise<Server> {
  const sfn = new SFNClient(clientOf(ministack));
  const s3 = new S3Client({ ...clientOf(ministack), forcePathStyle: true });
  /** ARNs of the map runs that were asked about, by the last part of each. */
  const mapRuns = new Map<string, string>();

  async function mapRun(mapRunArn: string) {
    const run = await sfn.send(new DescribeMapRunCommand({ mapRunArn }));
    const { status, stopDate } = await sfn.send(new DescribeExecutionCommand({ executionArn: run.executionArn }));
    const isEnded = status === 'ABORTED';
    const rows: Row[] = [];
    for await (const { executions = [] } of paginateListExecutions({ client: sfn }, { mapRunArn }))
      for (const { executionArn } of executions) {
        const row = await sfn.send(new DescribeExecutionCommand({ executionArn }));
        rows.push(isEnded && isLater(row.stopDate, stopDate) ? { ...row, status: 'ABORTED' } : row);
      }
    return { run, isEnded, rows };
  }

  async function write(bucket: string, prefix: string): Promise<void> {
    const arn = mapRuns.get(prefix.split('/').at(-1) ?? '') ?? '';
    const { run, rows } = await mapRun(arn);
    if (run.status === 'RUNNING' && rows.every(({ status }) => status !== 'ABORTED')) return;
    const put = (Key: string, lines: readonly string[]) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: lines.map((line) => `${line}\n`).join('') }));
    const [done, other] = [rows.filter(isDone), rows.filter((row) => !isDone(row))];
    const files = { SUCCEEDED: `${prefix}/SUCCEEDED_0.jsonl`, FAILED: `${prefix}/FAILED_0.jsonl` };
    // In no order.
    if (done.length > 0) await put(files.SUCCEEDED, done.map(({ output = '' }) => output).reverse());
    if (other.length > 0) await put(files.FAILED, other.map(asFailed));
    const listed = (rowsOf: readonly Row[], Key: string) => (rowsOf.length > 0 ? [{ Key, Size: 1 }] : []);
    const ResultFiles = {
      FAILED: listed(other, files.FAILED),
      PENDING: [],
      SUCCEEDED: listed(done, files.SUCCEEDED),
    };
    await put(`${prefix}/manifest.json`, [JSON.stringify({ DestinationBucket: bucket, MapRunArn: arn, ResultFiles })]);
  }

  async function unlessGone(body: Buffer): Promise<Answer | undefined> {
    const { executionArn } = z.object({ executionArn: z.string() }).parse(parseJson(body.toString()));
    const stateMachineArn = executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]*$/, '');
    return sfn.send(new DescribeStateMachineCommand({ stateMachineArn })).then(
      () => undefined,
      () => ({ status: 400, body: JSON.stringify({ __type: 'ExecutionDoesNotExist' }) }),
    );
  }

  async function describedIfEnded(body: Buffer): Promise<Answer | undefined> {
    const { mapRunArn } = z.object({ mapRunArn: z.string() }).parse(parseJson(body.toString()));
    mapRuns.set(mapRunArn.split(':').at(-1) ?? '', mapRunArn);
    const { run, isEnded, rows } = await mapRun(mapRunArn);
    return isEnded ? { status: 200, body: JSON.stringify(endedRun(run, rows)) } : undefined;
  }

  return startFront(ministack, async ({ operation, path, method, body }: Asked): Promise<Answer | undefined> => {
    const [, bucket, prefix] = /^\/([^/]+)\/(results\/[^/]+)\/manifest\.json$/.exec(path) ?? [];
    if (method === 'GET' && bucket && prefix) await write(bucket, prefix);
    if (operation.endsWith('.DescribeExecution')) return unlessGone(body);
    return operation.endsWith('.DescribeMapRun') ? describedIfEnded(body) : undefined;
  });
}

type Row = Pick<DescribeExecutionCommandOutput, 'executionArn' | 'status' | 'input' | 'output' | 'error' | 'cause'>;

/** Whether a row goes on, or ended after that. */
const isLater = (ended: Date | undefined, than: Date | undefined): boolean => !(ended && than && ended <= than);

const isDone = ({ status }: Row): boolean => status === 'SUCCEEDED';

const asFailed = ({ executionArn, status, input, error, cause }: Row): string =>
  JSON.stringify({
    ExecutionArn: executionArn,
    Input: input,
    InputDetails: { Included: true },
    Status: status,
    Error: error,
    Cause: cause,
  });

function endedRun({ $metadata, ...run }: DescribeMapRunCommandOutput, rows: readonly Row[]) {
  const succeeded = rows.filter(isDone).length;
  const aborted = rows.filter(({ status }) => status === 'ABORTED').length;
  const itemCounts = { ...run.itemCounts, running: 0, succeeded, failed: 0, timedOut: 0, aborted };
  const seconds = (date: Date | undefined) => date && date.getTime() / 1000;
  const dates = { startDate: seconds(run.startDate), stopDate: seconds(run.stopDate) };
  return { ...run, ...dates, status: 'ABORTED', itemCounts };
}
