import { isDenied } from '../shared/aws.ts';
import { message, type Text } from '../../lib/text.ts';

/** One finding of a check, printed on one line. */
export interface Finding {
  readonly mark: 'ok' | 'warning' | 'failure';
  readonly text: Text;
  /** What to do about it. Every failure has one. */
  readonly remedy?: Text;
  /** The check could not run. */
  readonly unknown?: true;
}

/** A check that passed. */
export const ok = (text: Text): Finding => ({ mark: 'ok', text });

/** Something that no call fails because of today. */
export const warning = (text: Text, remedy?: Text): Finding => ({ mark: 'warning', text, ...(remedy && { remedy }) });

/** A deploy or a call would fail. */
export const failure = (text: Text, remedy: Text): Finding => ({ mark: 'failure', text, remedy });

/** The check could not run. */
export const unknown = (text: Text, remedy: Text): Finding => ({ mark: 'warning', text, remedy, unknown: true });

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
  const findings = await findingsOf(check, seconds);
  return findings.map((finding) => ({ ...finding, id, essential }));
}

async function findingsOf({ id, run, permissions = [] }: Check, seconds: number): Promise<Finding[]> {
  const signal = AbortSignal.timeout(seconds * 1000);
  try {
    return await Promise.race([run(signal), rejectedBy(signal)]);
  } catch (error) {
    return [unknown(...reasonOf(error, id, permissions, signal.aborted ? seconds : undefined))];
  }
}

/** Rejects when the signal aborts, for a check that ignores it. */
function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    signal.addEventListener('abort', () => reject(new Error('timed out')), { once: true }),
  );
}

/** Shows only the name of AWS's error, whose message may contain the account's number. */
function reasonOf(
  error: unknown,
  id: string,
  permissions: readonly string[],
  seconds: number | undefined,
): [Text, Text] {
  if (seconds !== undefined) return [texts.slow(id, seconds), texts.slowRemedy()];
  if (isDenied(error)) return [texts.denied(id, permissions.join(', ')), texts.deniedRemedy(permissions.join(', '))];
  return [texts.unanswered(id, error instanceof Error ? error.name : 'Error'), texts.unansweredRemedy()];
}

const texts = {
  slow: message(
    (check: string, seconds: number) => `${check}: AWS did not answer within ${seconds} s`,
    (check, seconds) => `${check}: AWS から ${seconds} 秒以内に応答がありませんでした`,
  ),
  slowRemedy: message(
    () => 'Try again; if it stays so, check the network and the proxy.',
    () => 'やり直しても変わらなければ、ネットワークとプロキシを確認してください。',
  ),
  denied: message(
    (check: string, permissions: string) => `${check}: not checked, these credentials lack ${permissions}`,
    (check, permissions) => `${check}: 権限 ${permissions} がないため確認できません`,
  ),
  deniedRemedy: message(
    (permissions: string) => `Allow ${permissions} to these credentials.`,
    (permissions) => `この認証情報に ${permissions} を許可してください。`,
  ),
  unanswered: message(
    (check: string, name: string) => `${check}: not checked, AWS answered with ${name}`,
    (check, name) => `${check}: AWS が ${name} を返したため確認できません`,
  ),
  unansweredRemedy: message(
    () => 'Try again; if it stays so, look at that service in the console.',
    () => 'やり直しても変わらなければ、コンソールでそのサービスを確認してください。',
  ),
} as const;
