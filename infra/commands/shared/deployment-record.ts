import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { deploymentFile } from '../../lib/paths.ts';
import { UserError } from '../../lib/errors.ts';
import { callerAccount, type Target } from './target.ts';
import { message } from '../../lib/text.ts';

const record = z.object({
  functionName: z.string(),
  region: z.string(),
  account: z.string(),
  stackName: z.string(),
  /** Whether it was deployed with STREAM=1. */
  streams: z.boolean().optional(),
  /** AWS_PROFILE at the deploy, where it was set. */
  profile: z.string().optional(),
});

/** The last deployment made from this clone, which `make invoke` calls. */
export type DeploymentRecord = z.infer<typeof record>;

/** Records a deployment. The function has the stack's name. */
export function recordDeployment({ account, region, stackName }: Target, stream: boolean | undefined): void {
  const profile = process.env.AWS_PROFILE || undefined;
  const streams = stream || undefined;
  const deployed: DeploymentRecord = { functionName: stackName, region, account, stackName, streams, profile };
  mkdirSync(dirname(deploymentFile), { recursive: true });
  writeFileSync(deploymentFile, `${JSON.stringify(deployed, null, 2)}\n`);
}

/** Deletes the record, if it is of this deployment. */
export function forgetDeployment(target: Target): void {
  if (isRecorded(target)) rmSync(deploymentFile);
}

/** Whether the record is of this deployment. */
export function isRecorded({ account, region, stackName }: Target): boolean {
  const known = readDeployment();
  return known?.stackName === stackName && known.region === region && known.account === account;
}

/** The last deployment, or undefined when there is none (or none that can be read). */
export function readDeployment(): DeploymentRecord | undefined {
  try {
    return record.parse(JSON.parse(readFileSync(deploymentFile, 'utf8')));
  } catch {
    return undefined;
  }
}

/** @throws UserError when no deployment is recorded. */
export function requireDeployment(): DeploymentRecord {
  const deployed = readDeployment();
  if (!deployed) throw new UserError(texts.none());
  return deployed;
}

/**
 * Refuses credentials of another account than the deployment's: that account may have another function of the same name.
 *
 * @throws UserError naming both accounts.
 */
export async function requireAccountOf({ account, profile, region, stackName }: DeploymentRecord): Promise<void> {
  const caller = await callerAccount(region);
  if (caller === account) return;
  throw new UserError(texts.otherAccount(stackName, account, named(profile), caller, named(process.env.AWS_PROFILE)));
}

const named = (profile: string | undefined): string => (profile ? ` (AWS_PROFILE=${profile})` : '');

const texts = {
  none: message(
    () => 'No deployment is recorded here. Run `make deploy` first.',
    () => 'デプロイの記録がありません。先に `make deploy` を実行してください。',
  ),
  otherAccount: message(
    (name: string, account: string, profile: string, caller: string, callerProfile: string) =>
      `${name} was deployed to account ${account}${profile}, and these credentials are of account ${caller}${callerProfile}. Set AWS_PROFILE to a profile of account ${account}, or run \`make deploy\` with these credentials. Nothing was called.`,
    (name, account, profile, caller, callerProfile) =>
      `${name} のデプロイ先はアカウント ${account}${profile} ですが、この認証情報はアカウント ${caller}${callerProfile} のものです。AWS_PROFILE にアカウント ${account} のプロファイルを指定するか、この認証情報で \`make deploy\` を実行してください。関数は呼び出していません。`,
  ),
} as const;
