import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeStateMachineCommand, SFNClient } from '@aws-sdk/client-sfn';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';
import { message } from '../../lib/text.ts';
import { asUserError, clientOptions, isDenied } from '../shared/aws.ts';
import { type DeploymentRecord, readDeployment, requireAccountOf } from '../shared/deployment-record.ts';
import { askConcurrency } from '../shared/function-state.ts';
import { parseJson } from '../shared/json.ts';
import { describeStack } from '../shared/stack-state.ts';
import type { BatchRecord } from './files.ts';

/** What a stack with BATCH=1 has for batches. */
export interface BatchResources {
  readonly bucket: string;
  readonly stateMachineArn: string;
}

/** The deployment that asks the rows. */
export interface BatchDeployment extends BatchResources {
  readonly deployed: DeploymentRecord;
  /** The function's settings, by which rows are checked. */
  readonly environment: Record<string, string>;
  /** Rows asked at once. */
  readonly concurrency: number;
}

/** Both by the stack's outputs; undefined where it was deployed without BATCH=1. */
export function batchResources({ Outputs = [] }: Stack): BatchResources | undefined {
  const output = (key: string) => Outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
  const [bucket, stateMachineArn] = [output('BatchBucket'), output('BatchStateMachine')];
  return bucket && stateMachineArn ? { bucket, stateMachineArn } : undefined;
}

/** @throws UserError when no deployment is recorded, or it is of another account than the credentials. */
export async function recordedDeployment(): Promise<DeploymentRecord> {
  const deployed = readDeployment();
  if (!deployed) throw new UserError(texts.noDeployment());
  try {
    await requireAccountOf(deployed);
  } catch (error) {
    throw asUserError(error, deployed.region);
  }
  return deployed;
}

/** @throws UserError when a batch is of another account than the credentials. */
export const requireAccountOfBatch = (record: BatchRecord): Promise<void> =>
  requireAccountOf({ ...record, stackName: record.functionName });

/** @throws UserError when the deployment has no batch. */
export async function requireResources(deployed: DeploymentRecord): Promise<BatchResources> {
  const { account, region, stackName } = deployed;
  const stack = await describeStack({ account, region, stackName });
  const resources = stack && batchResources(stack);
  if (resources) return resources;
  throw new UserError(texts.withoutBatch(stackName, region));
}

const PERMISSIONS = [
  'cloudformation:DescribeStacks',
  'lambda:GetFunctionConfiguration',
  'states:DescribeStateMachine',
] as const;

/** @throws UserError when the deployment has no batch, or is stopped. */
export async function batchDeployment(deployed: DeploymentRecord): Promise<BatchDeployment> {
  try {
    const resources = await requireResources(deployed);
    await refuseStopped(deployed);
    const [environment, concurrency] = await Promise.all([
      settingsOf(deployed),
      concurrencyOf(deployed, resources.stateMachineArn),
    ]);
    return { ...resources, deployed, environment, concurrency };
  } catch (error) {
    throw asUserError(error, deployed.region, PERMISSIONS);
  }
}

/** Each row would be tried again and again, in vain. A caller who may not ask finds that out by the results. */
async function refuseStopped({ account, region, stackName }: DeploymentRecord): Promise<void> {
  try {
    if ((await askConcurrency({ account, region, stackName })) !== 0) return;
  } catch (error) {
    if (isDenied(error)) return;
    throw error;
  }
  throw new UserError(texts.stopped(stackName));
}

async function settingsOf({ functionName, region }: DeploymentRecord): Promise<Record<string, string>> {
  const { Environment } = await new LambdaClient(clientOptions(region)).send(
    new GetFunctionConfigurationCommand({ FunctionName: functionName }),
  );
  return Object.fromEntries(
    Object.entries(Environment?.Variables ?? {}).filter(([name]) => name.startsWith('BEDROCK_')),
  );
}

const definition = z.object({ States: z.object({ Rows: z.object({ MaxConcurrency: z.number() }) }) });

async function concurrencyOf({ region }: DeploymentRecord, stateMachineArn: string): Promise<number> {
  const described = await new SFNClient(clientOptions(region)).send(
    new DescribeStateMachineCommand({ stateMachineArn }),
  );
  const parsed = definition.safeParse(parseJson(described.definition ?? ''));
  if (parsed.success) return parsed.data.States.Rows.MaxConcurrency;
  throw new UserError(texts.otherStateMachine());
}

const texts = {
  noDeployment: message(
    () => 'No deployment is recorded here. Run make deploy BATCH=1 first, or use TARGET=local.',
    () => 'デプロイの記録がありません。先に make deploy BATCH=1 を実行するか、TARGET=local を付けてください。',
  ),
  withoutBatch: message(
    (name: string, region: string) =>
      `${name} in ${region} was deployed without BATCH=1. Run make deploy BATCH=1 with its other settings, or use TARGET=local to ask the function on this machine.`,
    (name, region) =>
      `${region} の ${name} は BATCH=1 なしでデプロイされています。ほかの設定はそのままで make deploy BATCH=1 を実行するか、手元の関数を使う場合は TARGET=local を付けてください。`,
  ),
  stopped: message(
    (name: string) =>
      `${name} is stopped, and would refuse every row: make status says why, make resume lets calls in again. Nothing was started.`,
    (name) =>
      `${name} は停止しているため、すべての行が拒否されます。理由は make status で確認でき、make resume で再開できます。何も開始していません。`,
  ),
  otherStateMachine: message(
    () => 'The state machine of the deployment is not what make deploy makes. Run make deploy BATCH=1.',
    () =>
      'デプロイされているステートマシンが make deploy の作るものと異なります。make deploy BATCH=1 を実行してください。',
  ),
} as const;
