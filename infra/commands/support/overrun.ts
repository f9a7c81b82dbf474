import type { Choice } from '../../lib/granted-models.ts';
import { BRAKE_SECONDS, overrunOf } from '../../lib/overrun.ts';
import { UserError } from '../../lib/user-error.ts';
import { brakeState, overLimitSentences } from './brake-state.ts';
import { accountConcurrency } from './concurrency.ts';
import { reservedConcurrency } from './function-state.ts';
import type { Target } from './target.ts';

/** What Lambda grants an ordinary account (Lambda quotas). */
const ORDINARY_CONCURRENCY = 1000;

/** What a deploy says of its DAILY_LIMIT_USD, if it has one: how late the brake can be, and whether it missed its chance already. */
export async function limitSentences(target: Target, choice: Choice): Promise<string[]> {
  const { dailyLimitUsd } = choice.settings;
  if (dailyLimitUsd === undefined) return [];
  return [...(await overrunSentences(choice, dailyLimitUsd)), ...(await overLimitSentencesOf(target))];
}

/** Whoever may deploy need not be one who may look: then there is nothing to say. */
async function overLimitSentencesOf(target: Target): Promise<string[]> {
  try {
    return overLimitSentences(await brakeState(target), await reservedConcurrency(target));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/**
 * How late the brake can be and what can be spent meanwhile, in words.
 *
 * @param reserved concurrency of the function, where it is known.
 */
export async function overrunSentences(
  { settings, models }: Choice,
  limitUsd: number,
  reserved = settings.maxConcurrency,
): Promise<string[]> {
  const account = await placesOf(settings.region);
  const places =
    reserved !== undefined && reserved < account.count ? { count: reserved, of: 'MAX_CONCURRENCY' } : account;
  const { callUsd, usd } = overrunOf(models, settings, places.count);
  const remedies = `MAX_PROMPT_CHARS lowers it most, MAX_TOKENS_LIMIT next${reserved === undefined ? ', MAX_CONCURRENCY in proportion' : ''}`;
  return [
    `The brake stops the function some ${BRAKE_SECONDS / 60} minutes after the limit is crossed, as a rule sooner; AWS promises no time.`,
    `At most $${dollars(callUsd)} a call at the prices of models.json, ${places.count} at once (${places.of}): $${dollars(usd)} beyond the $${limitUsd} in the worst case. ${remedies}; Bedrock's own quotas, not counted here, mostly hold it far below.`,
  ];
}

const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** It is a sentence for people: whoever may not ask gets the ordinary number. */
async function placesOf(region: string): Promise<{ count: number; of: string }> {
  try {
    const { limit } = await accountConcurrency(region);
    if (limit > 0) return { count: limit, of: "the account's limit" };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return { count: ORDINARY_CONCURRENCY, of: "an ordinary account's limit" };
}
