/** A sentence in both languages of the doctor. */
export interface Text {
  readonly en: string;
  readonly ja: string;
}

/** A language of the doctor. */
export type Language = keyof Text;

/** What one check found out, on one line. */
export interface Finding {
  readonly mark: 'ok' | 'warning' | 'failure';
  readonly text: Text;
  /** What to do about it. A failure always says. */
  readonly remedy?: Text;
  /** The check could not run. */
  readonly unknown?: true;
}

/** A check that passed. */
export const ok = (text: Text): Finding => ({ mark: 'ok', text });

/** Something to know, of which no call fails today. */
export const warning = (text: Text, remedy?: Text): Finding => ({ mark: 'warning', text, ...(remedy && { remedy }) });

/** A deploy or a call would fail. */
export const failure = (text: Text, remedy: Text): Finding => ({ mark: 'failure', text, remedy });

/** The check could not run. */
export const unknown = (text: Text, remedy: Text): Finding => ({ mark: 'warning', text, remedy, unknown: true });

/**
 * A message with its values left open. Both languages take the same values, and one
 * without the other does not compile.
 */
export const message =
  <Values extends readonly unknown[]>(en: (...values: Values) => string, ja: (...values: Values) => string) =>
  (...values: Values): Text => ({ en: en(...values), ja: ja(...values) });
