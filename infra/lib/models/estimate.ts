import type { ModelRow } from './table.ts';

/**
 * What AWS asks in Tokyo beside the tokens, in US dollars.
 *
 * Source: AWS Price List, Asia Pacific (Tokyo), first tiers, effective 2026-07-01: `APN1-Request`, `APN1-Lambda-GB-Second` (x86_64),
 * `APN1-DataProcessing-Bytes`, `APN1-CW:AlarmMonitorUsage`, `APN1-CW:MetricMonitorUsage`. Read on 2026-11-23.
 */
export const PRICES = {
  /** The region of these prices. */
  region: 'ap-northeast-1',
  lambdaRequest: 0.000_000_2,
  lambdaGbSecond: 0.000_016_666_7,
  logsGbIngested: 0.76,
  alarmMonth: 0.1,
  metricMonth: 0.3,
} as const;

/** The monthly free tier of a whole account (AWS Free Tier, the part that does not end). */
const FREE_TIER = {
  lambdaRequests: 1_000_000,
  lambdaGbSeconds: 400_000,
  logsGb: 5,
  alarms: 10,
  metrics: 10,
} as const;

/** A month, in days. */
export const DAYS_OF_A_MONTH = 30;

/** Bytes of the function's own log line, rounded up (test/metric-line.test.ts measures it). */
export const FUNCTION_LINE_BYTES = 1000;

/** Bytes of the START, END and REPORT lines that Lambda adds to each invocation, rounded up. */
const LAMBDA_LINES_BYTES = 300;

/** Bytes of a streamed answer for each of its tokens, rounded up: `event: text` and `data: {"text":"…"}` are 31, a token some 4 to 6. */
const STREAMED_TOKEN_BYTES = 40;

/** Bytes of a streamed answer that Lambda charges nothing for (AWS Lambda pricing, "HTTP Response Stream": the first 6 MB per request). */
export const FREE_STREAMED_BYTES = 6_000_000;

/** Bytes that an answer of so many tokens is streamed in. */
export const streamedBytes = (outputTokens: number): number => outputTokens * STREAMED_TOKEN_BYTES;

/** The alarms of lib/constructs/alarms.ts, without the brake. */
export const ALARMS = 3;

/** Metrics that the answers of one model make; failures make more, by their kind (test/metric-line.test.ts counts them). */
export const METRICS_OF_A_MODEL = 6;

/** Metrics of the function as a whole: its cost. */
export const METRICS_OF_THE_FUNCTION = 1;

/** The size of a call. */
export interface Call {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The time of an invocation, nearly all of which is spent waiting for the model. */
  readonly seconds: number;
}

/** A month's cost in US dollars, before taxes. */
export interface Estimate {
  readonly modelId: string;
  readonly callsPerDay: number;
  readonly callsPerMonth: number;
  readonly tokensUsd: number;
  readonly lambdaUsd: number;
  readonly logsUsd: number;
  readonly alarmsAndMetricsUsd: number;
  readonly totalUsd: number;
  /** What the free tier takes off `totalUsd` in an account that uses it for nothing else. */
  readonly freeTierUsd: number;
}

/** The cost of so many calls with one model, at `memory` MB. */
export function callsUsd(
  { pricePerMillionTokens: { input, output } }: ModelRow,
  memory: number,
  call: Call,
  calls: number,
): { tokensUsd: number; lambdaUsd: number; logsUsd: number; gbSeconds: number; logsGb: number } {
  const gbSeconds = (calls * call.seconds * memory) / 1024;
  const logsGb = (calls * (FUNCTION_LINE_BYTES + LAMBDA_LINES_BYTES)) / 1e9;
  return {
    tokensUsd: (calls * (call.inputTokens * input + call.outputTokens * output)) / 1e6,
    lambdaUsd: calls * PRICES.lambdaRequest + gbSeconds * PRICES.lambdaGbSecond,
    logsUsd: logsGb * PRICES.logsGbIngested,
    gbSeconds,
    logsGb,
  };
}

/** The cost of a month of so many calls a day with one model, at `memory` MB. */
export function estimateOf(model: ModelRow, memory: number, call: Call, callsPerDay: number): Estimate {
  const calls = callsPerDay * DAYS_OF_A_MONTH;
  const { tokensUsd, lambdaUsd, logsUsd, gbSeconds, logsGb } = callsUsd(model, memory, call, calls);
  const metrics = METRICS_OF_A_MODEL + METRICS_OF_THE_FUNCTION;
  const alarmsAndMetricsUsd = ALARMS * PRICES.alarmMonth + metrics * PRICES.metricMonth;
  const free = [
    { used: calls, free: FREE_TIER.lambdaRequests, usd: PRICES.lambdaRequest },
    { used: gbSeconds, free: FREE_TIER.lambdaGbSeconds, usd: PRICES.lambdaGbSecond },
    { used: logsGb, free: FREE_TIER.logsGb, usd: PRICES.logsGbIngested },
    { used: ALARMS, free: FREE_TIER.alarms, usd: PRICES.alarmMonth },
    { used: metrics, free: FREE_TIER.metrics, usd: PRICES.metricMonth },
  ];
  return {
    modelId: model.id,
    callsPerDay,
    callsPerMonth: calls,
    tokensUsd,
    lambdaUsd,
    logsUsd,
    alarmsAndMetricsUsd,
    totalUsd: tokensUsd + lambdaUsd + logsUsd + alarmsAndMetricsUsd,
    freeTierUsd: free.reduce((sum, bill) => sum + Math.min(bill.used, bill.free) * bill.usd, 0),
  };
}
