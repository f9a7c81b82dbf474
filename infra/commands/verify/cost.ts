import { batchEstimateOf } from '../../lib/models/batch-estimate.ts';
import {
  type Call,
  FUNCTION_LINE_BYTES,
  METRICS_OF_A_MODEL,
  METRICS_OF_THE_FUNCTION,
  PRICES,
} from '../../lib/models/estimate.ts';
import type { ModelRow } from '../../lib/models/table.ts';
import type { Choice } from '../../lib/settings/choice.ts';
import { BATCH_DEFAULTS } from '../../lib/settings/settings.ts';

/** Calls that a step makes at most, each of them at most so long. */
export interface PlannedCalls {
  readonly count: number;
  /** Characters of all texts of the event. */
  readonly chars: number;
  /** The most that the event lets the model put out. */
  readonly maxTokens: number;
  /** Whether they go to the function without a model behind it. */
  readonly isFree?: true;
  /** Whether Step Functions makes them, for the rows of a batch. */
  readonly isRow?: true;
  /** The model that is called, where it is none of those granted. */
  readonly model?: ModelRow;
}

/** Tokens that a model counts beside the text: the turns' own, and a schema. */
const EXTRA_TOKENS = 500;

/** Hours that alarms and metrics are paid for: AWS counts them by the hour that has begun, and a run takes less than one. */
const HOURS = 2;
const HOURS_A_MONTH = 720;

/** An attempt at a row: four have the five minutes of an Express workflow together (lib/constructs/batch-rows.ts). */
const ROW: Call = { inputTokens: 1000, outputTokens: 2000, seconds: 300 / 4 };

/** With the brake's, of one deployment. */
const ALARMS = 4;

/** What errors add to METRICS_OF_A_MODEL, by their kind. */
const METRICS_OF_ERRORS = 10;

/**
 * US dollars that a run costs at most: each call as long as it may be, at the dearest granted model's price, and the function waiting
 * for all its time each time. A character counts as a token, as in Japanese at worst.
 */
export function mostUsd(calls: readonly PlannedCalls[], { models, settings }: Choice): number {
  const perCall = calls.map(
    ({ count, chars, maxTokens, isFree, model }) =>
      count * (isFree ? 0 : tokensUsd(chars, maxTokens, model ? [model] : models)),
  );
  const invocations = calls.reduce((sum, { count }) => sum + count, 0);
  const gbSeconds = invocations * settings.timeoutSeconds * (settings.memory / 1024);
  const logsGb = (invocations * 2 * FUNCTION_LINE_BYTES) / 1e9;
  const metrics = models.length * METRICS_OF_A_MODEL + METRICS_OF_THE_FUNCTION + METRICS_OF_ERRORS;
  return [
    ...perCall,
    ...calls.filter(({ isRow }) => isRow).map(({ count }) => rowsUsd(count)),
    invocations * PRICES.lambdaRequest,
    gbSeconds * PRICES.lambdaGbSecond,
    logsGb * PRICES.logsGbIngested,
    ((ALARMS * PRICES.alarmMonth + metrics * PRICES.metricMonth) * HOURS) / HOURS_A_MONTH,
  ].reduce((sum, usd) => sum + usd, 0);

  /** What Step Functions and S3 take beside the calls. */
  function rowsUsd(count: number): number {
    const [model] = models;
    if (!model) return 0;
    const run = { memory: settings.memory, concurrency: 1, retentionDays: BATCH_DEFAULTS.batchRetentionDays };
    const { stepFunctionsUsd, s3Usd } = batchEstimateOf(model, run, ROW, count);
    return stepFunctionsUsd + s3Usd;
  }

  function tokensUsd(chars: number, maxTokens: number, called: readonly ModelRow[]): number {
    return Math.max(
      ...called.map(
        ({ pricePerMillionTokens: { input, output } }) => ((chars + EXTRA_TOKENS) * input + maxTokens * output) / 1e6,
      ),
    );
  }
}

/** Counts a step's calls of the model, and refuses those that were not planned. */
export class Meter {
  readonly #left: { count: number; readonly chars: number; readonly maxTokens: number }[];

  constructor(planned: readonly PlannedCalls[]) {
    this.#left = planned.map((one) => ({ ...one }));
  }

  /** @throws Error where the stated maximum would not hold. */
  take(chars: number, maxTokens: number): void {
    const planned = this.#left.find((one) => one.count > 0 && chars <= one.chars && maxTokens <= one.maxTokens);
    if (!planned)
      throw new Error(`A call of ${chars} characters and up to ${maxTokens} tokens is more than was planned.`);
    planned.count -= 1;
  }
}
