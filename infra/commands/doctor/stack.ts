import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { type FunctionConfiguration, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { artifactHash } from '../../lib/constructs/artifact.ts';
import type { ModelRow } from '../../lib/models/table.ts';
import { assemblyDir, isBuilt } from '../../lib/paths.ts';
import { clientOptions, isMissing } from '../shared/aws.ts';
import { limitAlarm, overLimit, overLimitRemedy } from '../shared/brake.ts';
import { askConcurrency } from '../shared/function-state.ts';
import { OBSTACLE_PERMISSIONS, obstacleTo } from '../shared/obstacles.ts';
import { describeStack, isEmpty, wasCreated } from '../shared/stack-state.ts';
import type { Target } from '../shared/target.ts';
import { message } from '../../lib/text.ts';
import { type Check, failure, type Finding, ok, warning } from './check.ts';
import { roleFindings } from './role.ts';

/**
 * Checks of the stack, if there is one, and of its function.
 *
 * @param stream whether the settings ask for streaming.
 */
export function stackChecks(target: Target, models: readonly ModelRow[], stream: boolean | undefined): Check[] {
  const deployed = (id: string, permissions: string[], run: (signal: AbortSignal) => Promise<Finding[]>): Check => ({
    id,
    permissions: ['cloudformation:DescribeStacks', ...permissions],
    run: async (signal) => (isEmpty((await describeStack(target, signal))?.StackStatus) ? [] : run(signal)),
  });
  return [
    {
      id: 'stack',
      essential: true,
      permissions: OBSTACLE_PERMISSIONS,
      run: (signal) => stack(target, signal),
    },
    { ...deployed('running', ['lambda:GetFunctionConcurrency'], (signal) => running(target, signal)), essential: true },
    deployed('limit', ['cloudwatch:DescribeAlarms', 'lambda:GetFunctionConcurrency'], (signal) =>
      limit(target, signal),
    ),
    deployed(
      'role',
      ['lambda:GetFunctionConfiguration', 'iam:ListRolePolicies', 'iam:GetRolePolicy', 'bedrock:GetInferenceProfile'],
      (signal) => role(target, models, signal),
    ),
    deployed('streaming', ['lambda:GetFunctionConfiguration'], (signal) => streaming(target, stream, signal)),
    deployed('code', ['lambda:GetFunctionConfiguration', 'cloudformation:GetTemplate'], (signal) =>
      code(target, signal),
    ),
  ];
}

async function stack(target: Target, signal: AbortSignal): Promise<Finding[]> {
  const name = target.stackName;
  const found = await describeStack(target, signal);
  const obstacle = await obstacleTo(target, found, (question) => question(), signal);
  if (obstacle) return [failure(obstacle.text, obstacle.remedy)];
  const status = found?.StackStatus;
  if (status === undefined) return [warning(texts.absent(name), texts.absentRemedy())];
  return [
    wasCreated(status)
      ? ok(texts.settled(name, status))
      : warning(texts.incomplete(name, status), texts.incompleteRemedy()),
  ];
}

async function running(target: Target, signal: AbortSignal): Promise<Finding[]> {
  const { stackName } = target;
  try {
    const reserved = await askConcurrency(target, signal);
    return [reserved === 0 ? failure(texts.stopped(), texts.stoppedRemedy()) : ok(texts.running(reserved))];
  } catch (error) {
    if (isMissing(error)) return [failure(texts.functionAbsent(stackName), texts.functionAbsentRemedy())];
    throw error;
  }
}

/** The brake's limit, if there is a brake; the check `running` reports a function that is gone or stopped. */
async function limit(target: Target, signal: AbortSignal): Promise<Finding[]> {
  const alarm = await limitAlarm(target, signal);
  if (!alarm) return [];
  if (alarm.state !== 'ALARM') return [ok(texts.limit(alarm.limitUsd))];
  try {
    if ((await askConcurrency(target, signal)) === 0) return [];
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  return [failure(overLimit(alarm.limitUsd), overLimitRemedy())];
}

/** The deployed function's configuration, or undefined where the function is gone, which the check `running` reports. */
async function configuration(
  { region, stackName }: Target,
  abortSignal: AbortSignal,
): Promise<FunctionConfiguration | undefined> {
  try {
    return await new LambdaClient(clientOptions(region)).send(
      new GetFunctionConfigurationCommand({ FunctionName: stackName }),
      { abortSignal },
    );
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function role(target: Target, models: readonly ModelRow[], signal: AbortSignal): Promise<Finding[]> {
  const deployed = await configuration(target, signal);
  const roleName = deployed?.Role?.split('/').at(-1);
  return roleName ? roleFindings({ roleName, stream: streams(deployed) }, target, models, signal) : [];
}

/** There is no finding where streaming is neither deployed nor asked for. */
async function streaming(target: Target, wanted: boolean | undefined, signal: AbortSignal): Promise<Finding[]> {
  const deployed = await configuration(target, signal);
  if (!deployed) return [];
  if (streams(deployed)) return [ok(texts.streams())];
  return wanted ? [warning(texts.streamsNot(), texts.streamsNotRemedy())] : [];
}

const streams = (deployed: FunctionConfiguration | undefined): boolean =>
  deployed?.Environment?.Variables?.BEDROCK_STREAM === '1';

async function code(target: Target, abortSignal: AbortSignal): Promise<Finding[]> {
  const deployed = await configuration(target, abortSignal);
  if (!deployed) return [];
  if (!isBuilt()) return [warning(texts.codeUnknown())];
  const { TemplateBody } = await new CloudFormationClient(clientOptions(target.region)).send(
    new GetTemplateCommand({ StackName: target.stackName }),
    { abortSignal },
  );
  const here = artifactHash();
  if (/([0-9a-f]{64})\.zip/.exec(TemplateBody ?? '')?.[1] !== here)
    return [warning(texts.codeOther(), texts.codeRemedy())];
  return [
    wasChanged(here, deployed.CodeSha256) ? warning(texts.codeChanged(), texts.codeRemedy()) : ok(texts.codeSame()),
  ];
}

/**
 * Whether Lambda runs other code than the zip that this machine uploaded. On another
 * machine there is no zip to compare with.
 */
function wasChanged(hash: string, codeSha256: string | undefined): boolean {
  const uploaded = join(assemblyDir, '.cache', `${hash}.zip`);
  return existsSync(uploaded) && createHash('sha256').update(readFileSync(uploaded)).digest('base64') !== codeSha256;
}

const texts = {
  absent: message(
    (name: string) => `Stack ${name} is not deployed yet`,
    (name) => `スタック ${name} はまだデプロイされていません`,
  ),
  absentRemedy: message(
    () => 'make deploy deploys it.',
    () => 'make deploy でデプロイできます。',
  ),
  settled: message(
    (name: string, status: string) => `Stack ${name}: ${status}`,
    (name, status) => `スタック ${name}: ${status}`,
  ),
  incomplete: message(
    (name: string, status: string) => `Stack ${name} was never made whole: ${status}`,
    (name, status) => `スタック ${name} は作成が完了していません: ${status}`,
  ),
  incompleteRemedy: message(
    () => 'make deploy makes it anew.',
    () => 'make deploy で作り直せます。',
  ),
  stopped: message(
    () => 'The function is stopped: its reserved concurrency is 0, every call is refused',
    () => '関数は停止中です (予約された同時実行数が 0 のため、すべての呼び出しが拒否されます)',
  ),
  stoppedRemedy: message(
    () => 'make status says why; make resume lets calls in again.',
    () => '理由は make status で確認でき、make resume で再開できます。',
  ),
  running: message(
    (concurrency: number | undefined) =>
      `The function takes calls${concurrency === undefined ? '' : `, ${concurrency} at once at most`}`,
    (concurrency) =>
      `関数は呼び出しを受け付けています${concurrency === undefined ? '' : ` (同時に最大 ${concurrency} 件)`}`,
  ),
  limit: message(
    (usd: number) => `The last 24 hours have cost less than the $${usd} at which the function is stopped`,
    (usd) => `直近 24 時間の推定料金は、関数を止める上限の $${usd} に達していません`,
  ),
  functionAbsent: message(
    (name: string) => `The stack is there, but its function ${name} is not`,
    (name) => `スタックはありますが、関数 ${name} がありません`,
  ),
  functionAbsentRemedy: message(
    () => 'Run make destroy, then make deploy.',
    () => 'make destroy、続けて make deploy を実行してください。',
  ),
  streams: message(
    () => 'The deployed function streams an answer that is asked for word by word',
    () => 'デプロイ済みの関数は、求められた回答をストリーミングで返します',
  ),
  streamsNot: message(
    () => 'STREAM=1 is not deployed yet: the deployed function returns whole answers',
    () => 'STREAM=1 はまだデプロイされていません (デプロイ済みの関数は回答をまとめて返します)',
  ),
  streamsNotRemedy: message(
    () => 'make deploy STREAM=1 lets it stream, and makes its Function URL stream.',
    () => 'make deploy STREAM=1 で、関数とその Function URL がストリーミングに対応します。',
  ),
  codeSame: message(
    () => 'The deployed function runs this build',
    () => 'デプロイ済みの関数は、手元のビルドと同じものです',
  ),
  codeOther: message(
    () => 'The deployed function runs another build than the one here',
    () => 'デプロイ済みの関数は、手元のビルドと異なります',
  ),
  codeChanged: message(
    () => "The deployed function's code was changed outside of the stack",
    () => 'デプロイ済みの関数のコードが、スタックの外で変更されています',
  ),
  codeRemedy: message(
    () => 'make deploy brings this build there.',
    () => 'make deploy で手元のビルドが反映されます。',
  ),
  codeUnknown: message(
    () => 'The deployed build was not compared: nothing is built here',
    () => '手元にビルドがないため、デプロイ済みのものと比較していません',
  ),
} as const;
