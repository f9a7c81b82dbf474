import {
  CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
  type MetricDataResult,
} from '@aws-sdk/client-cloudwatch';
import { dimensionsOf, METRICS_NAMESPACE, type MetricName } from '../../lib/metrics.ts';
import { allowed, explained } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import type { Target } from './target.ts';

/** What a model was used for. */
export interface Spent {
  readonly modelId: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars, estimated. */
  readonly costUsd: number;
}

/** The same, on one day. */
export interface SpentOnDay extends Spent {
  readonly day: Date;
}

const DAY_SECONDS = 86_400;

/** Every call has a latency, so counting those counts the calls. */
const MEASURES = {
  calls: ['latencyMs', 'SampleCount'],
  inputTokens: ['inputTokens', 'Sum'],
  outputTokens: ['outputTokens', 'Sum'],
  costUsd: ['costUsd', 'Sum'],
} as const satisfies Record<string, readonly [MetricName, string]>;

type Measure = keyof typeof MEASURES;
const measures: readonly Measure[] = ['calls', 'inputTokens', 'outputTokens', 'costUsd'];

/** Calls, tokens and cost by model and day (of UTC, as AWS bills). */
export async function spentSince(
  target: Target,
  modelIds: readonly string[],
  StartTime: Date,
  EndTime: Date,
): Promise<SpentOnDay[]> {
  const MetricDataQueries = modelIds.flatMap((modelId, index) =>
    measures.map((measure) => query(target.stackName, modelId, `${measure}${index}`, measure)),
  );
  const results = await resultsOf(target, { MetricDataQueries, StartTime, EndTime });
  const values = new Map(
    results.flatMap(({ Id, Timestamps, Values }) =>
      (Timestamps ?? []).map((day, index): [string, number] => [`${Id} ${day.getTime()}`, Values?.[index] ?? 0]),
    ),
  );
  const days = [...new Set(results.flatMap(({ Timestamps }) => (Timestamps ?? []).map((day) => day.getTime())))];
  return modelIds.flatMap((modelId, index) =>
    days.map((day) => {
      const value = (measure: Measure): number => values.get(`${measure}${index} ${day}`) ?? 0;
      return {
        modelId,
        day: new Date(day),
        calls: value('calls'),
        inputTokens: value('inputTokens'),
        outputTokens: value('outputTokens'),
        costUsd: value('costUsd'),
      };
    }),
  );
}

/** The sums by model since a day, the dearest first, without the models that nobody called. */
export function spentOf(days: readonly SpentOnDay[], since: Date): Spent[] {
  const recent = days.filter(({ day }) => day >= since);
  const sums = [...new Set(recent.map(({ modelId }) => modelId))].map((modelId) =>
    recent
      .filter((one) => one.modelId === modelId)
      .reduce(plus, { modelId, calls: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 }),
  );
  return sums.filter(({ calls }) => calls > 0).toSorted((one, other) => other.costUsd - one.costUsd);
}

const plus = (sum: Spent, { calls, inputTokens, outputTokens, costUsd }: Spent): Spent => ({
  modelId: sum.modelId,
  calls: sum.calls + calls,
  inputTokens: sum.inputTokens + inputTokens,
  outputTokens: sum.outputTokens + outputTokens,
  costUsd: sum.costUsd + costUsd,
});

function query(functionName: string, modelId: string, Id: string, measure: Measure): MetricDataQuery {
  const [MetricName, Stat] = MEASURES[measure];
  const Dimensions = Object.entries(dimensionsOf(functionName, modelId)).map(([Name, Value]) => ({ Name, Value }));
  return {
    Id,
    MetricStat: { Metric: { Namespace: METRICS_NAMESPACE, MetricName, Dimensions }, Period: DAY_SECONDS, Stat },
  };
}

async function resultsOf(
  { region }: Target,
  input: { MetricDataQueries: MetricDataQuery[]; StartTime: Date; EndTime: Date },
): Promise<MetricDataResult[]> {
  try {
    const { MetricDataResults } = await new CloudWatchClient(clientOptions(region)).send(
      new GetMetricDataCommand(input),
    );
    return MetricDataResults ?? [];
  } catch (error) {
    throw allowed(explained(error, region), ['cloudwatch:GetMetricData']);
  }
}
