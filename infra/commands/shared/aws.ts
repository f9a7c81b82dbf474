import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { UserError } from '../../lib/errors.ts';
import { message } from '../../lib/text.ts';

// On Node 20 the SDK prints six lines about Node 22, which would hide the command's own message.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

/** Options of every client of these commands. A person waits for the answer, so a client gives up in seconds. */
export const clientOptions = (region: string) => ({
  region,
  maxAttempts: 2,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
});

/** Bedrock over HTTP/1.1: by default this client, and no other, speaks HTTP/2, which many proxies do not pass. */
export function bedrockRuntime(region: string): BedrockRuntimeClient {
  const options = clientOptions(region);
  return new BedrockRuntimeClient({ ...options, requestHandler: new NodeHttpHandler(options.requestHandler) });
}

/** Why no request to AWS can succeed. */
export type Trouble = 'expired' | 'signed-out' | 'absent' | 'refused' | 'unreachable';

/** What the names and messages of the SDK's and AWS's errors contain. */
const PATTERNS: readonly (readonly [RegExp, Trouble])[] = [
  // The errors of the provider of `aws login`, about a file, a session or a refresh: the person can sign in again.
  [/re-?authenticate|Failed to load token|Token validation failed|Failed to refresh token/i, 'signed-out'],
  [/expired|TokenProviderError|token.*refresh/i, 'expired'],
  [/CredentialsProviderError|Could not load credentials/i, 'absent'],
  [
    /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|AuthFailure|RegionDisabled/,
    'refused',
  ],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TimeoutError|NetworkingError/,
    'unreachable',
  ],
];

/** The sentence for a trouble: what happened and what to do. */
export const troubleText = message(
  (trouble: Trouble, region: string) =>
    ({
      expired:
        'The AWS credentials have expired. Sign in again (`aws login`, `aws sso login` for IAM Identity Center, or fresh keys), then try again.',
      'signed-out':
        "The profile's session of `aws login` is over, or this machine has none. Sign in again (`aws login`, with `--profile` for a profile that is not the default one), then try again.",
      absent:
        'No usable AWS credentials were found. Sign in (`aws login`, or `aws sso login` for IAM Identity Center) and name a profile that is not the default one in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then try again.',
      refused: `AWS does not accept these credentials in ${region}. Check that the keys are whole and active, and that the account has that region turned on.`,
      unreachable: `AWS in ${region} cannot be reached from here. Check the network, the proxy and AWS_ENDPOINT_URL, then try again.`,
    })[trouble],
  (trouble, region) =>
    ({
      expired:
        'AWS の認証情報の有効期限が切れています。もう一度サインインしてから (`aws login`、IAM Identity Center なら `aws sso login`、または新しいキー)、やり直してください。',
      'signed-out':
        'このプロファイルの `aws login` のセッションが終了しているか、このマシンにありません。もう一度サインインしてから (`aws login`、既定でないプロファイルは `--profile` で指定)、やり直してください。',
      absent:
        '使える AWS の認証情報が見つかりません。サインインして (`aws login`、IAM Identity Center なら `aws sso login`) 既定でないプロファイルは AWS_PROFILE に指定するか、AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を設定してから、やり直してください。',
      refused: `${region} の AWS がこの認証情報を受け付けません。キーが正しく有効であること、アカウントでこのリージョンが有効になっていることを確認してください。`,
      unreachable: `${region} の AWS に接続できません。ネットワーク、プロキシ、AWS_ENDPOINT_URL を確認してから、やり直してください。`,
    })[trouble],
);

/** The trouble that the error shows, if it shows one. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  return PATTERNS.find(([pattern]) => pattern.test(nameAndMessage(error)))?.[1];
}

/**
 * A UserError for an error that a person can correct; any other error as it came.
 * AWS's own message is left out: it may name the account or part of a key.
 *
 * @param permissions what the caller needs; without them a denial stays as it came.
 */
export function asUserError(error: unknown, region: string, permissions: readonly string[] = []): unknown {
  const trouble = troubleOf(error);
  if (trouble) return new UserError(troubleText(trouble, region));
  if (permissions.length === 0 || !isDenied(error)) return error;
  return new UserError(deniedText(permissions));
}

const deniedText = message(
  (permissions: readonly string[]) =>
    `These credentials may not do that. Allow ${permissions.join(' and ')} to them, then try again.`,
  (permissions) => `この認証情報には権限がありません。${permissions.join(' と ')} を許可してから、やり直してください。`,
);

/** Whether the caller lacks the permission. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|UnauthorizedOperation/.test(error.name);
}

/** Whether the resource that was asked about does not exist. */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    (/NotFound|DoesNotExist|NoSuchBucket/.test(error.name) ||
      (error.name === 'ValidationError' && /does not exist/.test(error.message)))
  );
}

/** The response of a request; undefined where its resource does not exist. */
export async function unlessMissing<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether the same request may succeed a moment later: AWS was not reached, throttled it, or failed. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status = statusOf(error);
  return (
    troubleOf(error) === 'unreachable' ||
    /Throttl|TooManyRequests|RequestLimitExceeded/.test(error.name) ||
    (status !== undefined && (status === 429 || status >= 500))
  );
}

/** Whether AWS has refused the request, and would refuse it again. */
export function isRefused(error: unknown): boolean {
  const status = error instanceof Error ? statusOf(error) : undefined;
  return status !== undefined && status >= 400 && !isPassing(error);
}

/** The HTTP status of an error of the SDK's. */
function statusOf(error: Error): number | undefined {
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}

function nameAndMessage(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return `${error.name} ${code} ${error.message}`;
}
