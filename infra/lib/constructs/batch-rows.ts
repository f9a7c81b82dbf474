import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  DistributedMap,
  JitterType,
  JsonPath,
  OutputType,
  ResultWriterV2,
  type RetryProps,
  S3JsonLItemReader,
  StateMachineType,
  Succeed,
  TaskInput,
  Transformation,
  WriterConfig,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { BATCH_DEFAULTS } from '../settings/settings.ts';

/** The function, the bucket of rows and results, and the limits. */
export interface BatchRowsProps {
  readonly function: LambdaFunction;
  readonly bucket: IBucket;
  /** Seconds after which Lambda ends an invocation. */
  readonly timeoutSeconds: number;
  /** Rows asked at once; those of `BATCH_DEFAULTS` where absent. */
  readonly maxConcurrency?: number | undefined;
}

/** The folder of the bucket in which Step Functions writes the results, each run in a folder of its own. */
export const RESULTS_PREFIX = 'results';

/** After this time Step Functions ends an Express workflow (Step Functions quotas). */
const EXPRESS_SECONDS = 300;

/**
 * The types of errors of the invocation after which a row is asked again: the codes of 429 and 503
 * (crates/bedrock-function/src/errors/code.rs), each of which comes within seconds.
 */
const REFUSED = [
  'ThrottlingException',
  'ModelNotReadyException',
  'ServiceQuotaExceededException',
  'InternalServerException',
  'ServiceUnavailableException',
  'ConnectionFailed',
];

/** The codes of 504, each of which may have taken all of the function's time. */
const TOO_LATE = ['ModelTimeoutException', 'DeadlineExceeded'];

/** Errors of Lambda itself: throttling and faults (Step Functions' guide, "Transient Lambda service exceptions"). */
const LAMBDA_FAILED = [
  'Lambda.TooManyRequestsException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
];

/** With full jitter, rows that were refused at the same time are not retried at the same time. */
const BACKOFF = { interval: Duration.seconds(2), backoffRate: 2, jitterStrategy: JitterType.FULL };

/** The longest waits of eight retries, 2, 4, 8, 16, 32 and three times 60 seconds, are less than five minutes together. */
const REFUSED_RETRY: RetryProps = {
  ...BACKOFF,
  errors: [...REFUSED, ...LAMBDA_FAILED],
  maxAttempts: 8,
  maxDelay: Duration.seconds(60),
};

/** As many retries as fit a row's five minutes, if each takes the whole time-out: three where that is 60 seconds. */
function lateRetry(timeoutSeconds: number): RetryProps {
  const maxAttempts = Math.max(Math.floor((EXPRESS_SECONDS - 20) / timeoutSeconds) - 1, 0);
  return { ...BACKOFF, errors: TOO_LATE, maxAttempts: Math.min(maxAttempts, 3), maxDelay: Duration.seconds(5) };
}

/** Lambda's cause is JSON where the function failed, and a text where Lambda did. */
const MESSAGE =
  "($cause := $states.errorOutput.Cause & ''; $contains($cause, '\"errorMessage\"') ? $parse($cause).errorMessage : $cause)";

/** The result of a row that failed in every attempt, in the form of the function's replies. A missing `id` is left out. */
const FAILED_ROW = `{% {'id': $states.input.task.id, 'code': $states.errorOutput.Error, 'message': ${MESSAGE}} %}`;

/**
 * A Distributed Map over the JSON Lines that the execution's input names, as `{"key": "input/…"}`. Each line is an event as the
 * function takes it from Step Functions, `{"task": {…}}`, and becomes what the function returns, or `id`, `code` and `message`.
 *
 * The start of a child is a state transition, $0.000025 (Step Functions' guide, "Transitions in Distributed Map state"). The children are
 * Express workflows: a row takes $0.000001 more, and as much again for each second that it waits, where a Standard workflow takes $0.000025
 * more for each step and each retry (ap-northeast-1, https://aws.amazon.com/step-functions/pricing/); and prompts and answers would stay
 * in a Standard workflow's history for 90 days. In return all attempts at a row have five minutes together, and
 * in rare cases one is asked twice (AWS: at least once).
 */
export function batchRows(scope: Construct, { bucket, timeoutSeconds, ...props }: BatchRowsProps): DistributedMap {
  const ask = LambdaInvoke.jsonata(scope, 'Ask', {
    lambdaFunction: props.function,
    payload: TaskInput.fromObject({ task: '{% $states.input.task %}' }),
    outputs: '{% $states.result.Payload %}',
    retryOnServiceExceptions: false,
  })
    .addRetry(REFUSED_RETRY)
    .addRetry(lateRetry(timeoutSeconds))
    .addCatch(Succeed.jsonata(scope, 'Failed'), { outputs: FAILED_ROW });
  return new DistributedMap(scope, 'Rows', {
    label: 'Rows',
    mapExecutionType: StateMachineType.EXPRESS,
    itemReader: new S3JsonLItemReader({ bucket, key: JsonPath.stringAt('$.key') }),
    maxConcurrency: props.maxConcurrency ?? BATCH_DEFAULTS.maxConcurrency,
    // Otherwise the first row whose five minutes are over would end the run.
    toleratedFailurePercentage: 100,
    // Without the app's flag useDistributedMapResultWriterV2 the CDK would leave it out in silence.
    resultWriterV2: new ResultWriterV2({
      bucket,
      prefix: RESULTS_PREFIX,
      writerConfig: new WriterConfig({ transformation: Transformation.COMPACT, outputType: OutputType.JSONL }),
    }),
  }).itemProcessor(ask);
}
