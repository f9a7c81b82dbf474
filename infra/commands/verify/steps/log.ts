import { CloudWatchClient, paginateListMetrics } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { METRICS_NAMESPACE } from '../../../lib/names.ts';
import { clientOptions } from '../../shared/aws.ts';
import { eventually } from '../../shared/eventually.ts';
import { parseJson } from '../../shared/json.ts';
import type { Context } from '../context.ts';
import { NotShown, type Step } from '../run.ts';
import { walkthroughEvent } from './contract.ts';
import { DEPLOY } from './operate.ts';

/** The lines of the function's log since the run began. */
export async function linesOf({ target: { region, stackName }, since }: Context): Promise<string[]> {
  const client = new CloudWatchLogsClient(clientOptions(region));
  const query = { logGroupName: `/aws/lambda/${stackName}`, startTime: since.getTime() };
  const lines: string[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client }, query))
    lines.push(...events.map(({ message = '' }) => message));
  return lines;
}

/** Seconds in which CloudWatch shows what was written: most of it within ten, metrics within two minutes. */
const PATIENCE = { log: 60, metrics: 180 };

const isRecord = (line: string): boolean => {
  const value = parseJson(line);
  return typeof value === 'object' && value !== null && 'message' in value && value.message === 'invocation';
};

/** What the lines say, where they are of whole invocations, and of all that gave a reply. */
function countsOf(lines: readonly string[], replies: number): { invocations: number; records: number } | undefined {
  const invocations = lines.filter((line) => line.startsWith('START ')).length;
  const ends = lines.filter((line) => line.startsWith('REPORT ')).length;
  const records = lines.filter(isRecord).length;
  return invocations >= Math.max(replies, 1) && ends === invocations && records >= invocations
    ? { invocations, records }
    : undefined;
}

const log: Step = {
  name: 'the log',
  proves: 'each call writes one line of JSON, and no line has any of the prompts',
  needs: DEPLOY,
  run: async (context) => {
    let lines: string[] = [];
    const counts = await eventually(PATIENCE.log * context.patience, async () => {
      lines = await linesOf(context);
      return countsOf(lines, context.figures.replies ?? 0);
    });
    const prompts = [context.marker, walkthroughEvent().prompt ?? context.marker];
    const leaks = lines.filter((line) => prompts.some((prompt) => line.includes(prompt))).length;
    if (leaks > 0) throw new Error(`${leaks} lines have a prompt in them`);
    if (counts?.records === counts?.invocations && counts)
      return `${counts.records} calls, ${counts.records} lines of JSON, no prompt`;
    const records = lines.filter(isRecord).length;
    const invocations = lines.filter((line) => line.startsWith('START ')).length;
    throw new Error(
      `${context.figures.replies ?? 0} replies, ${invocations} calls and ${records} lines of JSON in the log`,
    );
  },
};

/** Metrics of a call that was answered. */
const METRICS = ['coldStarts', 'costUsd', 'inputTokens', 'latencyMs', 'outputTokens', 'overheadMs'];

const metrics: Step = {
  name: 'the metrics',
  proves: 'CloudWatch takes the metrics out of the log, under their names',
  needs: DEPLOY,
  onlyOnAws: 'it takes no metrics out of logs',
  run: async (context) => {
    const missing = await eventually(PATIENCE.metrics * context.patience, async () => {
      const found = await metricNames(context);
      const lacking = METRICS.filter((name) => !found.has(name));
      return lacking.length === 0 ? [] : undefined;
    });
    if (missing) return METRICS.join(', ');
    const found = await metricNames(context);
    if (found.size === 0)
      throw new NotShown(
        `none listed within ${PATIENCE.metrics} s: CloudWatch may take a quarter of an hour for the first`,
      );
    throw new Error(`not there after ${PATIENCE.metrics} s: ${METRICS.filter((name) => !found.has(name)).join(', ')}`);
  },
};

async function metricNames({ target: { region, stackName } }: Context): Promise<Set<string>> {
  const client = new CloudWatchClient(clientOptions(region));
  const query = { Namespace: METRICS_NAMESPACE, Dimensions: [{ Name: 'functionName', Value: stackName }] };
  const names = new Set<string>();
  for await (const { Metrics = [] } of paginateListMetrics({ client }, query))
    for (const { MetricName } of Metrics) names.add(MetricName ?? '');
  return names;
}

/** What is written down of calls. */
export const logSteps: readonly Step[] = [log, metrics];
