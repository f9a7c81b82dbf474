import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { UserError } from '../../lib/errors.ts';
import { message } from '../../lib/text.ts';
import { isMissing, clientOptions } from './aws.ts';
import { askConcurrency } from './function-state.ts';
import { type Obstacle, refused } from './obstacles.ts';
import type { Target } from './target.ts';

/** The concurrency that Lambda keeps for functions without a reservation. PutFunctionConcurrency does not reserve it (Lambda quotas). */
const LEFT_TO_OTHERS = 100;

/** How many invocations may run at once in an account and region. */
export interface AccountConcurrency {
  readonly limit: number;
  /** The part of it that no function has reserved. */
  readonly unreserved: number;
}

/** The account's concurrency; errors are the SDK's own. */
export async function accountConcurrency(region: string, abortSignal?: AbortSignal): Promise<AccountConcurrency> {
  const { AccountLimit } = await new LambdaClient(clientOptions(region)).send(new GetAccountSettingsCommand({}), {
    abortSignal,
  });
  const limit = AccountLimit?.ConcurrentExecutions ?? 0;
  return { limit, unreserved: AccountLimit?.UnreservedConcurrentExecutions ?? limit };
}

/** Why the function cannot reserve `maxConcurrency`, if it cannot; errors are the SDK's own. */
export async function concurrencyObstacle(
  target: Target,
  { limit, unreserved }: AccountConcurrency,
  maxConcurrency: number,
  signal?: AbortSignal,
): Promise<Obstacle | undefined> {
  const most = Math.max(0, unreserved + (await reservedSoFar(target, signal)) - LEFT_TO_OTHERS);
  return maxConcurrency <= most
    ? undefined
    : { text: texts.short(maxConcurrency, most, limit), remedy: texts.shortRemedy(most) };
}

/** The function's own reservation, which a new one replaces. */
async function reservedSoFar(target: Target, signal: AbortSignal | undefined): Promise<number> {
  try {
    return (await askConcurrency(target, signal)) ?? 0;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}

/**
 * Refuses a MAX_CONCURRENCY that Lambda would refuse halfway through the deploy. Nothing is checked where the caller lacks the
 * permission; CloudFormation then fails later.
 *
 * @throws UserError naming what is left to reserve.
 */
export async function requireConcurrency(target: Target, maxConcurrency: number | undefined): Promise<void> {
  if (maxConcurrency === undefined) return;
  const obstacle = await accountConcurrency(target.region)
    .then((account) => concurrencyObstacle(target, account, maxConcurrency))
    .catch(() => undefined);
  if (obstacle) throw new UserError(refused(obstacle));
}

const texts = {
  short: message(
    (wanted: number, most: number, limit: number) =>
      `MAX_CONCURRENCY=${wanted} cannot be reserved: ${most} is left to reserve of the ${limit} concurrent executions of the account, ${LEFT_TO_OTHERS} of which Lambda keeps for functions without a reservation`,
    (wanted, most, limit) =>
      `MAX_CONCURRENCY=${wanted} は予約できません。アカウントの同時実行数 ${limit} のうち ${LEFT_TO_OTHERS} は予約のない関数のために残され、予約できるのは残り ${most} です`,
  ),
  shortRemedy: message(
    (most: number) =>
      `${most > 0 ? `Give ${most} or less` : 'Leave MAX_CONCURRENCY out'}, or ask for more under Service Quotas, Lambda, Concurrent executions.`,
    (most) =>
      `MAX_CONCURRENCY を${most > 0 ? `${most} 以下にするか` : '指定しないか'}、Service Quotas の Lambda「同時実行数」で引き上げを申請してください。`,
  ),
} as const;
