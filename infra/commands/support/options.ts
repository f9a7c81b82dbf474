import { UserError } from '../../lib/user-error.ts';

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
  throw new UserError(`${name} takes 1 or 0; "${given}" was given.`);
}
