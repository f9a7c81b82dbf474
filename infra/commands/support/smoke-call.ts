import { z } from 'zod';
import type { DeploymentRecord } from './deployment-record.ts';
import { invoke } from './invocation.ts';
import { parseJson } from './json.ts';
import { isSuccess, NOT_A_REPLY, type Reply, replyOf } from './reply.ts';

/** What came of one call of the deployed function. */
export interface SmokeCall {
  /** `unavailable`: Lambda or Bedrock turned the call away, which says nothing of the version that is deployed. */
  readonly result: 'passed' | 'failed' | 'throttled' | 'unavailable';
  /** What the reply, or Lambda, says of a failure. A model's answer is not repeated: logs of pipelines are read by many. */
  readonly sentence: string;
  /** Whether the same call may pass in a moment. */
  readonly mayPass: boolean;
}

/**
 * Calls the deployed function.
 *
 * @throws UserError when it was not called at all: the credentials are missing, of another account, or may not call it.
 */
export async function smokeCall(deployed: DeploymentRecord, event: Uint8Array): Promise<SmokeCall> {
  const invocation = await invoke(deployed, event);
  if (invocation.kind === 'reply') return callOf(replyOf(invocation.payload));
  const { kind, sentence } = invocation;
  return {
    result: kind === 'throttled' ? 'throttled' : 'failed',
    sentence,
    mayPass: kind !== 'function-error',
  };
}

const failure = z.object({ message: z.string(), code: z.string().optional() });

function callOf(reply: Reply | undefined): SmokeCall {
  if (!reply) return { result: 'failed', sentence: NOT_A_REPLY, mayPass: false };
  if (isSuccess(reply)) return { result: 'passed', sentence: '', mayPass: false };
  const { statusCode } = reply;
  const { data } = failure.safeParse(parseJson(reply.body));
  const status = [statusCode, data?.code].filter(Boolean).join(' ');
  return {
    result: isOfBedrock(statusCode, data?.code) ? 'unavailable' : 'failed',
    sentence: data ? `${status}: ${data.message}` : `${status}.`,
    mayPass: mayPass(statusCode),
  };
}

/**
 * Whether Bedrock throttles (429) or is down (503). Codes that end in Exception are Bedrock's own (docs/errors.md):
 * a 503 for a connection that failed is not among them, because the version may be why.
 */
const isOfBedrock = (statusCode: number, code = ''): boolean =>
  (statusCode === 429 || statusCode === 503) && code.endsWith('Exception');

/** 403: IAM takes seconds to pass on a role's new policy. The others say themselves that another try may do. */
const mayPass = (statusCode: number): boolean => statusCode === 403 || statusCode === 429 || statusCode >= 500;
