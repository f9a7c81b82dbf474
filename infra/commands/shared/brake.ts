import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { UserError } from '../../lib/errors.ts';
import { BRAKE_SECONDS, overrunOf } from '../../lib/models/overrun.ts';
import { brakeName, limitAlarmName } from '../../lib/names.ts';
import type { Choice } from '../../lib/settings/choice.ts';
import { asUserError, clientOptions, isMissing } from './aws.ts';
import { accountConcurrency } from './concurrency.ts';
import { reservedConcurrency } from './function-state.ts';
import type { Target } from './target.ts';

/** The alarm on the last 24 hours' cost. */
export interface LimitAlarm {
  readonly state: string;
  readonly limitUsd: number;
  readonly since: Date | undefined;
}

/** The brake as CloudWatch and Step Functions have it. */
export interface BrakeState {
  /** Undefined when the stack has no brake. */
  readonly alarm?: LimitAlarm;
  /** When it last began to stop the function, within the 90 days that Step Functions keeps. */
  readonly pulled?: Date;
  /** Whether it failed to, that last time. */
  readonly failed?: boolean;
}

/** The sentence where the limit is crossed and the function is not stopped. */
export const overLimit = (limitUsd: number): string =>
  `Over the limit and not stopped: the last 24 hours cost $${limitUsd} or more`;

/** What to do about that. */
export const OVER_LIMIT_REMEDY =
  'The brake pulls once, within minutes of the crossing: if it has not by now, run make stop, or make deploy with a higher DAILY_LIMIT_USD.';

/** Both, where the limit is crossed and the function is not stopped. */
export const overLimitSentences = ({ alarm }: BrakeState, reserved: number | undefined): string[] =>
  alarm?.state === 'ALARM' && reserved !== 0 ? [`! ${overLimit(alarm.limitUsd)}. ${OVER_LIMIT_REMEDY}`] : [];

/** Asks CloudWatch and Step Functions about the brake. */
export async function brakeState(target: Target): Promise<BrakeState> {
  try {
    const alarm = await limitAlarm(target);
    if (!alarm) return {};
    return { alarm, ...(await lastPull(target)) };
  } catch (error) {
    throw asUserError(error, target.region, ['cloudwatch:DescribeAlarms', 'states:ListExecutions']);
  }
}

/** The brake's alarm, or undefined when there is no brake; an error as the SDK has it. */
export async function limitAlarm(
  { region, stackName }: Target,
  abortSignal?: AbortSignal,
): Promise<LimitAlarm | undefined> {
  const { MetricAlarms } = await new CloudWatchClient(clientOptions(region)).send(
    new DescribeAlarmsCommand({ AlarmNames: [limitAlarmName(stackName)] }),
    { abortSignal },
  );
  const [alarm] = MetricAlarms ?? [];
  return (
    alarm && {
      state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
      limitUsd: alarm.Threshold ?? 0,
      since: alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp,
    }
  );
}

async function lastPull({ account, region, stackName }: Target): Promise<Pick<BrakeState, 'pulled' | 'failed'>> {
  const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${brakeName(stackName)}`;
  try {
    const { executions } = await new SFNClient(clientOptions(region)).send(
      new ListExecutionsCommand({ stateMachineArn, maxResults: 1 }),
    );
    const [last] = executions ?? [];
    return last?.startDate
      ? { pulled: last.startDate, failed: /^(FAILED|TIMED_OUT|ABORTED)$/.test(last.status ?? '') }
      : {};
  } catch (error) {
    if (isMissing(error)) return {};
    throw error;
  }
}

/** What Lambda grants an ordinary account (Lambda quotas). */
const ORDINARY_CONCURRENCY = 1000;

/** The sentences after a deploy with DAILY_LIMIT_USD: how late the brake can be, and whether the limit is crossed already. */
export async function limitSentences(target: Target, choice: Choice): Promise<string[]> {
  const { dailyLimitUsd } = choice.settings;
  if (dailyLimitUsd === undefined) return [];
  return [...(await overrunSentences(choice, dailyLimitUsd)), ...(await overLimitSentencesOf(target))];
}

/** None where the caller may deploy, but may not read the brake's state. */
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
  const account = await concurrencyOf(settings.region);
  const concurrency =
    reserved !== undefined && reserved < account.count ? { count: reserved, of: 'MAX_CONCURRENCY' } : account;
  const { callUsd, usd } = overrunOf(models, settings, concurrency.count);
  const remedies = `MAX_PROMPT_CHARS lowers it most, MAX_TOKENS_LIMIT next${reserved === undefined ? ', MAX_CONCURRENCY in proportion' : ''}`;
  return [
    `The brake stops the function some ${BRAKE_SECONDS / 60} minutes after the limit is crossed, as a rule sooner; AWS promises no time.`,
    `At most $${dollars(callUsd)} a call at the prices of models.json, ${concurrency.count} at once (${concurrency.of}): $${dollars(usd)} beyond the $${limitUsd} in the worst case. ${remedies}; Bedrock's own quotas, not counted here, mostly hold it far below.`,
  ];
}

const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** The account's concurrency, or an ordinary account's where the caller may not ask. */
async function concurrencyOf(region: string): Promise<{ count: number; of: string }> {
  try {
    const { limit } = await accountConcurrency(region);
    if (limit > 0) return { count: limit, of: "the account's limit" };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return { count: ORDINARY_CONCURRENCY, of: "an ordinary account's limit" };
}
