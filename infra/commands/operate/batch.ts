import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { exitOnError, printError, UserError } from '../../lib/errors.ts';
import { isMissing, isRefused, unlessMissing } from '../shared/aws.ts';
import {
  type BatchDeployment,
  batchDeployment,
  recordedDeployment,
  requireAccountOfBatch,
} from '../batch/deployment.ts';
import { download, upload } from '../batch/bucket.ts';
import { asBatchError, describeBatch, ENDED_BY, type Execution, isRunning, sfnClient } from '../batch/execution.ts';
import {
  type BatchFiles,
  type BatchRecord,
  batchFiles,
  forgotten,
  itemsFile,
  nameOf,
  quoted,
  readRecord,
  recordFile,
  recordStart,
  removeFiles,
  removeRecord,
  resultsFile,
  typedCommand,
  typedQuestion,
  writeRecord,
} from '../batch/files.ts';
import { check, isMerged, merge } from '../batch/program.ts';
import { localized } from '../../lib/text.ts';
import { number } from '../shared/terminal.ts';
import { interruptibly, watch } from '../batch/watch.ts';

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

/** Its exit code where the batch was begun, and its results are not here yet. */
const UNFINISHED = 6;

/** The last summary as JSON, where that is wanted: an early end that is merged and begun again has two. */
let summary = '';

// Of a batch that was begun before it fetches the end, and of a new one all.
await exitOnError(async () => {
  refuseLocalSettings();
  const files = batchFiles();
  const known = readRecord(files.output);
  try {
    process.exitCode = await (known ? comeBack(files, known) : begin(files));
  } finally {
    process.stdout.write(summary);
  }
}, NOT_STARTED);

/** What is of the local run alone. */
function refuseLocalSettings(): void {
  const given = (names: readonly string[]) => names.some((name) => process.env[name]);
  if (given(['XTASK_FAULT', 'XTASK_UPSTREAM', 'XTASK_UPSTREAM_MODEL']))
    throw new UserError({
      en: 'FAULT and UPSTREAM are for the local stand-in, and this batch would go to the deployed function. Add TARGET=local.',
      ja: 'FAULT と UPSTREAM はローカルのモックサーバー用ですが、このバッチはデプロイした関数が処理します。TARGET=local を付けてください。',
    });
  if (given(['BATCH_CONCURRENCY']))
    throw new UserError({
      en: 'CONCURRENCY is of the local run: on AWS as many rows are asked at once as MAX_CONCURRENCY of the deploy says. Leave it out, or add TARGET=local.',
      ja: 'CONCURRENCY はローカルの実行用です。AWS での同時実行数は、デプロイの MAX_CONCURRENCY で決まります。指定をやめるか、TARGET=local を付けてください。',
    });
  if (given(['XTASK_MODEL']))
    throw new UserError({
      en: 'MODEL is of the local run: on AWS a prompt without modelId goes to the first model of the deploy. Leave it out, give the prompts a modelId, or add TARGET=local.',
      ja: 'MODEL はローカルの実行用です。AWS では、modelId のないプロンプトはデプロイした先頭のモデルが処理します。指定をやめるか、プロンプトに modelId を書くか、TARGET=local を付けてください。',
    });
}

/** Checks the rows that have no answer, starts them, and stays until their end. */
async function begin(files: BatchFiles): Promise<number> {
  const deployment = await batchDeployment(await recordedDeployment());
  const { functionName, region } = deployment.deployed;
  console.error(
    localized({
      en: `function  ${functionName} on AWS in ${region}`,
      ja: `function  AWS の ${region} にある ${functionName}`,
    }),
  );
  const record = recordOf(files, deployment);
  try {
    const ready = await interruptibly((signal) => prepare(files, record, deployment, signal));
    if ('signal' in ready) {
      console.error(localized({ en: 'stopped   nothing was started', ja: 'stopped   何も開始していません' }));
      return 128 + ready.signal;
    }
    if ('status' in ready) return ready.status;
    if (ready.rows === 0) {
      writeFileSync(resultsFile(files.output, record), '');
      return await merged(files, record, 0);
    }
    writeRecord(files.output, record);
    return await orComeBack(files, record, () => finish(files, record, ready.rows));
  } finally {
    if (readRecord(files.output)?.executionArn !== record.executionArn) removeFiles(files.output, record);
  }
}

