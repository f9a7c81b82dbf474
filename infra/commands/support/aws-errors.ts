import { UserError } from '../../lib/user-error.ts';

/** What to do about it, by what the SDK or AWS calls it. */
const REMEDIES: readonly (readonly [RegExp, (region: string) => string])[] = [
  [
    /expired|TokenProviderError|token.*refresh/i,
    () => 'The AWS credentials have expired: sign in again (`aws sso login`, or fresh keys), then try again.',
  ],
  [
    /CredentialsProviderError|Could not load credentials/i,
    () => 'No AWS credentials were found: sign in (`aws sso login`) and name the profile in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then try again.',
  ],
  [
    /InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature|AuthFailure|RegionDisabled/,
    (region) => `AWS does not accept these credentials in ${region}: check that the keys are whole and active, and that the account has that region turned on.`,
  ],
  [
    /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|TimeoutError|NetworkingError/,
    (region) => `AWS in ${region} cannot be reached from here: check the network, the proxy and AWS_ENDPOINT_URL, then try again.`,
  ],
];

/**
 * The sentence for an error that a person can put right; any other error as it came.
 * What AWS wrote is left out: it may name the account or part of a key.
 */
export function explained(error: unknown, region: string): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const remedy = REMEDIES.find(([pattern]) => pattern.test(fingerprint(error)));
  return remedy ? new UserError(remedy[1](region)) : error;
}

/** Whether AWS knows the caller but does not let it do this. */
export function isDenied(error: unknown): boolean {
  return error instanceof Error && /AccessDenied|UnauthorizedOperation/.test(error.name);
}

/** Whether the thing asked about is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && (/NotFound/.test(error.name) || (error.name === 'ValidationError' && /does not exist/.test(error.message)));
}

/** The sentence for a caller who may not do this; any other error as it came. */
export function allowed(error: unknown, permissions: readonly string[]): unknown {
  return isDenied(error) ? new UserError(`These credentials may not do that: allow ${permissions.join(' and ')} to them, then try again.`) : error;
}

function fingerprint(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  return `${error.name} ${code} ${error.message}`;
}
