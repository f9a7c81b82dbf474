import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { RESULTS_PREFIX } from '../../lib/constructs/batch-rows.ts';
import { UserError } from '../../lib/errors.ts';
import type { Text } from '../../lib/text.ts';
import { clientOptions, isDenied, isMissing } from '../shared/aws.ts';
import { parseJson } from '../shared/json.ts';
import { type BatchRecord, recordFile, resultsFile } from './files.ts';
import { describeBatch, type Execution, type MapRun, sfnClient } from './execution.ts';

/** What one request of S3 takes (PutObject). */
const LARGEST_OBJECT = 5 * 1024 ** 3;

/** A file may take hours: only a connection on which nothing moves is given up. */
const fileClient = (region: string): S3Client =>
  new S3Client({
    ...clientOptions(region),
    requestHandler: { connectionTimeout: 3_000, socketTimeout: 60_000 },
  });

/** Uploads the rows. @throws UserError when they are more than S3 takes in one request; AbortError when `signal` comes. */
export async function upload(
  path: string,
  { region, bucket, key }: BatchRecord,
  abortSignal: AbortSignal,
): Promise<void> {
  const { size } = statSync(path);
  const gib = (size / 1024 ** 3).toFixed(1);
  if (size > LARGEST_OBJECT)
    throw new UserError({
      en: `The rows to be asked are ${gib} GiB, and S3 takes 5 GiB in one request. Nothing was started. Make two files of the input.`,
      ja: `実行する行が ${gib} GiB あり、S3 が 1 回のリクエストで受け付ける 5 GiB を超えます。何も開始していません。入力を 2 つのファイルに分けてください。`,
    });
  await fileClient(region).send(
    new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(path), ContentLength: size }),
    { abortSignal },
  );
}

const file = z.object({ Key: z.string() });
const manifest = z.object({
  ResultFiles: z.object({ SUCCEEDED: z.array(file).default([]), FAILED: z.array(file).default([]) }),
});

/**
 * Downloads what came of the rows, by and by, into one file of JSON Lines. That file is empty where no row was done; one that is there
 * already is whole, and stays.
 *
 * Rows that had not begun when the execution was ended are in files of their own, which are left: nothing came of them.
 *
 * @throws UserError when the results are not there.
 */
export async function download(record: BatchRecord, ended: Execution, output: string): Promise<void> {
  const into = resultsFile(output, record);
  if (existsSync(into)) return;
  const s3 = fileClient(record.region);
  const get = async (Key: string): Promise<Readable> => {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: record.bucket, Key }));
    if (Body instanceof Readable) return Body;
    throw new Error(`S3 gave nothing for ${Key}.`);
  };
  // Each command has a file of its own, because another one may watch the same batch.
  const unfinished = `${into}.${randomUUID()}`;
  try {
    writeFileSync(unfinished, '');
    for (const key of await resultFiles(record, ended, output, get)) {
      await pipeline(await get(key), createWriteStream(unfinished, { flags: 'a' }));
      writeFileSync(unfinished, '\n', { flag: 'a' });
    }
    renameSync(unfinished, into);
  } finally {
    rmSync(unfinished, { force: true });
  }
}

/** After an execution was ended, Step Functions takes a while to write the results. */
const [LOOKS, LOOK_EVERY_MS] = [30, 2_000];

/** Step Functions lists a map run, and counts its rows, a moment late. An execution that ended early may have done none. */
const LOOKS_FOR_NOTHING = 3;

async function resultFiles(
  record: BatchRecord,
  ended: Execution,
  output: string,
  get: (key: string) => Promise<Readable>,
): Promise<string[]> {
  let { mapRun } = ended;
  for (let look = 1; look <= LOOKS; look += 1) {
    const found = await filesOf(mapRun, get);
    if (found) return found;
    if (ended.status !== 'SUCCEEDED' && look >= LOOKS_FOR_NOTHING && didNothing(mapRun)) return [];
    await pause(LOOK_EVERY_MS);
    ({ mapRun } = await describeBatch(sfnClient(record.region), record.executionArn));
  }
  throw new UserError(notThere(output));
}

/** Where an execution is ended, its map run may go on for a moment. */
const isOver = (mapRun: MapRun | undefined): boolean => mapRun?.status !== 'RUNNING';

const didNothing = (mapRun: MapRun | undefined): boolean => isOver(mapRun) && !mapRun?.counts.done;

/** Undefined while there may be some. */
async function filesOf(
  mapRun: MapRun | undefined,
  get: (key: string) => Promise<Readable>,
): Promise<string[] | undefined> {
  if (!mapRun || !isOver(mapRun)) return undefined;
  return readManifest(`${RESULTS_PREFIX}/${mapRun.arn.split(':').at(-1)}/manifest.json`, get);
}

/** The files that the manifest names; undefined while it is not there. */
async function readManifest(key: string, get: (key: string) => Promise<Readable>): Promise<string[] | undefined> {
  try {
    const text = Buffer.concat(await (await get(key)).toArray()).toString();
    const parsed = manifest.safeParse(parseJson(text));
    if (!parsed.success)
      throw new UserError({
        en: `${key} of the bucket is no manifest of a ResultWriter.`,
        ja: `バケットの ${key} は ResultWriter のマニフェストではありません。`,
      });
    const { SUCCEEDED, FAILED } = parsed.data.ResultFiles;
    return [...SUCCEEDED, ...FAILED].map(({ Key }) => Key);
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchBucket') throw error;
    // Without s3:ListBucket S3 says of a file that is not there that it is not allowed.
    if (isMissing(error) || isDenied(error) || (error instanceof Error && error.name === 'NoSuchKey')) return undefined;
    throw error;
  }
}

const notThere = (output: string): Text => ({
  en: `The batch has ended, and its results are not in the bucket: AWS writes them within minutes, and removes them after BATCH_RETENTION_DAYS. Try again later, with s3:GetObject and s3:ListBucket on the bucket; to give them up, remove ${recordFile(output)}*.`,
  ja: `バッチは終了しましたが、結果がバケットにありません。AWS は数分以内に結果を書き込み、BATCH_RETENTION_DAYS を過ぎると削除します。しばらくしてから、バケットの s3:GetObject と s3:ListBucket の権限がある状態でもう一度実行してください。結果をあきらめる場合は ${recordFile(output)}* を削除してください。`,
});