/** Checks the rows, and uploads those that are to be asked. @throws AbortError when `signal` comes. */
async function prepare(files: BatchFiles, record: BatchRecord, deployment: BatchDeployment, signal: AbortSignal) {
  const items = itemsFile(files.output, record);
  const checked = await check(items, deployment);
  if ('rows' in checked && checked.rows > 0) await asked(files, record, () => upload(items, record, signal));
  signal.throwIfAborted();
  return checked;
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
    question: typedQuestion(),
    command: typedCommand(),
    isStarted: false,
    environment,
  };
}

/**
 * Stays until the end of a batch that was begun before. One that had ended early by then is begun again, with the rows that
 * still have no answer.
 */
async function comeBack(files: BatchFiles, record: BatchRecord): Promise<number> {
  refuseOther(files, record);
  // They are whole, and were not merged: AWS has nothing more to say, and may have forgotten them.
  if (existsSync(resultsFile(files.output, record))) return orComeBack(files, record, () => merged(files, record, 0));
  let hadEndedEarly = false;
  const status = await orComeBack(files, record, async () => {
    await asked(files, record, () => requireAccountOfBatch(record));
    const found = await asked(files, record, () =>
      unlessMissing(describeBatch(sfnClient(record.region), record.executionArn)),
    );
    if (!found && record.isStarted) throw forgotten(files.output);
    hadEndedEarly = found !== undefined && !isRunning(found) && found.status !== 'SUCCEEDED';
    console.error(
      localized({
        en: `function  ${record.functionName} on AWS in ${record.region}, a batch that was begun before`,
        ja: `function  ${record.region} の ${record.functionName} (開始済みのバッチ)`,
      }),
    );
    return finish(files, record, found ? undefined : 0);
  });
  return hadEndedEarly && status === 1 ? begin(files) : status;
}

/** By another question all rows would be asked anew. */
function refuseOther({ input }: BatchFiles, { question, command, ...record }: BatchRecord): void {
  if (record.input !== input)
    throw new UserError({
      en: `A batch on AWS with another input answers that output: ${record.input}. Come back to it with INPUT=${quoted(record.input)}, or give another OUTPUT.`,
      ja: `この出力には、別の入力 ${record.input} のバッチの回答が入ります。INPUT=${quoted(record.input)} で再開するか、別の OUTPUT を指定してください。`,
    });
  if (!isDeepStrictEqual(question, typedQuestion()))
    throw new UserError({
      en: `A batch on AWS with another TEMPLATE, TEMPLATE_FILE or SCHEMA answers that output. Come back to it with ${command}, or give another OUTPUT.`,
      ja: `この出力には、TEMPLATE、TEMPLATE_FILE、SCHEMA のどれかが異なるバッチの回答が入ります。${command} で再開するか、別の OUTPUT を指定してください。`,
    });
}

/** Does that for a batch that has a record. Where it fails, and the record is still there, the same command comes back to it. */
async function orComeBack(
  { output }: BatchFiles,
  { command }: BatchRecord,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!existsSync(recordFile(output))) throw error;
    printError(error);
    console.error(
      localized({
        en: `The batch may go on. The same command comes back to it: ${command}`,
        ja: `バッチは AWS で続いている可能性があります。同じコマンドで再開できます: ${command}`,
      }),
    );
    return UNFINISHED;
  }
}

/**
 * Starts the execution, where it is not started yet, and stays until its results are in the output.
 *
 * @param rows that it is to ask; undefined where it was started before.
 */
