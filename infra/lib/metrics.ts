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

/** The dimensions of a metric of a model's calls; without a model, of `costUsd` of all calls of the function. */
export const dimensionsOf = (functionName: string, modelId?: string): Record<string, string> => ({
  functionName,
  ...(modelId !== undefined && { modelId }),
});
