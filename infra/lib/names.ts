import { UserError } from './errors.ts';

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

/** The name of the alarm that starts the brake. */
export const limitAlarmName = (functionName: string): string => `${functionName}-daily-limit`;

/** The name of the brake's state machine. */
export const brakeName = (functionName: string): string => `${functionName}-brake`;

/** The name of the state machine that asks the function every row of a file. */
export const batchName = (functionName: string): string => `${functionName}-batch`;

/**
 * The prefix of names that CloudFormation generates where they have at most 64 characters, as those of roles, rules and buckets.
 * It cuts the logical id first, then the stack's name, of which 25 are left (seen, not documented).
 */
export const generatedPrefix = (functionName: string): string =>
  functionName.length <= 25 ? `${functionName}-` : `${functionName.slice(0, 25)}*-`;

/** The names that CloudFormation generates for the batch's bucket, in lower case. */
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

/** The ARN of a policy of this account, for `Fn::Sub`. */
export const policyArn = (name: string): string => `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:policy/${name}`;

/** What the name of a stack of `make verify` ends with. */
export const THROWAWAY = /^[A-Za-z][A-Za-z0-9-]{0,51}-verify-[0-9a-z]{4}$/;

/** The end of the name that the nightly workflow uses: it is always the same, so that a role can be held to it. */
export const NIGHTLY_SUFFIX = 'ci01';

/**
 * The name of a stack of `make verify`.
 *
 * @throws UserError when the name is too long, or the suffix is not four small letters or digits.
 */
export function throwawayName(functionName: string, suffix: string): string {
  const name = `${functionName}-verify-${suffix}`;
  if (!/^[0-9a-z]{4}$/.test(suffix))
    throw new UserError({
      en: `SUFFIX takes four small letters or digits, such as ci01; "${suffix}" was given.`,
      ja: `SUFFIX には ci01 のような、4 文字の英小文字または数字を指定してください ("${suffix}" が指定されました)。`,
    });
  if (!THROWAWAY.test(name))
    throw new UserError({
      en: `FUNCTION_NAME takes at most 52 characters with make verify, which adds -verify-${suffix}; "${functionName}" was given.`,
      ja: `make verify は名前に -verify-${suffix} を付けるため、FUNCTION_NAME は 52 文字以下にしてください ("${functionName}" が指定されました)。`,
    });
  return name;
}
