import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fromHere = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The workspace: Cargo.toml, models.json and Makefile live here. */
export const workspaceDir = fromHere('../..');

/** The CDK app: cdk.json and package.json live here. */
export const infraDir = fromHere('..');

/** The one table of models. Tests name a copy of their own. */
export const modelsFile = process.env.BEDROCK_INFRA_MODELS_FILE ?? fromHere('../../models.json');

/** Settings that are kept; the file is optional. `make verify` names one of its own to the targets that it runs. */
export const settingsFile = process.env.BEDROCK_INFRA_SETTINGS_FILE ?? fromHere('../settings.json');

/** Files that commands write on this machine. Tests name a directory of their own. */
const stateDir = process.env.BEDROCK_INFRA_STATE_DIR ?? fromHere('../../.local');

/** What `make verify` leaves of its runs on this machine. */
export const verifyDir = join(stateDir, 'verify');

/** Reports of `make verify` on AWS, for everyone to read. Tests name a directory of their own. */
export const verifiedDir = process.env.BEDROCK_INFRA_VERIFIED_DIR ?? fromHere('../../docs/verified');

/** The record of the last `make deploy`, which `make invoke` reads. */
export const deploymentFile = join(stateDir, 'deployment.json');

/** The CDK's output: the template and the assets. */
export const assemblyDir = join(stateDir, 'cdk.out');

/** The same for the stack of the pipeline's role. */
export const ciAssemblyDir = join(stateDir, 'ci-cdk.out');

/** The same for the stack of the policies that `make bootstrap` makes. */
export const bootstrapAssemblyDir = join(stateDir, 'bootstrap-cdk.out');

/** What was deployed before the last successful `make deploy`: `make rollback` deploys it again. */
export const previousDir = join(stateDir, 'previous');

/** What was deployed before a `make deploy` that has not succeeded, or not yet. */
export const pendingPreviousDir = join(stateDir, 'previous-pending');

/** Where `cargo lambda build` puts the function. Tests name one that is empty. */
export const artifactDir = process.env.BEDROCK_INFRA_ARTIFACT_DIR ?? fromHere('../../target/lambda/bedrock-function');

/** The executable itself. */
export const bootstrapFile = join(artifactDir, 'bootstrap');

/** Whether the function was built. */
export const isBuilt = (): boolean => existsSync(bootstrapFile);

/** Stands in for the artifact where no code runs: see the file in it. */
export const placeholderDir = fromHere('../assets/not-built');
