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
import { message, localized, type Text } from '../../lib/text.ts';

/** The alarm on the last 24 hours' cost. */
export interface LimitAlarm {
  readonly state: string;
  readonly limitUsd: number;
  readonly since: Date | undefined;
}

/** The state of the brake in CloudWatch and Step Functions. */
export interface BrakeState {
  /** Undefined when the stack has no brake. */
  readonly alarm?: LimitAlarm;
  /** When the brake last ran, within the 90 days that Step Functions keeps. */
  readonly pulled?: Date;
  /** Whether that run failed. */
  readonly failed?: boolean;
}

/** The sentence for a limit that is crossed while the function is not stopped. */
export const overLimit = message(
  (limitUsd: number) => `Over the limit and not stopped: the last 24 hours cost $${limitUsd} or more`,
  (limitUsd) => `上限を超えているのに停止していません: 直近 24 時間の推定料金が $${limitUsd} 以上です`,
);

/** The remedy for that. */
export const overLimitRemedy = message(
  () =>
    'The brake pulls once, within minutes of the crossing: if it has not by now, run make stop, or make deploy with a higher DAILY_LIMIT_USD.',
  () =>
    'ブレーキが働くのは、上限を超えてから数分以内の 1 回だけです。まだ止まっていなければ、make stop で止めるか、DAILY_LIMIT_USD を上げて make deploy を実行してください。',
);

/** The sentence and the remedy, where the limit is crossed and the function is not stopped. */
export const overLimitSentences = ({ alarm }: BrakeState, reserved: number | undefined): string[] =>
  alarm?.state === 'ALARM' && reserved !== 0
    ? [localized(texts.overLimit(overLimit(alarm.limitUsd), overLimitRemedy()))]
    : [];

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

/** The brake's alarm, or undefined when there is no brake. Errors are the SDK's own. */
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

/** The default concurrency of an account (Lambda quotas). */
const ORDINARY_CONCURRENCY = 1000;

/** The sentences after a deploy with DAILY_LIMIT_USD: how late the brake can be, and whether the limit is crossed already. */
export async function limitSentences(target: Target, choice: Choice): Promise<string[]> {
  const { dailyLimitUsd } = choice.settings;
  if (dailyLimitUsd === undefined) return [];
  return [...(await overrunSentences(choice, dailyLimitUsd)), ...(await overLimitSentencesOf(target))];
}

/** Empty where the caller may not read the brake's state. */
async function overLimitSentencesOf(target: Target): Promise<string[]> {
  try {
    return overLimitSentences(await brakeState(target), await reservedConcurrency(target));
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

/**
 * Sentences about the delay of the brake and the cost meanwhile.
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
    reserved !== undefined && reserved < account.count
      ? { count: reserved, of: { en: 'MAX_CONCURRENCY', ja: 'MAX_CONCURRENCY' } }
      : account;
  const { callUsd, usd } = overrunOf(models, settings, concurrency.count);
  return [
    localized(texts.late(BRAKE_SECONDS / 60)),
    localized(texts.worst(dollars(callUsd), concurrency, dollars(usd), limitUsd, reserved === undefined)),
  ];
}

const dollars = (usd: number): string =>
  usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** How many calls may run at once, and what limits them. */
interface Concurrency {
  readonly count: number;
  readonly of: Text;
}

/** The account's concurrency, or an ordinary account's where the caller may not ask. */
async function concurrencyOf(region: string): Promise<Concurrency> {
  try {
    const { limit } = await accountConcurrency(region);
    if (limit > 0) return { count: limit, of: texts.ofAccount() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return { count: ORDINARY_CONCURRENCY, of: texts.ordinary() };
}

const texts = {
  overLimit: message(
    (text: Text, remedy: Text) => `! ${text.en}. ${remedy.en}`,
    (text, remedy) => `! ${text.ja}。${remedy.ja}`,
  ),
  late: message(
    (minutes: number) =>
      `The brake stops the function some ${minutes} minutes after the limit is crossed, as a rule sooner; AWS promises no time.`,
    (minutes) =>
      `ブレーキは上限を超えてから ${minutes} 分ほどで (通常はもっと早く) 関数を停止します。時間は AWS が保証するものではありません。`,
  ),
  worst: message(
    (call: string, { count, of }: Concurrency, all: string, limitUsd: number, unreserved: boolean) =>
      `At most $${call} a call at the prices of models.json, ${count} at once (${of.en}): $${all} beyond the $${limitUsd} in the worst case. MAX_PROMPT_CHARS lowers it most, MAX_TOKENS_LIMIT next${unreserved ? ', MAX_CONCURRENCY in proportion' : ''}; Bedrock's own quotas, not counted here, mostly hold it far below.`,
    (call, { count, of }, all, limitUsd, unreserved) =>
      `models.json の価格で 1 回あたり最大 $${call}、同時に ${count} 回 (${of.ja}) とすると、最悪の場合は上限の $${limitUsd} を $${all} 超えます。MAX_PROMPT_CHARS、次に MAX_TOKENS_LIMIT で小さくできます${unreserved ? '。MAX_CONCURRENCY では比例して小さくなります' : ''}。ここに含めていない Bedrock のクォータにより、通常ははるかに小さくなります。`,
  ),
  ofAccount: message(
    () => "the account's limit",
    () => 'アカウントの上限',
  ),
  ordinary: message(
    () => "an ordinary account's limit",
    () => '通常のアカウントの上限',
  ),
} as const;
