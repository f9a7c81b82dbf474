import { exitOnError } from '../../lib/errors.ts';
import { troubleOf, troubleText } from '../shared/aws.ts';
import { callerAccount, otherRegion, otherRegionText, type Target } from '../shared/target.ts';
import { isOn, wantsJson } from '../shared/terminal.ts';
import { type Language, languageOf, message, type Text } from '../../lib/text.ts';
import { accountChecks } from './account.ts';
import { type Result, runChecks } from './check.ts';
import { machineChecks } from './machine.ts';
import { callCheck, modelChecks } from './model.ts';
import { type Examined, examineSettings } from './settings.ts';
import { stackChecks } from './stack.ts';

/** Seconds that a check may take. AWS answers in tenths of a second, and a model in a few seconds. */
const TIMEOUT_SECONDS = Number(process.env.DOCTOR_TIMEOUT_SECONDS) || 10;

const texts = {
  notAsked: message(
    () => 'The account was not asked: first put right what is marked with ✗.',
    () => 'アカウントの確認は行っていません。先に ✗ の項目を修正してください。',
  ),
} as const;

const MARKS = { ok: '✓', warning: '!', failure: '✗' } as const;

await exitOnError(async () => {
  const language = languageOf(process.env);
  const report = await examine();
  if (wantsJson()) console.log(jsonOf(report));
  else console.log(pageOf(report, language));
  if (report.excuse && !wantsJson()) console.error(report.excuse[language]);
  process.exitCode = report.exitCode;
});

/** Checks this machine and, where the settings and the credentials allow it, the account. */
async function examine(): Promise<Report> {
  const today = new Date().toISOString().slice(0, 10);
  const { findings, choice } = examineSettings(today);
  const checks = [...machineChecks, { id: 'settings', essential: true as const, run: () => [...findings] }];
  const [local, remote] = await Promise.all([
    runChecks(checks, TIMEOUT_SECONDS),
    choice && examineAccount(choice, today),
  ]);
  if (!remote) return { results: local, excuse: texts.notAsked(), exitCode: 1 };
  if ('excuse' in remote) return { results: local, excuse: remote.excuse, exitCode: 2 };
  const results = [...local, ...remote.results];
  return { results, exitCode: exitCodeOf(results) };
}

type Choice = NonNullable<Examined['choice']>;

async function examineAccount(
  choice: Choice,
  today: string,
): Promise<{ results: readonly Result[] } | { excuse: Text }> {
  const { region, functionName: stackName } = choice.settings;
  const other = otherRegion(region, choice.given);
  if (other) return { excuse: otherRegionText(other.name, other.ambient, region) };
  try {
    const account = await callerAccount(region, AbortSignal.timeout(TIMEOUT_SECONDS * 1000));
    return { results: await askAccount({ account, region, stackName }, choice, today) };
  } catch (error) {
    const trouble = error instanceof Error && error.name === 'AbortError' ? 'unreachable' : troubleOf(error);
    if (!trouble) throw error;
    return { excuse: troubleText(trouble, region) };
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
  return runChecks(checks, TIMEOUT_SECONDS);
}

/** The doctor's results and its exit code. */
interface Report {
  readonly results: readonly Result[];
  /** Why the account was not asked, if it was not. */
  readonly excuse?: Text;
  /** 0: a deploy and a call would work. 1: a check failed, or an essential one could not run. 2: AWS could not be asked. */
  readonly exitCode: 0 | 1 | 2;
}

/** The page for people: a line for each result, and its remedy on the next. */
function pageOf({ results }: Report, language: Language): string {
  return results
    .flatMap(({ mark, text, remedy }) => [
      `${MARKS[mark]} ${text[language]}`,
      ...(remedy ? [`    ${remedy[language]}`] : []),
    ])
    .join('\n');
}

/** The JSON for programs, with both languages. */
function jsonOf({ results, excuse, exitCode }: Report): string {
  return JSON.stringify(
    {
      ok: exitCode === 0,
      exitCode,
      excuse,
      checks: results.map(({ id, mark, text, remedy, unknown }) => ({
        id,
        mark,
        unknown: unknown ?? false,
        text,
        remedy,
      })),
    },
    null,
    2,
  );
}

/** 0 when no check failed, and every check that a deploy or a call depends on could run. */
function exitCodeOf(results: readonly Result[]): 0 | 1 {
  return results.some(({ mark, essential, unknown }) => mark === 'failure' || (essential && unknown)) ? 1 : 0;
}