async function finish(files: BatchFiles, record: BatchRecord, rows: number | undefined): Promise<number> {
  const ended = await asked(files, record, () =>
    interruptibly(async (signal) => {
      if (rows !== undefined) await start(files, record, rows);
      return watch(record, signal);
    }),
  );
  if ('signal' in ended) {
    console.error(
      localized({
        en: `stopped   watching; the batch still runs on AWS, and is paid for\n          ${record.command} comes back to it\n          make batch-stop OUTPUT=${quoted(process.env.BATCH_OUTPUT ?? '')} ends it`,
        ja: `stopped   表示だけを止めました。バッチは AWS で続いていて、料金がかかります\n          再開: ${record.command}\n          終了: make batch-stop OUTPUT=${quoted(process.env.BATCH_OUTPUT ?? '')}`,
      }),
    );
    return 128 + ended.signal;
  }
  const why = reason(ended);
  if (why) console.error(why);
  await asked(files, record, () => download(record, ended, files.output));
  if (readRecord(files.output)?.executionArn !== record.executionArn) {
    removeFiles(files.output, record);
    throw new UserError({
      en: 'Another command has fetched the results of that batch meanwhile. Run it again to see what is missing.',
      ja: '別のコマンドがこのバッチの結果を取得しました。もう一度実行すると、足りないものが分かります。',
    });
  }
  return merged(files, record, ended.seconds);
}

/** Has errors of AWS be sentences. */
async function asked<T>({ output }: BatchFiles, { region }: BatchRecord, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asBatchError(error, region, PERMISSIONS, output);
  }
}

/**
 * The name is the record's: whoever starts it once more starts no second one.
 *
 * @throws UserError when the state machine is gone. There is no record any more where Step Functions has not taken it.
 */
async function start({ output }: BatchFiles, record: BatchRecord, rows: number): Promise<void> {
  const { region, stateMachineArn, key } = record;
  const name = nameOf(record);
  try {
    await sfnClient(region).send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify({ key }) }));
  } catch (error) {
    // The name is this batch's alone: an earlier request was taken, and its answer lost.
    if (!(error instanceof ExecutionAlreadyExists)) throw notStarted(error, output, record);
  }
  recordStart(output, record);
  const count =
    rows > 0
      ? localized({ en: `${number(rows)} ${rows === 1 ? 'prompt' : 'prompts'}, `, ja: `${number(rows)} 件、` })
      : '';
  console.error(
    localized({
      en: `started   ${count}execution ${name}; Ctrl-C leaves it running`,
      ja: `started   ${count}実行名 ${name}。Ctrl-C を押してもバッチは続きます`,
    }),
  );
}

function notStarted(error: unknown, output: string, record: BatchRecord): unknown {
  if (isRefused(error)) removeRecord(output, record);
  return isMissing(error)
    ? new UserError({
        en: 'The state machine of batches is gone. Nothing was started. Run make deploy BATCH=1 first.',
        ja: 'バッチ用のステートマシンがありません。何も開始していません。先に make deploy BATCH=1 を実行してください。',
      })
    : error;
}

async function merged(files: BatchFiles, record: BatchRecord, seconds: number): Promise<number> {
  const { status, stdout } = await merge(files, record, seconds);
  summary = stdout;
  if (isMerged(status)) removeRecord(files.output, record);
  else
    console.error(
      localized({
        en: `The results are kept beside ${files.output}, with ${recordFile(files.output)}.`,
        ja: `結果は ${files.output} の隣に、${recordFile(files.output)} とともに残っています。`,
      }),
    );
  return status;
}

/** Why an execution ended early, and what to do. */
function reason({ status, error }: Execution): string | undefined {
  if (status === 'SUCCEEDED') return undefined;
  if (error === ENDED_BY.brake)
    return localized({
      en: 'brake     the estimated cost of 24 hours reached DAILY_LIMIT_USD, and the brake ended the batch; make status says more, and after make resume the same command asks the rest',
      ja: 'brake     24 時間の推定料金が DAILY_LIMIT_USD に達したため、ブレーキがバッチを終了しました。詳しくは make status で確認できます。make resume のあと、同じコマンドで残りを実行できます',
    });
  if (error === ENDED_BY.person)
    return localized({
      en: 'stopped   the batch was ended by make batch-stop, or make stop',
      ja: 'stopped   make batch-stop か make stop でバッチが終了しました',
    });
  return localized({
    en: `ended     the execution is ${status}${error ? ` with ${error}` : ''}. See Step Functions in the console`,
    ja: `ended     実行は ${status} で終わりました${error ? ` (${error})` : ''}。コンソールの Step Functions を確認してください`,
  });
}
