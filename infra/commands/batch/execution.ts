import { existsSync } from 'node:fs';
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  type ExecutionStatus,
  ListMapRunsCommand,
  type MapRunItemCounts,
  type MapRunStatus,
  paginateListExecutions,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { asUserError, clientOptions } from '../shared/aws.ts';
import { forgotten, recordFile } from './files.ts';

/** Rows by what became of them. */
export interface Counts {
  readonly total: number;
  readonly running: number;
  /** Whose execution ended by itself, with an answer or without. */
  readonly done: number;
}

/** The map run of an execution, once there is one. */
export interface MapRun {
  readonly arn: string;
  readonly status: MapRunStatus | undefined;
  readonly counts: Counts;
}

/** An execution as Step Functions has it. */
export interface Execution {
  readonly status: ExecutionStatus | undefined;
  readonly error: string | undefined;
  readonly seconds: number;
  readonly mapRun: MapRun | undefined;
}

/** An error with which somebody or something ended an execution. */
export const ENDED_BY = {
  /** lib/constructs/brake.ts */
  brake: 'DailyLimitReached',
  /** make stop, make batch-stop and make destroy; the cause says which. */
  person: 'Stopped',
} as const;

export const sfnClient = (region: string): SFNClient => new SFNClient(clientOptions(region));

/** A sentence for an error of AWS, where there is one. The output is that of a batch that has a record, where it is about one. */
export function asBatchError(error: unknown, region: string, permissions: readonly string[], output = ''): unknown {
  const isGone = error instanceof Error && /^(ExecutionDoesNotExist|NoSuchBucket)$/.test(error.name);
  return isGone && existsSync(recordFile(output)) ? forgotten(output) : asUserError(error, region, permissions);
}

/** Errors are the SDK's own. */
export async function describeBatch(sfn: SFNClient, executionArn: string): Promise<Execution> {
  const { status, error, startDate, stopDate } = await sfn.send(new DescribeExecutionCommand({ executionArn }));
  const seconds = ((stopDate ?? new Date()).getTime() - (startDate ?? new Date()).getTime()) / 1000;
  return { status, error, seconds, mapRun: await mapRunOf(sfn, executionArn) };
}

async function mapRunOf(sfn: SFNClient, executionArn: string): Promise<MapRun | undefined> {
  const { mapRuns } = await sfn.send(new ListMapRunsCommand({ executionArn }));
  const arn = mapRuns?.[0]?.mapRunArn;
  if (!arn) return undefined;
  const { status, itemCounts } = await sfn.send(new DescribeMapRunCommand({ mapRunArn: arn }));
  return { arn, status, counts: countsOf(itemCounts) };
}

function countsOf(counts: MapRunItemCounts | undefined): Counts {
  const { total = 0, running = 0, succeeded = 0, failed = 0, timedOut = 0 } = counts ?? {};
  return { total, running, done: succeeded + failed + timedOut };
}

/** Whether it goes on. */
export const isRunning = ({ status }: Execution): boolean => status === 'RUNNING' || status === 'PENDING_REDRIVE';

/**
 * Ends all executions of a state machine that run.
 *
 * @param cause the command that does so.
 * @returns how many there were.
 */
export async function endExecutions(sfn: SFNClient, stateMachineArn: string, cause: string): Promise<number> {
  let ended = 0;
  const pages = paginateListExecutions({ client: sfn }, { stateMachineArn, statusFilter: 'RUNNING' });
  for await (const { executions = [] } of pages)
    for (const { executionArn } of executions) {
      await endExecution(sfn, executionArn ?? '', cause);
      ended += 1;
    }
  return ended;
}

/** Ends one. */
export async function endExecution(sfn: SFNClient, executionArn: string, cause: string): Promise<void> {
  await sfn.send(new StopExecutionCommand({ executionArn, error: ENDED_BY.person, cause }));
}
