import { accountChecks } from './doctor/account-checks.ts';
import { accountMessages } from './doctor/account-messages.ts';
import { callCheck } from './doctor/call-check.ts';
import { type Result, runChecks } from './doctor/check.ts';
import type { Text } from './doctor/finding.ts';
import { languageOf } from './doctor/language.ts';
import { machineChecks } from './doctor/machine-checks.ts';
import { modelChecks } from './doctor/model-checks.ts';
import { exitCodeOf, jsonOf, pageOf, type Report } from './doctor/report.ts';
import { type Examined, examineSettings } from './doctor/settings-checks.ts';
import { stackChecks } from './doctor/stack-checks.ts';
import { troubleOf } from './support/aws-errors.ts';
import { exitOnError } from './support/exit.ts';
import { isOn, wantsJson } from './support/options.ts';
import { callerAccount, otherRegion, type Target } from './support/target.ts';

/** Seconds that a check may take. AWS answers in tenths of one; a model that was asked something, in a few. */
const PATIENCE = Number(process.env.DOCTOR_TIMEOUT_SECONDS) || 10;

await exitOnError(async () => {
  const language = languageOf(process.env);
  const report = await examine();
  if (wantsJson()) console.log(jsonOf(report));
  else console.log(pageOf(report, language));
  if (report.excuse && !wantsJson()) console.error(report.excuse[language]);
  process.exitCode = report.exitCode;
});

/** This machine first, then the account, if there is one to ask. */
async function examine(): Promise<Report> {
  const today = new Date().toISOString().slice(0, 10);
  const { findings, choice } = examineSettings(today);
  const checks = [...machineChecks, { id: 'settings', essential: true as const, run: () => [...findings] }];
  const [here, there] = await Promise.all([runChecks(checks, PATIENCE), choice && examineAccount(choice, today)]);
  if (!there) return { results: here, excuse: accountMessages.notAsked(), exitCode: 1 };
  if ('excuse' in there) return { results: here, excuse: there.excuse, exitCode: 2 };
  const results = [...here, ...there.results];
  return { results, exitCode: exitCodeOf(results) };
}

type Choice = NonNullable<Examined['choice']>;

async function examineAccount(
  choice: Choice,
  today: string,
): Promise<{ results: readonly Result[] } | { excuse: Text }> {
  const { region, functionName: stackName } = choice.settings;
  const other = otherRegion(region, choice.given);
  if (other) return { excuse: accountMessages.otherRegion(other.name, other.ambient, region) };
  try {
    const account = await callerAccount(region, AbortSignal.timeout(PATIENCE * 1000));
    return { results: await askAccount({ account, region, stackName }, choice, today) };
  } catch (error) {
    const trouble = error instanceof Error && error.name === 'AbortError' ? 'unreachable' : troubleOf(error);
    if (!trouble) throw error;
    return { excuse: accountMessages.trouble(trouble, region) };
  }
}

function askAccount(target: Target, { settings, models }: Choice, today: string): Promise<Result[]> {
  const [model] = models;
  const checks = [
    ...accountChecks(target, settings.maxConcurrency),
    ...models.flatMap((row) => modelChecks(row, target.region, today)),
    ...stackChecks(target, models, settings.stream),
    ...(model && isOn('CALL') ? [callCheck(model, target.region)] : []),
  ];
  return runChecks(checks, PATIENCE);
}
