import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceDir } from '../../lib/paths.ts';

/** Where tools/requirements-infra.txt is installed. */
const toolsDir = join(workspaceDir, '.tools/venv/bin');

/** What a program said and how it ended. */
export interface Outcome {
  status: number | string | null;
  stdout: string;
  stderr: string;
}

/** The path of one of the project's own Python tools. */
export function tool(name: string): string {
  const path = join(toolsDir, name);
  if (!existsSync(path)) throw new Error(`${path} is missing: make test-infra installs it`);
  return path;
}

/** Runs a program to its end, in a clean environment, whatever its status. */
export function outcomeOf(
  program: string,
  args: readonly string[],
  options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env };
    const child = execFile(program, args, { cwd: options.cwd, env, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      resolve({ status: error ? (error.code ?? error.signal ?? null) : 0, stdout, stderr });
    });
    // A program that reads no input may have ended before this is written; its status tells the rest.
    child.stdin?.on('error', () => undefined).end(options.input ?? '');
  });
}
