import { type Call, callsUsd, DAYS_OF_A_MONTH } from './estimate.ts';
import type { ModelRow } from './table.ts';

/**
 * What AWS asks in Tokyo for a batch, beside the tokens and what every call of the function costs, in US dollars.
 *
 * Sources: AWS Price List, Asia Pacific (Tokyo), first tiers: `APN1-Requests-Tier1`, `APN1-Requests-Tier2` and `APN1-TimedStorage-ByteHrs` of
 * Amazon S3, as of 2026-09-18; `APN1-StateTransition`, https://aws.amazon.com/step-functions/pricing/ (state transitions pricing table).
 * `StepFunctions-Request` and `StepFunctions-GB-Second` are the same in every region whose list was seen. Read on 2026-11-26.
 */
const BATCH_PRICES = {
  /** The start of a child of a Distributed Map (Step Functions' guide, "Transitions in Distributed Map state"). */
  stateTransition: 0.000_025,
  /** Of an Express workflow. */
  expressRequest: 0.000_001,
  expressGbSecond: 0.000_016_67,
  s3Put: 0.000_004_7,
  s3Get: 0.000_000_37,
  s3GbMonth: 0.025,
} as const;

/** Quotas of Step Functions (Step Functions' guide, "Step Functions service quotas", read on 2026-11-26). None can be raised. */
const MAP_QUOTAS = {
  /** Items of one run. */
  items: 100_000_000,
  /** Bytes of the file that one run reads. */
  inputBytes: 10_000_000_000,
  /** Express workflows that one run starts each second. */
  startsPerSecond: 1000,
} as const;

/** GB of an Express workflow: memory is billed in 64 MB, and a row of some kB takes no more. */
const EXPRESS_GB = 64 / 1024;

/** Bytes of a text for each of its tokens: English has some 4 to 5, Japanese some 3 to 5. */
const TOKEN_BYTES = 5;

/** Bytes of a row of the input beside its prompt, and of one of the output beside its text: id, model, usage, cost. Rounded up. */
const ROW_BYTES = { input: 100, output: 300 } as const;

/** Bytes that the AWS CLI and Step Functions send S3 in one request, at least. */
const PART_BYTES = 8_000_000;

/** How a batch runs. */
export interface BatchRun {
  /** MB of the function. */
  readonly memory: number;
  /** Rows asked at once. */
  readonly concurrency: number;
  /** Days that S3 keeps rows and results. */
  readonly retentionDays: number;
}

/** A batch's cost in US dollars, before taxes and with no free tier, and its time. */
export interface BatchEstimate {
  readonly modelId: string;
  readonly prompts: number;
  readonly tokensUsd: number;
  readonly stepFunctionsUsd: number;
  readonly lambdaUsd: number;
  readonly logsUsd: number;
  readonly s3Usd: number;
  readonly totalUsd: number;
  /** With no row tried again. */
  readonly seconds: number;
  /** Files that the input is cut into, each read by one run. */
  readonly files: number;
}

/** The cost and the time of a batch with one model. */
export function batchEstimateOf(
  model: ModelRow,
  { memory, concurrency, retentionDays }: BatchRun,
  call: Call,
  prompts: number,
): BatchEstimate {
  const { tokensUsd, lambdaUsd, logsUsd } = callsUsd(model, memory, call, prompts);
  // Billed in steps of 100 ms.
  const expressSeconds = Math.ceil(call.seconds * 10) / 10;
  const { stateTransition, expressRequest, expressGbSecond } = BATCH_PRICES;
  const stepFunctionsUsd = prompts * (stateTransition + expressRequest + expressSeconds * EXPRESS_GB * expressGbSecond);
  const inputBytes = prompts * (call.inputTokens * TOKEN_BYTES + ROW_BYTES.input);
  const bytes = inputBytes + prompts * (call.outputTokens * TOKEN_BYTES + ROW_BYTES.output);
  // Each file is written once and read once.
  const requestsUsd = Math.ceil(bytes / PART_BYTES) * (BATCH_PRICES.s3Put + BATCH_PRICES.s3Get);
  const s3Usd = requestsUsd + (bytes / 1e9) * (retentionDays / DAYS_OF_A_MONTH) * BATCH_PRICES.s3GbMonth;
  return {
    modelId: model.id,
    prompts,
    tokensUsd,
    stepFunctionsUsd,
    lambdaUsd,
    logsUsd,
    s3Usd,
    totalUsd: tokensUsd + stepFunctionsUsd + lambdaUsd + logsUsd + s3Usd,
    seconds: Math.max(Math.ceil(prompts / concurrency) * call.seconds, prompts / MAP_QUOTAS.startsPerSecond),
    files: Math.max(Math.ceil(inputBytes / MAP_QUOTAS.inputBytes), Math.ceil(prompts / MAP_QUOTAS.items)),
  };
}

/** The tokens per minute of so many concurrent calls. */
export function tokensPerMinute({ inputTokens, outputTokens, seconds }: Call, concurrency: number): number {
  return (concurrency * 60 * (inputTokens + outputTokens)) / seconds;
}
