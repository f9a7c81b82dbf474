import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { deploymentFile } from '../../lib/paths.ts';
import type { Target } from './target.ts';

const record = z.object({ functionName: z.string(), region: z.string(), account: z.string(), stackName: z.string() });

/** The last deployment made from this clone, which `make invoke` calls. */
export type DeploymentRecord = z.infer<typeof record>;

/** Writes down what was deployed. The function has the stack's name. */
export function recordDeployment({ account, region, stackName }: Target): void {
  const deployed: DeploymentRecord = { functionName: stackName, region, account, stackName };
  mkdirSync(dirname(deploymentFile), { recursive: true });
  writeFileSync(deploymentFile, `${JSON.stringify(deployed, null, 2)}\n`);
}

/** Forgets the deployment, if it is the one on record. */
export function forgetDeployment({ account, region, stackName }: Target): void {
  const known = readDeployment();
  if (known?.stackName === stackName && known.region === region && known.account === account) rmSync(deploymentFile);
}

/** The last deployment, or undefined when there is none (or none that can be read). */
export function readDeployment(): DeploymentRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(deploymentFile, 'utf8')));
  } catch {
    return undefined;
  }
}
