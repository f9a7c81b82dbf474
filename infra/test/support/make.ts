import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { infraDir, workspaceDir } from '../../lib/paths.ts';
import { debugDir } from './deployed-function.ts';
import { ACCOUNT } from './stack.ts';
import { type Outcome, outcomeOf } from './tools.ts';

/** Keys that no account has. */
export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE00', AWS_SECRET_ACCESS_KEY: 'not-a-secret' };

/** A deployment as its record has it, which a command calls that names no other. */
export const DEPLOYED = {
  functionName: 'a-function',
  region: 'ap-northeast-1',
  account: ACCOUNT,
  stackName: 'a-function',
};

/** A person's machine: a home of its own for all that the commands and the CDK leave behind. */
export interface Machine {
  readonly directory: string;
  /** What its programs find in their environment. */
  readonly environment: NodeJS.ProcessEnv;
  readonly make: (args: readonly string[], environment?: NodeJS.ProcessEnv) => Promise<Outcome>;
  /** A command of `infra/commands`, as `doctor/doctor`, without make around it, whose exit code is always 2. */
  readonly command: (path: string, environment?: NodeJS.ProcessEnv) => Promise<Outcome>;
  /** The program behind `make invoke` and `make ask`, without make around it. */
  readonly xtask: (args: readonly string[], environment?: NodeJS.ProcessEnv) => Promise<Outcome>;
  /** Records {@link DEPLOYED} as the last deployment, with what is different. */
  readonly record: (more?: object) => void;
  readonly remove: () => void;
}

/** What `make` needs of this machine; everything else that is set here stays out. */
const KEPT = ['CARGO_HOME', 'RUSTUP_HOME', 'CARGO_TARGET_DIR'];

/** A machine with no credentials, no AWS configuration and nothing deployed. */
export function newMachine(): Machine {
  const directory = mkdtempSync(join(tmpdir(), 'bedrock-machine-'));
  const own = {
    ...Object.fromEntries(KEPT.map((name) => [name, process.env[name]])),
    BEDROCK_INFRA_STATE_DIR: directory,
    CDK_HOME: join(directory, 'cdk-home'),
    AWS_CONFIG_FILE: join(directory, 'no-config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'no-credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    CI: 'true',
    NO_COLOR: '1',
  };
  return {
    directory,
    environment: own,
    make: (args, environment = {}) =>
      outcomeOf('make', ['--silent', ...args], { cwd: workspaceDir, env: { ...own, ...environment } }),
    command: (path, environment = {}) =>
      outcomeOf('node', ['--import', 'tsx', `commands/${path}.ts`], { cwd: infraDir, env: { ...own, ...environment } }),
    xtask: (args, environment = {}) =>
      outcomeOf(join(debugDir, 'xtask'), args, { cwd: workspaceDir, env: { ...own, ...environment } }),
    record: (more) => writeFileSync(join(directory, 'deployment.json'), JSON.stringify({ ...DEPLOYED, ...more })),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
