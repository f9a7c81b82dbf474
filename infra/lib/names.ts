/** The CloudWatch namespace of the function's metrics: it writes them there, alarm, dashboard and `make cost` read them. */
export const METRICS_NAMESPACE = 'BedrockOnLambda';

/** Metrics that the function writes by function and model (crates/bedrock-function/src/record/metrics.rs). */
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

/** The alarm that the brake waits for, by its function's name. */
export const limitAlarmName = (functionName: string): string => `${functionName}-daily-limit`;

/** The state machine that is the brake. */
export const brakeName = (functionName: string): string => `${functionName}-brake`;

/** The state machine that asks the function every row of a file. */
export const batchName = (functionName: string): string => `${functionName}-batch`;

/**
 * The beginning of the names that CloudFormation makes up where there is room for 64 characters or fewer, as for roles, rules and buckets.
 * It cuts the logical id first, then the stack's name, of which 25 are left (seen, not documented).
 */
export const generatedPrefix = (functionName: string): string =>
  functionName.length <= 25 ? `${functionName}-` : `${functionName.slice(0, 25)}*-`;

/** The names that CloudFormation makes up for the batch's bucket, which are in small letters. */
export const bucketNames = (functionName: string): string =>
  `${generatedPrefix(functionName)}batchbucket*`.toLowerCase();

/** The stack that the policies are for. */
export interface Deployed {
  readonly functionName: string;
  readonly region: string;
}

/** The stack that makes both policies, with the credentials of whoever runs `make bootstrap`. */
export const bootstrapStackName = (functionName: string): string => `${functionName}-bootstrap`;

/** What CloudFormation may do for the stack. Policies are an account's, of all regions. */
export const executionPolicyName = ({ functionName, region }: Deployed): string =>
  `${functionName}-${region}-execution`;

/** The most that a role may do that CloudFormation makes for the stack. */
export const boundaryName = ({ functionName, region }: Deployed): string => `${functionName}-${region}-boundary`;

/** The name of one's own policy in an ARN for `Fn::Sub`. */
export const policyArn = (name: string): string => `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:policy/${name}`;
