import type { Call } from '../../lib/estimate.ts';
import type { Choice } from '../../lib/granted-models.ts';
import { UserError } from '../../lib/user-error.ts';

/** An upper bound for CALLS_PER_DAY, which catches typing errors. */
const MOST_CALLS_PER_DAY = 100_000_000;

/** The longest context of the models in models.json, in tokens. */
const LONGEST_CONTEXT = 1_000_000;

/** What is asked of the function. */
export interface Workload {
  readonly call: Call;
  /** Calls a day: one estimate for each. */
  readonly callsPerDay: readonly number[];
}

/**
 * What is typed after `make estimate`: CALLS_PER_DAY (several, comma-separated), INPUT_TOKENS, OUTPUT_TOKENS, SECONDS.
 * The defaults are a question of a page and an answer of half a page.
 *
 * @throws UserError naming the first that is out of its bounds, or beyond what the settings allow.
 */
export function workloadOf(
  environment: Readonly<Record<string, string | undefined>>,
  { settings, models }: Choice,
): Workload {
  const given = (name: string, otherwise: string): string => environment[name]?.trim() || otherwise;
  const callsPerDay = given('CALLS_PER_DAY', '10,1000,100000')
    .split(',')
    .map((count) =>
      wholeNumber('CALLS_PER_DAY', count.trim(), MOST_CALLS_PER_DAY, 'calls, or several, comma-separated'),
    );
  const call = {
    inputTokens: wholeNumber('INPUT_TOKENS', given('INPUT_TOKENS', '500'), LONGEST_CONTEXT, 'tokens'),
    outputTokens: wholeNumber(
      'OUTPUT_TOKENS',
      given('OUTPUT_TOKENS', '300'),
      Math.min(...models.map((model) => model.maxOutputTokens)),
      'tokens, the most of this model',
    ),
    seconds: seconds(given('SECONDS', '3'), settings.timeoutSeconds),
  };
  return { call, callsPerDay };
}

function wholeNumber(name: string, text: string, most: number, of: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most))
    throw new UserError(`${name} takes a whole number from 1 to ${most} ${of}; "${text}" was given.`);
  return value;
}

function seconds(text: string, timeoutSeconds: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= timeoutSeconds))
    throw new UserError(
      `SECONDS takes a number above 0, up to TIMEOUT_SECONDS (${timeoutSeconds}); "${text}" was given.`,
    );
  return value;
}
