import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import { workspaceDir } from '../../lib/paths.ts';

/** The files of a batch: what was typed, and where that is. */
export interface BatchFiles {
  readonly input: string;
  readonly output: string;
}

/** @throws UserError when one is not named. The sentence is crates/batch's. */
export const batchFiles = (): BatchFiles => ({ input: named('INPUT'), output: named('OUTPUT') });

function named(name: 'INPUT' | 'OUTPUT'): string {
  const path = process.env[`BATCH_${name}`];
  if (path) return resolve(workspaceDir, path);
  throw new UserError({
    en: `${name} names no file. Give both, as in make batch INPUT=events/batch/prompts.jsonl OUTPUT=answers.jsonl.`,
    ja: `${name} が指定されていません。make batch INPUT=events/batch/prompts.jsonl OUTPUT=answers.jsonl のように、INPUT と OUTPUT を指定してください。`,
  });
}

/** The output that was typed, where one was. */
export const typedOutput = (): string | undefined =>
  process.env.BATCH_OUTPUT ? resolve(workspaceDir, process.env.BATCH_OUTPUT) : undefined;

/** The variables of `make batch` that say what is asked, and under which names they come here. */
const ASKED = { TEMPLATE: 'BATCH_TEMPLATE', TEMPLATE_FILE: 'BATCH_TEMPLATE_FILE', SCHEMA: 'XTASK_SCHEMA' };

/** Those that were typed, by their names. */
export const typedQuestion = (): Record<string, string> => typed(ASKED);

/** The command that was typed, for a shell. */
export function typedCommand(): string {
  const files = { INPUT: 'BATCH_INPUT', OUTPUT: 'BATCH_OUTPUT' };
  const all = typed({ ...files, ...ASKED, SERVICE_TIER: 'BATCH_SERVICE_TIER', CSV: 'BATCH_CSV' });
  return ['make batch', ...Object.entries(all).map(([name, value]) => `${name}=${quoted(value)}`)].join(' ');
}

function typed(variables: Readonly<Record<string, string>>): Record<string, string> {
  const values = Object.entries(variables).map(([name, variable]) => [name, process.env[variable] ?? ''] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== ''));
}

/** A word of a shell's command line. */
export const quoted = (text: string): string =>
  /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

const record = z.object({
  executionArn: z.string(),
  stateMachineArn: z.string(),
  bucket: z.string(),
  /** Of the rows in the bucket. */
  key: z.string(),
  functionName: z.string(),
  region: z.string(),
  account: z.string(),
  /** AWS_PROFILE when it was started. */
  profile: z.string().optional(),
  /** The file of prompts. */
  input: z.string(),
  /** What else said what is asked: {@link typedQuestion}. */
  question: z.record(z.string(), z.string()),
  /** The command that began it. */
  command: z.string(),
  /** Whether Step Functions has taken it. */
  isStarted: z.boolean(),
  /** The function's settings when the rows were checked. */
  environment: z.record(z.string(), z.string()),
});

/** Which execution answers an output, beside that output until its results are there. */
export type BatchRecord = z.infer<typeof record>;

/** Where the record of an output is. */
export const recordFile = (output: string): string => `${output}.aws`;

/** The execution's name, which the files of its own have too: another batch for the same output cannot write over them. */
export const nameOf = ({ executionArn }: BatchRecord): string => executionArn.split(':').at(-1) ?? '';

/** The rows that the execution asks, as they were sent. */
export const itemsFile = (output: string, record: BatchRecord): string =>
  `${recordFile(output)}.${nameOf(record)}.items`;

/** What came of them, until it is merged. It is there once it is whole. */
export const resultsFile = (output: string, record: BatchRecord): string =>
  `${recordFile(output)}.${nameOf(record)}.results`;

/** @throws UserError when it cannot be read. */
export function readRecord(output: string): BatchRecord | undefined {
  const path = recordFile(output);
  if (!existsSync(path)) return undefined;
  try {
    return record.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UserError({
      en: `${path} says which batch on AWS answers that output, and cannot be read. Remove it to begin anew: what that batch answers is paid all the same.`,
      ja: `AWS で実行したバッチの記録 ${path} を読み込めません。最初から実行するには、このファイルを削除してください。そのバッチの回答にも料金はかかります。`,
    });
  }
}

/** @throws UserError when there is none, or it cannot be read. */
export function requireRecord(output: string): BatchRecord {
  const found = readRecord(output);
  if (found) return found;
  throw new UserError({
    en: `No batch on AWS answers that output: there is no ${recordFile(output)}. make batch-status without OUTPUT lists the last ones.`,
    ja: `この出力のバッチは AWS にありません (${recordFile(output)} がありません)。OUTPUT を付けない make batch-status で、最近のバッチを一覧できます。`,
  });
}

/** @throws UserError when another command has begun a batch for the same output meanwhile. */
export function writeRecord(output: string, written: BatchRecord): void {
  try {
    writeFileSync(recordFile(output), textOf(written), { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new UserError({
      en: `Another command began a batch for ${output} just now. Nothing was started; run it again.`,
      ja: `別のコマンドが ${output} のバッチを開始したところです。何も開始していません。もう一度実行してください。`,
    });
  }
}

/** Writes down that Step Functions has taken it. Whoever reads the record sees the old one or the new one, whole. */
export function recordStart(output: string, begun: BatchRecord): void {
  const unfinished = `${recordFile(output)}.unfinished`;
  writeFileSync(unfinished, textOf({ ...begun, isStarted: true }));
  renameSync(unfinished, recordFile(output));
}

const textOf = (written: BatchRecord): string => `${JSON.stringify(written, null, 2)}\n`;

/** Removes what is beside an output once its results are in it, or in its journal. */
export function removeRecord(output: string, ended: BatchRecord): void {
  rmSync(recordFile(output), { force: true });
  removeFiles(output, ended);
}

/** Removes the files that an execution has of its own, and what an earlier command has left of them unfinished. */
export function removeFiles(output: string, ended: BatchRecord): void {
  const own = `${recordFile(output)}.${nameOf(ended)}.`;
  const folder = dirname(own);
  const paths = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  for (const path of paths) if (path.startsWith(own)) rmSync(path, { force: true });
}

/** The error for a batch that AWS no longer has. */
export const forgotten = (output: string): UserError =>
  new UserError({
    en: `Step Functions no longer knows that batch: it forgets one 90 days after its end, and all of a stack that was removed. To give its results up, remove ${recordFile(output)}*; the same command then asks what has no answer.`,
    ja: `このバッチは Step Functions に残っていません。終了から 90 日後、またはスタックの削除で消えます。結果をあきらめる場合は ${recordFile(output)}* を削除してください。そのあと同じコマンドで、回答のない行を実行できます。`,
  });
