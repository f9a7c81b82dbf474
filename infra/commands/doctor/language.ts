import type { Language } from './finding.ts';

/** The language that DOCTOR_LANG names, or else the locale's variables in POSIX's order of precedence. */
export function languageOf({ DOCTOR_LANG, LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  return /^ja/i.test(DOCTOR_LANG || LC_ALL || LC_MESSAGES || LANG || '') ? 'ja' : 'en';
}
