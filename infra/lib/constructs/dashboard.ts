import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, MathExpression, Metric, Row, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { dimensionsOf, METRICS_NAMESPACE, type MetricName } from '../names.ts';
import type { ModelRow } from '../models/table.ts';

/** The function and the models that a dashboard shows. */
export interface FunctionDashboardProps {
  /** Unique in the account, over all regions. */
  readonly dashboardName: string;
  readonly functionName: string;
  readonly models: readonly ModelRow[];
}

/** Cost, tokens, time and errors by model. Beyond an account's three free ones a dashboard costs $3 a month. */
export class FunctionDashboard extends Construct {
  constructor(scope: Construct, id: string, { dashboardName, functionName, models }: FunctionDashboardProps) {
    super(scope, id);
    const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
    const byModel = (metricName: MetricName, statistic: string, period: Duration, suffix = '') =>
      models.map(
        ({ id: modelId, name }) =>
          new Metric({
            namespace: METRICS_NAMESPACE,
            metricName,
            dimensionsMap: dimensionsOf(functionName, modelId),
            statistic,
            period,
            label: name + suffix,
          }),
      );
    const hour = Duration.hours(1);
    new Dashboard(this, 'Dashboard', { dashboardName, defaultInterval: Duration.days(7) }).addWidgets(
      new Row(
        graph('Estimated cost a day, USD', byModel('costUsd', Stats.SUM, Duration.days(1))),
        graph('Calls an hour', byModel('latencyMs', Stats.SAMPLE_COUNT, hour)),
      ),
      new Row(
        graph('Tokens an hour', [
          ...byModel('inputTokens', Stats.SUM, hour, ' in'),
          ...byModel('outputTokens', Stats.SUM, hour, ' out'),
        ]),
        graph('Errors an hour, by outcome', [errorsOf(functionName, hour)]),
      ),
      new Row(
        graph("Model's latency, ms", [
          ...byModel('latencyMs', 'p50', hour, ' p50'),
          ...byModel('latencyMs', 'p99', hour, ' p99'),
        ]),
        graph("The function's own time, ms", byModel('overheadMs', 'p99', hour, ' p99')),
      ),
      new Row(graph('Cold starts an hour', byModel('coldStarts', Stats.SUM, hour))),
    );
  }
}

/** A dashboard, unlike an alarm, may search for metrics: each outcome gets a line of its own. */
function errorsOf(functionName: string, period: Duration): IMetric {
  const where = `{${METRICS_NAMESPACE},functionName,modelId,outcome} MetricName="errors" functionName="${functionName}"`;
  return new MathExpression({
    expression: `SEARCH('${where}', 'Sum', ${period.toSeconds()})`,
    label: '',
    usingMetrics: {},
    period,
  });
}
