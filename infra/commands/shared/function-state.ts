import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  ListTagsCommand,
  PutFunctionConcurrencyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions, isDenied, isMissing } from './aws.ts';
import type { Target } from './target.ts';
import { message, localized } from '../../lib/text.ts';

/**
 * How many invocations the function may run at once: 0 refuses every call, and undefined is as many as the account has
 * room for.
 */
export const reservedConcurrency = (target: Target): Promise<number | undefined> =>
  onFunction(target, 'lambda:GetFunctionConcurrency', () => askConcurrency(target));

/** The function's reserved concurrency. Errors are the SDK's own. */
export async function askConcurrency(
  { region, stackName }: Target,
  abortSignal?: AbortSignal,
): Promise<number | undefined> {
  const { ReservedConcurrentExecutions } = await new LambdaClient(clientOptions(region)).send(
    new GetFunctionConcurrencyCommand({ FunctionName: stackName }),
    { abortSignal },
  );
  return ReservedConcurrentExecutions;
}

/** Sets the reserved concurrency. With 0, Lambda refuses every new call; running ones go on to their end. */
export async function reserveConcurrency(target: Target, concurrency: number): Promise<void> {
  await onFunction(target, 'lambda:PutFunctionConcurrency', async (lambda, FunctionName) => {
    try {
      await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: concurrency }));
    } catch (error) {
      throw error instanceof Error && error.name === 'InvalidParameterValueException'
        ? new UserError(texts.noRoom(FunctionName, concurrency))
        : error;
    }
  });
}

/** Removes the reservation. */
export async function releaseConcurrency(target: Target): Promise<void> {
  await onFunction(target, 'lambda:DeleteFunctionConcurrency', (lambda, FunctionName) =>
    lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName })),
  );
}

/**
 * The tag in which a stop remembers a concurrency that was set by hand. It is on the function, so that a resume from any clone finds
 * it, and so that it is removed with the function. A concurrency that the deployment set is in the stack's template.
 */
const BEFORE_STOP = 'ConcurrencyBeforeStop';

/** The concurrency that a stop remembered, if it did. */
export async function concurrencyBeforeStop(target: Target): Promise<number | undefined> {
  const { Tags } = await onFunction(target, 'lambda:ListTags', (lambda) =>
    lambda.send(new ListTagsCommand({ Resource: arnOf(target) })),
  );
  const remembered = Tags?.[BEFORE_STOP];
  return remembered === undefined ? undefined : Number(remembered);
}

/** Remembers the concurrency until the function is resumed. */
export async function rememberConcurrency(target: Target, concurrency: number): Promise<void> {
  await onFunction(target, 'lambda:TagResource', (lambda) =>
    lambda.send(new TagResourceCommand({ Resource: arnOf(target), Tags: { [BEFORE_STOP]: String(concurrency) } })),
  );
}

/** Removes the remembered concurrency. */
export async function forgetConcurrency(target: Target): Promise<void> {
  await onFunction(target, 'lambda:UntagResource', (lambda) =>
    lambda.send(new UntagResourceCommand({ Resource: arnOf(target), TagKeys: [BEFORE_STOP] })),
  );
}

const arnOf = ({ account, region, stackName }: Target): string =>
  `arn:aws:lambda:${region}:${account}:function:${stackName}`;

/**
 * Runs a deploy that leaves a stopped function stopped. CloudFormation sets the template's reserved concurrency, which is never the 0
 * of a stop. AWS does not document whether it does so where that value did not change.
 */
export async function keepingStop(target: Target, deploy: () => Promise<void>): Promise<void> {
  if (!(await isKnownToBeStopped(target))) return deploy();
  try {
    await deploy();
  } finally {
    await stopAgain(target);
  }
}

/** A failure is printed and not thrown, so that the caller still records what was deployed. */
async function stopAgain(target: Target): Promise<void> {
  try {
    if (!(await isKnownToBeStopped(target))) await reserveConcurrency(target, 0);
    console.error(localized(texts.stillStopped(target.stackName)));
  } catch (error) {
    process.exitCode = 1;
    console.error(localized(texts.mayRun(target.stackName, error instanceof Error ? error.message : '')));
  }
}

/** False for a function that does not exist yet, and for one that the caller may not ask about. */
async function isKnownToBeStopped(target: Target): Promise<boolean> {
  try {
    return (await askConcurrency(target)) === 0;
  } catch (error) {
    if (isMissing(error) || isDenied(error)) return false;
    throw asUserError(error, target.region);
  }
}

async function onFunction<T>(
  { region, stackName }: Target,
  permission: string,
  act: (lambda: LambdaClient, name: string) => Promise<T>,
): Promise<T> {
  try {
    return await act(new LambdaClient(clientOptions(region)), stackName);
  } catch (error) {
    if (isMissing(error)) throw new UserError(texts.missing(stackName, region));
    throw asUserError(error, region, [permission]);
  }
}

const texts = {
  noRoom: message(
    (name: string, concurrency: number) =>
      `The account has no ${concurrency} concurrent executions left to reserve for ${name}. Lower the reservation of another function, or run make deploy with a lower MAX_CONCURRENCY or none, then try again.`,
    (name, concurrency) =>
      `${name} のために予約できる同時実行数が、アカウントに ${concurrency} 残っていません。ほかの関数の予約を減らすか、MAX_CONCURRENCY を下げるか外して make deploy を実行してから、やり直してください。`,
  ),
  stillStopped: message(
    (name: string) => `${name} was stopped before, and is stopped: make resume lets calls in again.`,
    (name) => `${name} は停止中でした。停止したままです。再開するには make resume を実行してください。`,
  ),
  mayRun: message(
    (name: string, cause: string) =>
      `! ${name} was stopped before, and this deploy may have let calls in again. Run make stop. ${cause}`,
    (name, cause) =>
      `! ${name} は停止中でしたが、このデプロイで再開した可能性があります。make stop を実行してください。${cause}`,
  ),
  missing: message(
    (name: string, region: string) =>
      `There is no function ${name} in ${region}. Run \`make deploy\` first, or check REGION, FUNCTION_NAME and AWS_PROFILE.`,
    (name, region) =>
      `${region} に関数 ${name} がありません。先に \`make deploy\` を実行するか、REGION、FUNCTION_NAME、AWS_PROFILE を確認してください。`,
  ),
} as const;
