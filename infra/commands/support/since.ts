import { UserError } from '../../lib/user-error.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * `1h` → milliseconds.
 *
 * @throws UserError when it is no such time.
 */
export function sinceOf(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS[unit ?? ''] ?? Number.NaN);
  if (!(seconds > 0))
    throw new UserError(`SINCE takes a number and s, m, h or d, such as 30m or 1h; "${text}" was given.`);
  return seconds * 1000;
}
