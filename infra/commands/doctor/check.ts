import { isDenied } from '../support/aws-errors.ts';
import { accountMessages } from './account-messages.ts';
import { type Finding, type Text, unknown } from './finding.ts';

/** One check of the doctor. */
export interface Check {
  /** Its name in the JSON output. */
  readonly id: string;
  /** IAM actions that it needs. */
  readonly permissions?: readonly string[];
  /** A deploy or a call depends on it: when it could not run, the doctor ends with 1. */
  readonly essential?: true;
  /** Runs the check. The signal ends the calls that it makes. */
  readonly run: (signal: AbortSignal) => Promise<Finding[]> | Finding[];
}

/** A finding, and the check that made it. */
export interface Result extends Finding {
  readonly id: string;
  readonly essential: boolean;
}

/** Runs the checks side by side, each for no longer than `seconds`. The results come in the order of the checks. */
export async function runChecks(checks: readonly Check[], seconds: number): Promise<Result[]> {
  return (await Promise.all(checks.map((check) => runCheck(check, seconds)))).flat();
}

async function runCheck(check: Check, seconds: number): Promise<Result[]> {
  const { id, essential = false } = check;
  const findings = await found(check, seconds);
  return findings.map((finding) => ({ ...finding, id, essential }));
}

async function found({ id, run, permissions = [] }: Check, seconds: number): Promise<Finding[]> {
  const signal = AbortSignal.timeout(seconds * 1000);
  try {
    return await Promise.race([run(signal), ended(signal)]);
  } catch (error) {
    return [unknown(...reasonOf(error, id, permissions, signal.aborted ? seconds : undefined))];
  }
}

/** Rejects when the signal ends, for a check that does not heed it. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('timed out')), { once: true }),
  );
}

/** Of AWS's error only the name is shown: the message may contain the account's number. */
function reasonOf(
  error: unknown,
  id: string,
  permissions: readonly string[],
  seconds: number | undefined,
): [Text, Text] {
  if (seconds !== undefined) return [accountMessages.slow(id, seconds), accountMessages.slowRemedy()];
  if (isDenied(error))
    return [accountMessages.denied(id, permissions.join(', ')), accountMessages.deniedRemedy(permissions.join(', '))];
  return [
    accountMessages.unanswered(id, error instanceof Error ? error.name : 'Error'),
    accountMessages.unansweredRemedy(),
  ];
}
