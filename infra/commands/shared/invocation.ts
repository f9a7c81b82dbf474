import {
  InvokeCommand,
  type InvokeCommandOutput,
  InvokeWithResponseStreamCommand,
  type InvokeWithResponseStreamResponseEvent,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { asUserError, clientOptions, troubleText, isMissing, troubleOf } from './aws.ts';
import { type DeploymentRecord, requireAccountOf } from './deployment-record.ts';
import { parseJson } from './json.ts';
import { message, localized } from '../../lib/text.ts';

/** The exit code of crates/xtask, which runs `invoke.ts` and `stream.ts`, where the function gave no reply. */
export const NO_REPLY = 4;

/** Why the deployed function gave no reply. */
export interface NoReply {
  readonly kind: 'function-error' | 'throttled' | 'no-reply';
  readonly sentence: string;
}

/** The result of a call of the deployed function. */
export type Invocation =
  | {
      readonly kind: 'reply';
      readonly payload: Uint8Array;
      /** The last 4 KB of the call's log, where they were asked for. */
      readonly log: string;
    }
  | NoReply;

/** More than the longest time-out of a function, 900 s (Lambda quotas), by the time of the network. */
const REQUEST_TIMEOUT_MS = 910_000;

/** Lambda's own, of reserved concurrency too: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const THROTTLE = 'TooManyRequestsException';

/**
 * Calls the deployed function once with an event.
 *
 * @param LogType `Tail` for the end of its log.
 * @throws UserError when it was not called: the credentials are missing, of another account, or may not call it.
 */
export async function invoke(
  deployed: DeploymentRecord,
  Payload: Uint8Array,
  LogType: 'None' | 'Tail' = 'None',
): Promise<Invocation> {
  try {
    await requireAccountOf(deployed);
    const command = new InvokeCommand({ FunctionName: deployed.functionName, Payload, LogType });
    return outcomeOf(await clientFor(deployed).send(command));
  } catch (error) {
    return noReply(error, deployed);
  }
}

/**
 * Calls the deployed function with one event after another, over one client, and hands on what it streams.
 *
 * @returns a function that makes a call. It gives the reason where the response did not come to its end, and throws as `invoke` does.
 */
export function responseStreams(
  deployed: DeploymentRecord,
): (event: Uint8Array, onChunk: (chunk: Uint8Array) => void) => Promise<NoReply | undefined> {
  const client = clientFor(deployed);
  let checked = false;
  return async (Payload, onChunk) => {
    try {
      if (!checked) await requireAccountOf(deployed);
      checked = true;
      const command = new InvokeWithResponseStreamCommand({ FunctionName: deployed.functionName, Payload });
      const { EventStream = [] } = await client.send(command);
      return await passOn(EventStream, onChunk);
    } catch (error) {
      return noReply(error, deployed);
    }
  };
}

async function passOn(
  frames: AsyncIterable<InvokeWithResponseStreamResponseEvent> | Iterable<InvokeWithResponseStreamResponseEvent>,
  onChunk: (chunk: Uint8Array) => void,
): Promise<NoReply | undefined> {
  for await (const { PayloadChunk, InvokeComplete } of frames) {
    if (PayloadChunk?.Payload) onChunk(PayloadChunk.Payload);
    if (InvokeComplete?.ErrorCode) return functionFailed(InvokeComplete.ErrorCode, InvokeComplete.ErrorDetails);
  }
  return undefined;
}

/** A call is paid for: only the caller decides whether to make it again. */
function clientFor({ region }: DeploymentRecord): LambdaClient {
  const options = clientOptions(region);
  return new LambdaClient({
    ...options,
    maxAttempts: 1,
    requestHandler: { ...options.requestHandler, requestTimeout: REQUEST_TIMEOUT_MS },
  });
}

const functionError = z.object({ errorType: z.string(), errorMessage: z.string() }).partial();

function outcomeOf({ FunctionError, Payload, LogResult = '' }: InvokeCommandOutput): Invocation {
  const payload = Payload ?? new Uint8Array();
  if (FunctionError === undefined) return { kind: 'reply', payload, log: Buffer.from(LogResult, 'base64').toString() };
  return functionFailed(FunctionError, Buffer.from(payload).toString());
}

/** `report` is the payload of Invoke, or the error's details in a stream. */
function functionFailed(code: string, report = ''): NoReply {
  const { data } = functionError.safeParse(parseJson(report));
  const cause = [data?.errorType, data?.errorMessage].filter(Boolean).join(': ') || code;
  return { kind: 'function-error', sentence: localized(texts.functionError(cause)) };
}

/** Shows only the name of AWS's error, whose message may contain the account's number. */
function noReply(error: unknown, { functionName, region }: DeploymentRecord): NoReply {
  const name = error instanceof Error ? error.name : 'Error';
  if (name === THROTTLE) return { kind: 'throttled', sentence: localized(texts.throttled()) };
  if (isMissing(error)) return { kind: 'no-reply', sentence: localized(texts.missing(functionName, region)) };
  const trouble = troubleOf(error);
  if (trouble === 'unreachable') return { kind: 'no-reply', sentence: localized(troubleText(trouble, region)) };
  const known = asUserError(error, region, ['lambda:InvokeFunction']);
  if (known !== error || name === 'UserError') throw known;
  return { kind: 'no-reply', sentence: localized(texts.noReply(name)) };
}

const reply = z.object({ statusCode: z.number(), body: z.string() });

/** The function's reply. */
export type Reply = z.infer<typeof reply>;

/** The sentence for a payload that is not a reply. */
export const NOT_A_REPLY = localized({
  en: "The reply is none of this function's: it has no statusCode. Check what is deployed.",
  ja: '応答に statusCode がないため、この関数のものではありません。デプロイされているものを確認してください。',
});

/** Reads a payload as the function's reply; undefined where it is another program's. */
export const replyOf = (payload: Uint8Array): Reply | undefined =>
  reply.safeParse(parseJson(Buffer.from(payload).toString())).data;

/** Whether the function answered. */
export const isSuccess = ({ statusCode }: Reply): boolean => statusCode >= 200 && statusCode < 300;

const texts = {
  functionError: message(
    (cause: string) => `The function failed with ${cause}. See make logs for what it wrote.`,
    (cause) => `関数がエラーで終了しました (${cause})。make logs でログを確認してください。`,
  ),
  throttled: message(
    () =>
      `Lambda refused the call with ${THROTTLE}: the function is stopped, or too many calls are under way. See make status.`,
    () =>
      `Lambda が ${THROTTLE} で呼び出しを拒否しました。関数が停止しているか、同時に実行中の呼び出しが多すぎます。make status で確認してください。`,
  ),
  missing: message(
    (name: string, region: string) =>
      `There is no function ${name} in ${region}, though its deployment is recorded here. Run make deploy.`,
    (name, region) =>
      `デプロイの記録はありますが、${region} に関数 ${name} がありません。make deploy を実行してください。`,
  ),
  noReply: message(
    (name: string) =>
      `The deployed function could not be invoked: AWS answered with ${name}. Try again, and see make status.`,
    (name) =>
      `デプロイした関数を呼び出せませんでした。AWS の応答は ${name} です。やり直し、make status で状態を確認してください。`,
  ),
} as const;
