import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { brakeName, limitAlarmName } from '../../lib/brake-names.ts';
import { allowed, explained, isMissing } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import type { Target } from './target.ts';

/** The alarm on the last 24 hours' cost. */
export interface LimitAlarm {
  readonly state: string;
  readonly limitUsd: number;
  readonly since: Date | undefined;
}

/** What can be told of the brake. */
export interface BrakeState {
  /** Undefined when the stack has no brake. */
  readonly alarm?: LimitAlarm;
  /** When it last set out to stop the function, of the 90 days that Step Functions remembers. */
  readonly pulled?: Date;
  /** That last time it could not. */
  readonly failed?: boolean;
}

/** What is said where the limit is crossed and the function is not stopped. */
export const overLimit = (limitUsd: number): string =>
  `Over the limit and not stopped: the last 24 hours cost $${limitUsd} or more`;

/** And what there is to do. */
export const OVER_LIMIT_REMEDY =
  'The brake pulls once, within minutes of the crossing: if it has not by now, run make stop, or make deploy with a higher DAILY_LIMIT_USD.';

/** Both, where that is so. */
export const overLimitSentences = ({ alarm }: BrakeState, reserved: number | undefined): string[] =>
  alarm?.state === 'ALARM' && reserved !== 0 ? [`! ${overLimit(alarm.limitUsd)}. ${OVER_LIMIT_REMEDY}`] : [];

/** Asks CloudWatch and Step Functions about the brake. */
export async function brakeState(target: Target): Promise<BrakeState> {
  try {
    const alarm = await limitAlarm(target);
    if (!alarm) return {};
    return { alarm, ...(await lastPull(target)) };
  } catch (error) {
    throw allowed(explained(error, target.region), ['cloudwatch:DescribeAlarms', 'states:ListExecutions']);
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
    if (error instanceof Error && (error.name === 'StateMachineDoesNotExist' || isMissing(error))) return {};
    throw error;
  }
}
