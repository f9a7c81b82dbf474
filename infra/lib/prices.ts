/**
 * What AWS asks in Tokyo beside the tokens, in US dollars.
 *
 * Source: AWS Price List, Asia Pacific (Tokyo), first tiers, effective 2026-07-01: `APN1-Request`, `APN1-Lambda-GB-Second` (x86_64),
 * `APN1-DataProcessing-Bytes`, `APN1-CW:AlarmMonitorUsage`, `APN1-CW:MetricMonitorUsage`. Read on 2026-11-23.
 */
export const PRICES = {
  /** Where they hold. */
  region: 'ap-northeast-1',
  lambdaRequest: 0.000_000_2,
  lambdaGbSecond: 0.000_016_666_7,
  logsGbIngested: 0.76,
  alarmMonth: 0.1,
  metricMonth: 0.3,
} as const;

/** What an account has free each month, for all that runs in it together (AWS Free Tier, the part that does not end). */
export const FREE_TIER = {
  lambdaRequests: 1_000_000,
  lambdaGbSeconds: 400_000,
  logsGb: 5,
  alarms: 10,
  metrics: 10,
} as const;
