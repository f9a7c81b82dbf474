import {
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { UserError } from '../../lib/user-error.ts';
import { allowed, explained, isMissing } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import type { Target } from './target.ts';

/** Whether the function is stopped: a reserved concurrency of 0 refuses every call. */
export async function isStopped(target: Target): Promise<boolean> {
  const { ReservedConcurrentExecutions } = await onFunction(
    target,
    'lambda:GetFunctionConcurrency',
    (lambda, FunctionName) => lambda.send(new GetFunctionConcurrencyCommand({ FunctionName })),
  );
  return ReservedConcurrentExecutions === 0;
}

/** Refuses every call from now on; those under way run to their end. */
export async function stop(target: Target): Promise<void> {
  await onFunction(target, 'lambda:PutFunctionConcurrency', (lambda, FunctionName) =>
    lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 })),
  );
}

/** Lets calls in again, as many at once as the account has room for. */
export async function resume(target: Target): Promise<void> {
  await onFunction(target, 'lambda:DeleteFunctionConcurrency', (lambda, FunctionName) =>
    lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName })),
  );
}

async function onFunction<T>(
  { region, stackName }: Target,
  permission: string,
  act: (lambda: LambdaClient, name: string) => Promise<T>,
): Promise<T> {
  try {
    return await act(new LambdaClient(clientOptions(region)), stackName);
  } catch (error) {
    if (isMissing(error))
      throw new UserError(
        `There is no function ${stackName} in ${region}: run \`make deploy\` first, or check REGION, FUNCTION_NAME and AWS_PROFILE.`,
      );
    throw allowed(explained(error, region), [permission]);
  }
}
