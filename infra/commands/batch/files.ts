import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
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
  throw new UserError(
    `${name} names no file. Give both, as in make batch INPUT=events/batch/prompts.jsonl OUTPUT=answers.jsonl.`,
  );
}

/** The output that was typed, where one was. */
export const typedOutput = (): string | undefined =>
  process.env.BATCH_OUTPUT ? resolve(workspaceDir, process.env.BATCH_OUTPUT) : undefined;

/** The variables of `make batch` that say what is asked and what is written, and under which names they come here. */
const TYPED = {
  INPUT: 'BATCH_INPUT',
  OUTPUT: 'BATCH_OUTPUT',
  TEMPLATE: 'BATCH_TEMPLATE',
  TEMPLATE_FILE: 'BATCH_TEMPLATE_FILE',
  SCHEMA: 'XTASK_SCHEMA',
  CSV: 'BATCH_CSV',
};

/** The command that was typed, for a shell. */
export function sameCommand(): string {
  const typed = Object.entries(TYPED).map(([name, variable]) => [name, process.env[variable]] as const);
  return ['make batch', ...typed.flatMap(([name, value]) => (value ? [`${name}=${quoted(value)}`] : []))].join(' ');
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
  /** The function's settings when the rows were checked. */
  environment: z.record(z.string(), z.string()),
});

/** Which execution answers an output, beside that output until its results are there. */
export type BatchRecord = z.infer<typeof record>;

/** Where the record of an output is. */
export const recordFile = (output: string): string => `${output}.aws`;

/** The rows that the execution asks, as they were sent. */
export const itemsFile = (output: string): string => `${output}.aws.items`;

/** What came of them, until it is merged. */
export const resultsFile = (output: string): string => `${output}.aws.results`;

/** @throws UserError when it cannot be read. */
export function readRecord(output: string): BatchRecord | undefined {
  const path = recordFile(output);
  if (!existsSync(path)) return undefined;
  try {
    return record.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new UserError(
      `${path} says which batch on AWS answers that output, and cannot be read. Remove it to begin anew: what that batch answers is paid all the same.`,
    );
  }
}

/** @throws UserError when another command has begun a batch for the same output meanwhile. */
export function writeRecord(output: string, written: BatchRecord): void {
  try {
    writeFileSync(recordFile(output), `${JSON.stringify(written, null, 2)}\n`, { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new UserError(`Another command began a batch for ${output} just now. Nothing was started; run it again.`);
  }
}

/** Removes what is beside an output once its results are in it, or in its journal. */
export function removeRecord(output: string): void {
  for (const path of [recordFile(output), itemsFile(output), resultsFile(output)]) rmSync(path, { force: true });
}
