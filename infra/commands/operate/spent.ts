import {
  CloudWatchClient,
  type MetricDataQuery,
  type MetricDataResult,
  paginateGetMetricData,
} from '@aws-sdk/client-cloudwatch';
import { dimensionsOf, METRICS_NAMESPACE, type MetricName } from '../../lib/names.ts';
import { asUserError, clientOptions } from '../shared/aws.ts';
import type { Target } from '../shared/target.ts';

/** The usage of a model. */
export interface Spent {
  /** Null for the models together that models.json no longer has. Only their cost is known. */
  readonly modelId: string | null;
  readonly calls: number | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** US dollars, estimated. */
  readonly costUsd: number;
}

/** The usage of each day (of UTC, as AWS bills). */
export interface Spending {
  readonly byModel: readonly (Usage & { readonly modelId: string; readonly day: Date })[];
  /** The cost of the function as a whole, over all models. */
  readonly inAll: readonly { readonly day: Date; readonly costUsd: number }[];
}

type Usage = Readonly<Record<Measure, number>>;

const DAY_SECONDS = 86_400;

/** A smaller difference is a rounding error. It is a tenth of the last digit that `make cost` shows. */
const LEAST_USD = 0.000_01;

/** Every call has a latency, so counting those counts the calls. */
const MEASURES = {
  calls: ['latencyMs', 'SampleCount'],
  inputTokens: ['inputTokens', 'Sum'],
  outputTokens: ['outputTokens', 'Sum'],
  costUsd: ['costUsd', 'Sum'],
} as const satisfies Record<string, readonly [MetricName, string]>;

type Measure = keyof typeof MEASURES;
const measures: readonly Measure[] = ['calls', 'inputTokens', 'outputTokens', 'costUsd'];

/** The id of the query for the function's own cost. */
const IN_ALL = 'all';

/**
 * Calls, tokens and cost from a midnight of UTC to the end of the day of `now`.
 *
 * The end of a query is exclusive. With `now` as the end, the current second or minute would be left out, so the end is that of
 * the period, which is in the future.
 */
export async function spentSince(
  target: Target,
  modelIds: readonly string[],
  StartTime: Date,
  now: Date,
): Promise<Spending> {
  const EndTime = new Date((Math.floor(now.getTime() / 1000 / DAY_SECONDS) + 1) * DAY_SECONDS * 1000);
  const MetricDataQueries = [
    query(IN_ALL, 'costUsd', target.stackName),
    ...modelIds.flatMap((modelId, index) =>
      measures.map((measure) => query(`${measure}${index}`, measure, target.stackName, modelId)),
    ),
  ];
  const results = await resultsOf(target, { MetricDataQueries, StartTime, EndTime });
  const values = new Map(
    results.flatMap(({ Id, Timestamps, Values }) =>
      (Timestamps ?? []).map((day, index): [string, number] => [`${Id} ${day.getTime()}`, Values?.[index] ?? 0]),
    ),
  );
  const days = [...new Set(results.flatMap(({ Timestamps }) => (Timestamps ?? []).map((day) => day.getTime())))];
  const amount = (id: string, day: number): number => values.get(`${id} ${day}`) ?? 0;
  return {
    byModel: modelIds.flatMap((modelId, index) =>
      days.map((day) => ({
        modelId,
        day: new Date(day),
        ...usage((measure) => amount(`${measure}${index}`, day)),
      })),
    ),
    inAll: days.map((day) => ({ day: new Date(day), costUsd: amount(IN_ALL, day) })),
  };
}

/**
 * The sums by model since a day, the dearest first, without models that were not called. The rest of the function's cost is that of
 * models that were not queried.
 */
export function spentOf({ byModel, inAll }: Spending, since: Date): Spent[] {
  const recent = byModel.filter(({ day }) => day >= since);
  const sums = [...new Set(recent.map(({ modelId }) => modelId))].map((modelId) => {
    const days = recent.filter((one) => one.modelId === modelId);
    return { modelId, ...usage((measure) => sum(days.map((one) => one[measure]))) };
  });
  const others =
    sum(inAll.filter(({ day }) => day >= since).map(({ costUsd }) => costUsd)) -
    sum(sums.map(({ costUsd }) => costUsd));
  return [
    ...sums.filter(({ calls }) => calls > 0).toSorted((one, other) => other.costUsd - one.costUsd),
    ...(others > LEAST_USD
      ? [{ modelId: null, calls: null, inputTokens: null, outputTokens: null, costUsd: others }]
      : []),
  ];
}

const usage = (of: (measure: Measure) => number): Usage => ({
  calls: of('calls'),
  inputTokens: of('inputTokens'),
  outputTokens: of('outputTokens'),
  costUsd: of('costUsd'),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function query(Id: string, measure: Measure, functionName: string, modelId?: string): MetricDataQuery {
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
    const results: MetricDataResult[] = [];
    const pages = paginateGetMetricData({ client: new CloudWatchClient(clientOptions(region)) }, input);
    for await (const { MetricDataResults } of pages) results.push(...(MetricDataResults ?? []));
    return results;
  } catch (error) {
    throw asUserError(error, region, ['cloudwatch:GetMetricData']);
  }
}
