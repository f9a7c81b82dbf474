import type { Result } from './check.ts';
import type { Language, Text } from './finding.ts';

/** The doctor's results and its exit code. */
export interface Report {
  readonly results: readonly Result[];
  /** Why the account was not asked, if it was not. */
  readonly excuse?: Text;
  /** 0: a deploy and a call would work. 1: something stands in the way, or is not known. 2: AWS could not be asked. */
  readonly exitCode: 0 | 1 | 2;
}

const MARKS = { ok: '✓', warning: '!', failure: '✗' } as const;

/** The page for people: a line for each result, and its remedy on the next. */
export function pageOf({ results }: Report, language: Language): string {
  return results
    .flatMap(({ mark, text, remedy }) => [
      `${MARKS[mark]} ${text[language]}`,
      ...(remedy ? [`    ${remedy[language]}`] : []),
    ])
    .join('\n');
}

/** The JSON for programs, with both languages. */
export function jsonOf({ results, excuse, exitCode }: Report): string {
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
export function exitCodeOf(results: readonly Result[]): 0 | 1 {
  return results.some(({ mark, essential, unknown }) => mark === 'failure' || (essential && unknown)) ? 1 : 0;
}
