import { join } from 'node:path';
import { assemblyDir, infraDir } from '../../lib/paths.ts';
import { type Purpose, PURPOSE_VARIABLE } from '../../lib/purpose.ts';
import { run } from './run.ts';

/** Whether nobody is there to answer a question. */
export const unattended = (): boolean => Boolean(process.env.CI) || !process.stdin.isTTY || !process.stdout.isTTY;

/** Whether what is written goes to a person's screen, who did not say that colours are unwanted (https://no-color.org). */
const inColour = (): boolean => Boolean(process.stdout.isTTY && process.stderr.isTTY && !process.env.NO_COLOR);

/** An app, and what it is told. */
export interface CdkApp {
  /** The CDK's `--app` and, where it is a program, its `--output`. */
  readonly app: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The function's own. */
export const OWN_APP: CdkApp = { app: ['--output', assemblyDir] };

/** What the CLI is asked to deploy with: a person says yes to wider permissions; where nobody is there, the pull request was the place to ask. */
export const deployment = (): string[] => ['deploy', `--require-approval=${unattended() ? 'never' : 'broadening'}`];

/** What the CLI is asked to remove with: a person says yes first. */
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
      // Stronger than --no-color, to the library that paints.
      ...(inColour() ? {} : { FORCE_COLOR: undefined }),
      // Nobody is told what is run here, and the newest version on the registry is not the one to run.
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: '1',
    },
  });
}
