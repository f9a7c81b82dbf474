/** The CloudWatch namespace of the function's metrics: it writes them there, alarm, dashboard and `make cost` read them. */
export const METRICS_NAMESPACE = 'BedrockOnLambda';

/** Metrics that the function writes by function and model (crates/bedrock-function/src/metrics.rs). */
export type MetricName =
  | 'coldStarts'
  | 'overheadMs'
  | 'latencyMs'
  | 'inputTokens'
  | 'outputTokens'
  | 'costUsd'
  | 'errors';

/** The dimensions of a metric of a call. */
export function dimensionsOf(functionName: string, modelId: string): { functionName: string; modelId: string } {
  return { functionName, modelId };
}
