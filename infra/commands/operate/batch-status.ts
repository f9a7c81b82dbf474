import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { exitOnError } from '../../lib/errors.ts';
import { localized } from '../../lib/text.ts';
import { columns, number, wantsJson } from '../shared/terminal.ts';
import { recordedDeployment, requireAccountOfBatch, requireResources } from '../batch/deployment.ts';
import { asBatchError, describeBatch, sfnClient } from '../batch/execution.ts';
import { requireRecord, typedOutput } from '../batch/files.ts';
import { duration } from '../batch/progress.ts';

/** Batches that are listed, the last first. */
const LISTED = 10;

const PERMISSIONS = [
  'cloudformation:DescribeStacks',
  'states:ListExecutions',
  'states:DescribeExecution',
  'states:ListMapRuns',
  'states:DescribeMapRun',
];

const HEADINGS = [
  { heading: 'Execution' },
  { heading: 'Status' },
  { heading: 'Rows', right: true },
  { heading: 'Done', right: true },
  { heading: 'Running', right: true },
  { heading: 'Time', right: true },
];

await exitOnError(async () => {
  const output = typedOutput();
  const record = output === undefined ? undefined : requireRecord(output);
  const region = record?.region ?? (await recordedDeployment()).region;
  try {
    if (record) await requireAccountOfBatch(record);
    const batches = await described(region, record ? [record.executionArn] : await last());
    if (wantsJson()) console.log(JSON.stringify(batches, null, 2));
    else
      console.log(
        batches.length > 0
          ? table(batches)
          : localized({
              en: 'No batch was started here within 90 days.',
              ja: '90 日以内に開始されたバッチはありません。',
            }),
      );
  } catch (error) {
    throw asBatchError(error, region, PERMISSIONS, output);
  }
});

async function last(): Promise<string[]> {
  const deployed = await recordedDeployment();
  const { stateMachineArn } = await requireResources(deployed);
  const { executions = [] } = await sfnClient(deployed.region).send(
    new ListExecutionsCommand({ stateMachineArn, maxResults: LISTED }),
  );
  return executions.flatMap(({ executionArn }) => executionArn ?? []);
}

interface Batch {
  readonly execution: string;
  readonly status: string;
  readonly error: string | null;
  readonly rows: number | null;
  readonly done: number | null;
  readonly running: number | null;
  readonly seconds: number;
}

async function described(region: string, arns: readonly string[]): Promise<Batch[]> {
  const sfn = sfnClient(region);
  const batches: Batch[] = [];
  for (const arn of arns) {
    const { status = 'UNKNOWN', error = null, seconds, mapRun } = await describeBatch(sfn, arn);
    const { total = null, done = null, running = null } = mapRun?.counts ?? {};
    const execution = arn.split(':').at(-1) ?? '';
    batches.push({ execution, status, error, rows: total, done, running, seconds });
  }
  return batches;
}

function table(batches: readonly Batch[]): string {
  const rows = batches.map(({ execution, status, error, rows, done, running, seconds }) => [
    execution,
    error ? `${status} (${error})` : status,
    ...[rows, done, running].map((count) => (count === null ? '' : number(count))),
    duration(seconds),
  ]);
  return columns(HEADINGS, rows);
}
