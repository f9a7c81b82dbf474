import type { ModelRow } from './table.ts';

/** The longest context of the models in models.json, in tokens: a longer prompt is refused, and costs nothing. */
export const LONGEST_CONTEXT = 1_000_000;

/**
 * Seconds from the end of a call to the stop: its line becomes a metric (a minute), the alarm looks
 * once a minute, and rule, state machine and Lambda take seconds. None of it is promised by AWS; this is twice the usual.
 */
export const BRAKE_SECONDS = 300;

/** The time of the fastest call, in seconds. */
const SHORTEST_CALL_SECONDS = 1;

/** Tokens a second, more than any model of the table writes. */
const FASTEST_WRITING = 400;

/** The settings that bound the cost of a call. */
export interface CallLimits {
  readonly maxPromptChars?: number | undefined;
  readonly maxTokensLimit?: number | undefined;
}

/** The cost between the crossing of the limit and the stop. */
export interface Overrun {
  /** US dollars of the dearest call that the settings allow. */
  readonly callUsd: number;
  /** US dollars in all. */
  readonly usd: number;
}

/**
 * An upper bound, not a forecast. Of `n` calls at once, each place spends for `BRAKE_SECONDS` at the fastest rate
 * at which a call can spend, and beside that has a dearest call in hand at the crossing and another at the stop:
 *
 *     n × (BRAKE_SECONDS × rate + 2 × dearest call)
 *     dearest call = prompt price + price of the longest output that an event may ask for
 *     rate = prompt price ÷ shortest call + output price × fastest writing
 *
 * The prices are those of the standard tier, in which an event can ask to be served whatever the setting says.
 * A prompt of so many characters counts as many tokens, as Japanese does at worst. Bedrock's own quotas
 * (tokens per minute), which are not known here, often hold it far below.
 *
 * @param concurrency calls that run at once: what the account allows.
 */
export function overrunOf(
  models: readonly ModelRow[],
  { maxPromptChars, maxTokensLimit = Number.POSITIVE_INFINITY }: CallLimits,
  concurrency: number,
): Overrun {
  const promptTokens = Math.min(maxPromptChars ?? LONGEST_CONTEXT, LONGEST_CONTEXT);
  const costs = models.map(({ pricePerMillionTokens: { input, output }, maxOutputTokens }) => ({
    callUsd: (promptTokens * input + Math.min(maxOutputTokens, maxTokensLimit) * output) / 1e6,
    rate: (promptTokens * input) / 1e6 / SHORTEST_CALL_SECONDS + (FASTEST_WRITING * output) / 1e6,
  }));
  const callUsd = Math.max(0, ...costs.map((cost) => cost.callUsd));
  const rate = Math.max(0, ...costs.map((cost) => cost.rate));
  return { callUsd, usd: concurrency * (BRAKE_SECONDS * rate + 2 * callUsd) };
}
