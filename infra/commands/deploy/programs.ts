import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { type Provider, PROVIDER_VARIABLE } from '../../lib/ci/provider.ts';
import { UserError } from '../../lib/errors.ts';
import { assemblyDir, bootstrapFile, ciAssemblyDir, infraDir, workspaceDir } from '../../lib/paths.ts';
import { type Purpose, PURPOSE_VARIABLE, STACK_TAG, STACK_TAG_VARIABLE } from '../../lib/settings/purpose.ts';
import { message, localized } from '../../lib/text.ts';

/** A program, its arguments, its directory and its environment. */
interface Command {
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
    child.once('error', () => reject(new UserError(texts.absent(program))));
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no status'));
  });
  if (status !== 0)
    throw new Error(
      localized(texts.failed([program, ...args.slice(0, 2)].map((word) => basename(word)).join(' '), status)),
    );
}

/**
 * Compiles the function for Lambda: x86_64, glibc of Amazon Linux 2023. Zig, which cargo-lambda
 * links with, is what pins glibc: a plain `cargo build` takes this machine's.
 */
export async function buildFunction(): Promise<void> {
  await run({
    program: 'cargo',
    args: ['lambda', 'build', '--release', '--x86-64', '-p', 'bedrock-function'],
    directory: workspaceDir,
    // What is deployed is taken from here: a target folder of the person's own would leave an older build in its place.
    environment: {
      CARGO_TARGET_DIR: join(workspaceDir, 'target'),
      PATH: [join(workspaceDir, '.tools/venv/bin'), process.env.PATH].join(delimiter),
      RUSTFLAGS: rustFlags(),
    },
  });
  // Lambda runs it as another user than the zip's owner; a umask of 077 would keep that user out.
  chmodSync(bootstrapFile, 0o755);
}

/**
 * Panic messages name source files; without the renaming they would name the builder's home, and no two
 * machines would build the same. haswell is what cargo-lambda asks for where RUSTFLAGS is not set: Lambda has it.
 */
function rustFlags(): string {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const renamed = [`${cargoHome}=/cargo`, `${workspaceDir.replace(/\/$/, '')}=/workspace`];
  return [process.env.RUSTFLAGS ?? '', '-Ctarget-cpu=haswell', ...renamed.map((pair) => `--remap-path-prefix=${pair}`)]
    .join(' ')
    .trim();
}

/** Whether there is no terminal on which a person could answer a question. */
export const unattended = (): boolean => Boolean(process.env.CI) || !process.stdin.isTTY || !process.stdout.isTTY;

/** Whether the output is a terminal, and NO_COLOR is not set (https://no-color.org). */
const inColour = (): boolean => Boolean(process.stdout.isTTY && process.stderr.isTTY && !process.env.NO_COLOR);

/** A CDK app and its environment. */
export interface CdkApp {
  /** The CDK's `--app` and, where it is a program, its `--output`. */
  readonly app: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The app of the function's stack. */
export const OWN_APP: CdkApp = { app: ['--output', assemblyDir] };

/** Arguments of a deploy. The CLI asks a person before it widens permissions. In a pipeline the pull request's review does that. */
export const deployment = (): string[] => ['deploy', `--require-approval=${unattended() ? 'never' : 'broadening'}`];

/** Arguments of a removal. The CLI asks a person first, unless this program has. */
export const removal = (asked = false): string[] => ['destroy', ...(asked || unattended() ? ['--force'] : [])];

/** The tag of a stack of `make verify`. */
const tags = (): string[] => {
  const name = process.env[STACK_TAG_VARIABLE];
  return name ? ['--tags', `${STACK_TAG}=${name}`] : [];
};

/** Runs the CDK's CLI, of exactly the version that package.json pins, on this app or another. */
export async function cdk(
  purpose: Purpose,
  region: string,
  args: readonly string[],
  { app, environment }: CdkApp = OWN_APP,
): Promise<void> {
  await run({
    program: process.execPath,
    args: [
      join(infraDir, 'node_modules/aws-cdk/bin/cdk'),
      ...args,
      ...(args[0] === 'deploy' ? tags() : []),
      ...app,
      '--no-notices',
      ...(unattended() ? ['--ci'] : []),
      ...(inColour() ? [] : ['--no-color']),
    ],
    environment: {
      ...environment,
      [PURPOSE_VARIABLE]: purpose,
      AWS_REGION: region,
      // The CLI's colour library heeds FORCE_COLOR before --no-color.
      ...(inColour() ? {} : { FORCE_COLOR: undefined }),
      // No usage data leaves this machine, and the pinned version is the one to run.
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: '1',
    },
  });
}

/** The app of the pipeline's role. */
export const ciApp = (provider?: Provider): CdkApp => ({
  app: ['--app', 'node --import tsx bin/ci.ts', '--output', ciAssemblyDir],
  environment: provider ? { [PROVIDER_VARIABLE]: provider } : {},
});

const texts = {
  absent: message(
    (program: string) => `${program} cannot be run. Install it (make setup), then try again.`,
    (program) => `${program} を実行できません。インストールしてから (make setup)、やり直してください。`,
  ),
  failed: message(
    (command: string, status: number | string) => `${command} ended with ${status}; nothing after it was done.`,
    (command, status) => `${command} が ${status} で終了したため、以後の処理は行っていません。`,
  ),
} as const;
