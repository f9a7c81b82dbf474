/** A sentence in both languages. */
export interface Text {
  readonly en: string;
  readonly ja: string;
}

/** A language of these commands. */
export type Language = keyof Text;

/**
 * A message with its values left open. Both languages take the same values, and one
 * without the other does not compile.
 */
export const message =
  <Values extends readonly unknown[]>(en: (...values: Values) => string, ja: (...values: Values) => string) =>
  (...values: Values): Text => ({ en: en(...values), ja: ja(...values) });

/** The language that DOCTOR_LANG names, or else the locale's variables in POSIX's order of precedence. */
export function languageOf({ DOCTOR_LANG, LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Language {
  return /^ja/i.test(DOCTOR_LANG || LC_ALL || LC_MESSAGES || LANG || '') ? 'ja' : 'en';
}

/** The sentence in the language of whoever runs the command. */
export const localized = (text: Text): string => text[languageOf(process.env)];
