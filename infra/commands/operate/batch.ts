import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { exitOnError, UserError } from '../../lib/errors.ts';
import { asUserError, isMissing } from '../shared/aws.ts';
import { requireAccountOf } from '../shared/deployment-record.ts';
import { type BatchDeployment, batchDeployment, recordedDeployment } from '../batch/deployment.ts';
import { download, upload } from '../batch/bucket.ts';
import { describeBatch, ENDED_BY, type Execution, isRunning, sfnClient } from '../batch/execution.ts';
import {
  type BatchFiles,
  type BatchRecord,
  batchFiles,
  itemsFile,
  quoted,
  readRecord,
  recordFile,
  removeRecord,
  resultsFile,
  sameCommand,
  writeRecord,
} from '../batch/files.ts';
import { check, isMerged, merge } from '../batch/program.ts';
import { number } from '../batch/progress.ts';
import { type Interrupted, interruptibly, watch } from '../batch/watch.ts';

const PERMISSIONS = [
  'states:StartExecution',
  'states:DescribeExecution',
  'states:ListMapRuns',
  'states:DescribeMapRun',
  's3:PutObject',
  's3:GetObject',
];

/** The exit code of crates/batch where what it needs did not start. */
const NOT_STARTED = 3;

// Of a batch that was begun before it fetches the end, and of a new one all.
await exitOnError(async () => {
  refuseLocalSettings();
  const files = batchFiles();
  const known = readRecord(files.output);
  process.exitCode = await (known ? comeBack(files, known) : begin(files));
}, NOT_STARTED);

/** What is of the local run alone. */
function refuseLocalSettings(): void {
  const given = (names: readonly string[]) => names.some((name) => process.env[name]);
  if (given(['XTASK_FAULT', 'XTASK_UPSTREAM', 'XTASK_UPSTREAM_MODEL']))
    throw new UserError(
      'FAULT and UPSTREAM are for the local stand-in, and this batch would go to the deployed function. Add TARGET=local.',
    );
  if (given(['BATCH_CONCURRENCY']))
    throw new UserError(
      'CONCURRENCY is of the local run: on AWS as many rows are asked at once as MAX_CONCURRENCY of the deploy says. Leave it out, or add TARGET=local.',
    );
  if (given(['XTASK_MODEL']))
    throw new UserError(
      'MODEL is of the local run: on AWS a prompt without modelId goes to the first model of the deploy. Leave it out, give the prompts a modelId, or add TARGET=local.',
    );
}

/** Checks the rows that have no answer, starts them, and stays until their end. */
async function begin(files: BatchFiles): Promise<number> {
  const deployment = await batchDeployment(await recordedDeployment());
  const { functionName, region } = deployment.deployed;
  console.error(`function  ${functionName} on AWS in ${region}`);
  const checked = await check(files, deployment);
  if ('status' in checked) return checked.status;
  if (checked.rows === 0) {
    writeFileSync(resultsFile(files.output), '');
    return merged(files, deployment.environment, 0);
  }
  const record = recordOf(files, deployment);
  await asked(record, () => upload(itemsFile(files.output), record));
  writeRecord(files.output, record);
  return finish(files, record, checked.rows);
}

function recordOf(
  { input }: BatchFiles,
  { bucket, stateMachineArn, deployed, environment }: BatchDeployment,
): BatchRecord {
  const { functionName, region, account } = deployed;
  const name = randomUUID();
  const profile = process.env.AWS_PROFILE || undefined;
  return {
    executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
    stateMachineArn,
    bucket,
    key: `input/${name}.jsonl`,
    functionName,
    region,
    account,
    profile,
    input,
    environment,
  };
}

/**
 * Stays until the end of a batch that was begun before. One that had ended early by then is begun again, with the rows that
 * still have no answer.
 */
async function comeBack(files: BatchFiles, record: BatchRecord): Promise<number> {
  if (record.input !== files.input)
    throw new UserError(
      `A batch on AWS with another input answers that output: ${record.input}. Come back to it with INPUT=${quoted(record.input)}, or give another OUTPUT.`,
    );
  await asked(record, () => requireAccountOf({ ...record, stackName: record.functionName }));
  const found = await asked(record, () => unlessMissing(describeBatch(sfnClient(record.region), record.executionArn)));
  console.error(`function  ${record.functionName} on AWS in ${record.region}, a batch that was begun before`);
  const status = await finish(files, record, found ? undefined : 0);
  const hadEndedEarly = found && !isRunning(found) && found.status !== 'SUCCEEDED';
  return hadEndedEarly && status === 1 ? begin(files) : status;
}

/**
 * Starts the execution, where it is not started yet, and stays until its results are in the output.
 *
 * @param rows that it is to ask; undefined where it was started before.
 */
async function finish(files: BatchFiles, record: BatchRecord, rows: number | undefined): Promise<number> {
  const ended = await asked(record, () => started(record, rows)).catch((error: unknown) => {
    console.error(`The batch may go on. The same command comes back to it: ${sameCommand()}`);
    throw error;
  });
  if ('signal' in ended) {
    console.error(
      `stopped   watching; the batch still runs on AWS, and is paid for\n          ${sameCommand()} comes back to it\n          make batch-stop OUTPUT=${quoted(process.env.BATCH_OUTPUT ?? '')} ends it`,
    );
    return 128 + ended.signal;
  }
  const why = reason(ended);
  if (why) console.error(why);
  await asked(record, () => download(record, ended, files.output));
  return merged(files, record.environment, ended.seconds);
}

/** The end of the execution, which is started first where that is to be done. */
function started(record: BatchRecord, rows: number | undefined): Promise<Execution | Interrupted> {
  return interruptibly(async (signal) => {
    if (rows !== undefined) await start(record, rows);
    return watch(record, signal);
  });
}

/** Has errors of AWS be sentences. */
async function asked<T>({ region }: BatchRecord, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asUserError(error, region, PERMISSIONS);
  }
}

/** The name is the record's: whoever starts it once more starts no second one. */
async function start({ region, stateMachineArn, executionArn, key }: BatchRecord, rows: number): Promise<void> {
  const name = executionArn.split(':').at(-1);
  const input = JSON.stringify({ key });
  await sfnClient(region).send(new StartExecutionCommand({ stateMachineArn, name, input }));
  const count = rows > 0 ? `${number(rows)} ${rows === 1 ? 'prompt' : 'prompts'}, ` : '';
  console.error(`started   ${count}execution ${name}; Ctrl-C leaves it running`);
}

async function merged(
  files: BatchFiles,
  environment: Readonly<Record<string, string>>,
  seconds: number,
): Promise<number> {
  const status = await merge(files, environment, seconds);
  if (isMerged(status)) removeRecord(files.output);
  else console.error(`The results are kept beside ${files.output}, with ${recordFile(files.output)}.`);
  return status;
}

/** Why an execution ended early, and what to do. */
function reason({ status, error }: Execution): string | undefined {
  if (status === 'SUCCEEDED') return undefined;
  if (error === ENDED_BY.brake)
    return 'brake     the estimated cost of 24 hours reached DAILY_LIMIT_USD, and the brake ended the batch; make status says more, and after make resume the same command asks the rest';
  if (error === ENDED_BY.person) return 'stopped   the batch was ended by make batch-stop, or make stop';
  return `ended     the execution is ${status}${error ? ` with ${error}` : ''}: see Step Functions in the console`;
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
