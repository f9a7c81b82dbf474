import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { exitOnError, UserError } from '../../lib/errors.ts';
import { workspaceDir } from '../../lib/paths.ts';
import { type DeploymentRecord, requireDeployment } from '../shared/deployment-record.ts';
import { invoke, isSuccess, NOT_A_REPLY, type Reply, replyOf } from '../shared/invocation.ts';
import { parseJson } from '../shared/json.ts';
import { isOn } from '../shared/terminal.ts';
import { message, localized } from '../../lib/text.ts';
import { rollBack } from './previous.ts';

/** Calls before a transient failure counts. */
const CALLS = 3;

/** Seconds between two calls. IAM propagates a changed policy within a few; the tests set 0. */
const PAUSE = Number(process.env.SMOKE_PAUSE_SECONDS ?? 10);

/** The body of a reply that is a failure. */
const failure = z.object({ message: z.string(), code: z.string().optional() });

const texts = {
  calling: message(
    (name: string, region: string) => `Calling ${name} on AWS in ${region}.`,
    (name, region) => `AWS の ${region} で ${name} を呼び出します。`,
  ),
  again: message(
    (sentence: string, seconds: number) => `Not yet: ${sentence} Trying again in ${seconds} s.`,
    (sentence, seconds) => `まだ成功していません: ${sentence} ${seconds} 秒後にやり直します。`,
  ),
  passed: message(
    (name: string, region: string) => `The smoke call passed: ${name} in ${region} answered with 200.`,
    (name, region) => `動作確認に成功しました。${region} の ${name} が 200 で応答しました。`,
  ),
  throttled: message(
    () =>
      'The function is stopped or throttled, which says nothing of this version: make status tells why. Nothing was put back.',
    () =>
      '関数が停止しているかスロットリングされているため、このバージョンの良否は分かりません。make status で理由を確認してください。元に戻す操作はしていません。',
  ),
  unavailable: message(
    (sentence: string) =>
      `Bedrock turned the call away, which says nothing of this version: ${sentence} Run make smoke again later. Nothing was put back.`,
    (sentence) =>
      `Bedrock が呼び出しを受け付けなかったため、このバージョンの良否は分かりません: ${sentence} 時間をおいて make smoke をやり直してください。元に戻す操作はしていません。`,
  ),
  failed: message(
    (sentence: string) => `The smoke call failed: ${sentence}`,
    (sentence) => `動作確認に失敗しました: ${sentence}`,
  ),
  stays: message(
    () => 'The stack stays as it is; make rollback puts back what was deployed before.',
    () => 'スタックは変更していません。make rollback で前のバージョンに戻せます。',
  ),
  unreadable: message(
    (path: string, cause: string) =>
      `The event file ${path} cannot be read: ${cause}. Give the path of a JSON file, as in EVENT=events/bedrock-test-001.json.`,
    (path, cause) =>
      `イベントのファイル ${path} を読み込めません (${cause})。EVENT=events/bedrock-test-001.json のように JSON ファイルのパスを指定してください。`,
  ),
  notJson: message(
    (path: string) => `The event file ${path} is not JSON. Correct it, then try again.`,
    (path) => `イベントのファイル ${path} は JSON ではありません。修正してから、やり直してください。`,
  ),
} as const;

await exitOnError(async () => {
  const rollsBack = isOn('ROLLBACK');
  const deployed = requireDeployment();
  const event = readEvent(process.env.XTASK_EVENT?.trim() || 'events/bedrock-test-001.json');
  console.error(localized(texts.calling(deployed.functionName, deployed.region)));
  const call = await callUntilSettled(deployed, event, CALLS);
  if (call.result !== 'passed') process.exitCode = 1;
  console.error(await conclusionOf(call, deployed, rollsBack));
});

async function callUntilSettled(deployed: DeploymentRecord, event: Uint8Array, calls: number): Promise<SmokeCall> {
  const call = await smokeCall(deployed, event);
  if (call.result === 'passed' || !call.transient || calls === 1) return call;
  console.error(localized(texts.again(call.sentence, PAUSE)));
  await after(PAUSE * 1000);
  return callUntilSettled(deployed, event, calls - 1);
}

async function conclusionOf(
  { result, sentence }: SmokeCall,
  deployed: DeploymentRecord,
  rollsBack: boolean,
): Promise<string> {
  switch (result) {
    case 'passed':
      return localized(texts.passed(deployed.stackName, deployed.region));
    case 'throttled':
      return localized(texts.throttled());
    case 'unavailable':
      return localized(texts.unavailable(sentence));
    case 'failed':
      return `${localized(texts.failed(sentence))}\n${rollsBack ? (await rollBack(deployed)).sentence : localized(texts.stays())}`;
  }
}

/** The event of EVENT=file, whose path is relative to the folder of the Makefile. */
function readEvent(path: string): Uint8Array {
  try {
    const event = readFileSync(resolve(workspaceDir, path));
    if (parseJson(event.toString()) !== undefined) return event;
  } catch (error) {
    throw new UserError(texts.unreadable(path, error instanceof Error ? error.message : String(error)));
  }
  throw new UserError(texts.notJson(path));
}

/** The result of one call of the deployed function. */
interface SmokeCall {
  /** `unavailable`: Lambda or Bedrock turned the call away, which says nothing of the version that is deployed. */
  readonly result: 'passed' | 'failed' | 'throttled' | 'unavailable';
  /** The failure in the words of the reply or of Lambda. A model's answer is not repeated, because pipelines' logs are read by many. */
  readonly sentence: string;
  /** Whether the same call may succeed in a moment. */
  readonly transient: boolean;
}

/**
 * Calls the deployed function.
 *
 * @throws UserError when it was not called at all: the credentials are missing, of another account, or may not call it.
 */
async function smokeCall(deployed: DeploymentRecord, event: Uint8Array): Promise<SmokeCall> {
  const invocation = await invoke(deployed, event);
  if (invocation.kind === 'reply') return callOf(replyOf(invocation.payload));
  const { kind, sentence } = invocation;
  return {
    result: kind === 'throttled' ? 'throttled' : 'failed',
    sentence,
    transient: kind !== 'function-error',
  };
}

function callOf(reply: Reply | undefined): SmokeCall {
  if (!reply) return { result: 'failed', sentence: NOT_A_REPLY, transient: false };
  if (isSuccess(reply)) return { result: 'passed', sentence: '', transient: false };
  const { statusCode } = reply;
  const { data } = failure.safeParse(parseJson(reply.body));
  const status = [statusCode, data?.code].filter(Boolean).join(' ');
  return {
    result: isOfBedrock(statusCode, data?.code) ? 'unavailable' : 'failed',
    sentence: data ? `${status}: ${data.message}` : `${status}.`,
    transient: isTransient(statusCode),
  };
}

/**
 * Whether Bedrock throttles (429) or is down (503). Codes that end in Exception are Bedrock's own (docs/errors.md):
 * a 503 for a connection that failed is not among them, because the version may be why.
 */
function isOfBedrock(statusCode: number, code = ''): boolean {
  return (statusCode === 429 || statusCode === 503) && code.endsWith('Exception');
}

/** 403 is transient because IAM takes seconds to propagate a role's new policy. */
function isTransient(statusCode: number): boolean {
  return statusCode === 403 || statusCode === 429 || statusCode >= 500;
}
