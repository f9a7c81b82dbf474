import type { Language } from './finding.ts';

/** DOCTOR_LANG if given, else the language of the terminal, in the order in which a terminal's variables count. */
export function languageOf({ DOCTOR_LANG, LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  return /^ja/i.test(DOCTOR_LANG || LC_ALL || LC_MESSAGES || LANG || '') ? 'ja' : 'en';
}
