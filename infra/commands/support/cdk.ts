import { join } from 'node:path';
import { assemblyDir, infraDir } from '../../lib/paths.ts';
import { type Purpose, PURPOSE_VARIABLE } from '../../lib/purpose.ts';
import { run } from './run.ts';

/** Whether nobody is there to answer a question. */
export const unattended = (): boolean => Boolean(process.env.CI) || !process.stdin.isTTY || !process.stdout.isTTY;

/** Runs the CDK's CLI, of exactly the version that package.json pins, on this app. */
export async function cdk(purpose: Purpose, region: string, args: readonly string[]): Promise<void> {
  await run({
    program: process.execPath,
    args: [join(infraDir, 'node_modules/aws-cdk/bin/cdk'), ...args, '--output', assemblyDir, '--no-notices', ...(unattended() ? ['--ci'] : [])],
    environment: {
      [PURPOSE_VARIABLE]: purpose,
      AWS_REGION: region,
      // Nobody is told what is run here, and the newest version on the registry is not the one to run.
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      CDK_DISABLE_VERSION_CHECK: '1',
    },
  });
}
