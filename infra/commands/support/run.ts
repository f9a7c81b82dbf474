import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { infraDir } from '../../lib/paths.ts';
import { UserError } from '../../lib/user-error.ts';

/** A program, its arguments, and what it runs in. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a program on this terminal and waits for its end.
 *
 * @throws UserError when the program is not installed.
 * @throws Error when it ends with another status than 0. The program has printed why.
 */
export async function run({ program, args, directory = infraDir, environment = {} }: Command): Promise<void> {
  const child = spawn(program, args, { cwd: directory, stdio: 'inherit', env: { ...process.env, ...environment } });
  const status = await new Promise<number | string>((resolve, reject) => {
    child.once('error', () =>
      reject(new UserError(`${program} cannot be run: install it (make setup), then try again.`)),
    );
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no status'));
  });
  if (status !== 0)
    throw new Error(
      `${[program, ...args.slice(0, 2)].map((word) => basename(word)).join(' ')} ended with ${status}; nothing after it was done.`,
    );
}
