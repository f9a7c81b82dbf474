import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Choice } from '../../lib/granted-models.ts';
import { BRAKE_SECONDS, overrunOf } from '../../lib/overrun.ts';
import { clientOptions } from './clients.ts';

/** What Lambda grants an ordinary account (Lambda quotas). */
const ORDINARY_CONCURRENCY = 1000;

/** How late the brake can be and what can be spent meanwhile, in words. */
export async function overrunSentences({ settings, models }: Choice, limitUsd: number): Promise<string[]> {
  const concurrency = await accountConcurrency(settings.region);
  const { callUsd, usd } = overrunOf(models, settings, concurrency.limit);
  return [
    `The brake stops the function some ${BRAKE_SECONDS / 60} minutes after the limit is crossed, as a rule sooner; AWS promises no time.`,
    `At most $${dollars(callUsd)} a call at the prices of models.json, ${concurrency.limit} at once (${concurrency.known ? "the account's limit" : "an ordinary account's limit"}): $${dollars(usd)} beyond the $${limitUsd} in the worst case. MAX_PROMPT_CHARS lowers it most, MAX_TOKENS_LIMIT next; Bedrock's own quotas, not counted here, mostly hold it far below.`,
  ];
}

const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** It is a sentence for people: whoever may not ask gets the ordinary number. */
async function accountConcurrency(region: string): Promise<{ limit: number; known: boolean }> {
  try {
    const { AccountLimit } = await new LambdaClient(clientOptions(region)).send(new GetAccountSettingsCommand({}));
    const limit = AccountLimit?.ConcurrentExecutions;
    if (limit !== undefined) return { limit, known: true };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return { limit: ORDINARY_CONCURRENCY, known: false };
}
