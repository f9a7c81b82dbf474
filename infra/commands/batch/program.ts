import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import { workspaceDir } from '../../lib/paths.ts';
import { parseJson } from '../shared/json.ts';
import type { BatchDeployment } from './deployment.ts';
import { type BatchFiles, type BatchRecord, itemsFile, resultsFile } from './files.ts';

/** How crates/batch ended, whose exit codes are those of `make batch`. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
}

/** Exit codes of crates/batch after which the results are in the output, or in its journal. After 5 only the table is missing. */
export const isMerged = (status: number): boolean => [0, 1, 5].includes(status);

const estimate = z.object({ rows: z.number() });

/**
 * Checks every row by the function's own code and settings, asks whether it may cost so much, and writes the rows that
 * have no answer to the file `items`.
 *
 * @returns how many those are, or the exit code where nothing may be sent.
 */
export async function check(
  items: string,
  { concurrency, environment }: BatchDeployment,
): Promise<{ readonly rows: number } | { readonly status: number }> {
  const args = ['--items', items, '--concurrency', String(concurrency)];
  const { status, stdout } = await run('check', args, environment);
  return status === 0 ? estimate.parse(parseJson(stdout)) : { status };
}

/** Takes the results into the output, and prints the summary to stderr; as JSON, where that is wanted, it is in `stdout`. */
export async function merge({ output }: BatchFiles, record: BatchRecord, seconds: number): Promise<Ended> {
  const [items, results] = [itemsFile(output, record), resultsFile(output, record)];
  const args = ['--items', items, '--results', results, '--seconds', seconds.toFixed(1)];
  return run('merge', args, record.environment);
}

/** The other values come by the variables that `make batch` exports. */
async function run(
  command: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Ended> {
  const program = process.env.BATCH_PROGRAM;
  if (!program) throw new UserError('BATCH_PROGRAM names no program. Run this by make batch.');
  // The shell's settings of a function are of the one on this machine.
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('BEDROCK_'));
  const child = spawn(program, [command, ...args], {
    cwd: workspaceDir,
    env: { ...Object.fromEntries(own), ...environment },
    stdio: ['inherit', 'pipe', 'inherit'],
  });
  const [[code, signal], said] = await Promise.all([
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    text(child.stdout),
  ]);
  if (code === null) throw new Error(`batch ${command} was ended by ${signal}.`);
  return { status: code, stdout: said };
}
