import { join } from 'node:path';
import { assemblyDir, infraDir } from '../../lib/paths.ts';
import { type Purpose, PURPOSE_VARIABLE } from '../../lib/purpose.ts';
import { run } from './run.ts';

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

/** Arguments of a removal. The CLI asks a person first. */
export const removal = (): string[] => ['destroy', ...(unattended() ? ['--force'] : [])];

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
