import { createInterface } from 'node:readline/promises';
import { UserError } from '../../lib/errors.ts';
import { message } from '../../lib/text.ts';

/** Whether a program reads the output: JSON=1 after `make`, or --json. */
export const wantsJson = (): boolean => isOn('JSON') || process.argv.includes('--json');

/**
 * A switch that is typed after `make TARGET`, such as CALL=1.
 *
 * @param unset its value when it is not given.
 * @throws UserError when its value is neither yes nor no.
 */
export function isOn(name: string, unset = false): boolean {
  const given = process.env[name]?.trim() ?? '';
  if (given === '') return unset;
  if (/^(1|true|yes|on)$/i.test(given)) return true;
  if (/^(0|false|no|off)$/i.test(given)) return false;
  throw new UserError(neither(name, given));
}

const neither = message(
  (name: string, given: string) => `${name} takes 1 or 0; "${given}" was given.`,
  (name, given) => `${name} には 1 か 0 を指定してください ("${given}" が指定されました)。`,
);

/** A column: its heading, and whether its cells are aligned right, as numbers are. */
export interface Column {
  readonly heading: string;
  readonly right?: boolean;
}

/** A table as text, with two spaces between columns and none at the end of a line. */
export function columns(headings: readonly Column[], rows: readonly (readonly string[])[]): string {
  const lines = [headings.map(({ heading }) => heading), ...rows];
  const widths = headings.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)));
  const cell = (text: string, index: number): string =>
    headings[index]?.right ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0);
  return lines.map((line) => line.map(cell).join('  ').trimEnd()).join('\n');
}

/** A number as a person reads it. */
export const number = (count: number): string => count.toLocaleString('en-US');

/** Asks a person on this terminal a question that yes or no answers. */
export async function isConfirmed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(question);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
