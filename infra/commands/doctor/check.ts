import { isDenied } from '../support/aws-errors.ts';
import { accountMessages } from './account-messages.ts';
import { type Finding, type Text, unknown } from './finding.ts';

/** Something that is looked at. */
export interface Check {
  /** Its name for programs. */
  readonly id: string;
  /** IAM actions that it takes. */
  readonly permissions?: readonly string[];
  /** A deploy or a call hangs on it: when it could not run, nobody knows whether they would work. */
  readonly essential?: true;
  /** What it finds; a call that it makes ends with the signal. */
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

/** A check that does not heed its signal is left behind. */
function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('timed out')), { once: true }),
  );
}

/** Of AWS's own words only the error's name is shown: its message may hold the account's. */
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
