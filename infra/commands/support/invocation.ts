import { InvokeCommand, type InvokeCommandOutput, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { allowed, explained, explanation, isMissing, troubleOf } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import { type DeploymentRecord, requireAccountOf } from './deployment-record.ts';
import { parseJson } from './json.ts';

/** What came of calling the deployed function. All but a reply have a sentence. */
export type Invocation =
  | { readonly kind: 'reply'; readonly payload: Uint8Array }
  | { readonly kind: 'function-error' | 'throttled' | 'no-reply'; readonly sentence: string };

/** The longest time-out of a function is 900 s (Lambda quotas); the rest is for the way there and back. */
const REQUEST_TIMEOUT_MS = 910_000;

/** Lambda's own, of reserved concurrency too: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const THROTTLE = 'TooManyRequestsException';

/**
 * Calls the deployed function once with an event.
 *
 * @throws UserError when it was not called: the credentials are missing, of another account, or may not call it.
 */
export async function invoke(deployed: DeploymentRecord, event: Uint8Array): Promise<Invocation> {
  try {
    await requireAccountOf(deployed);
    return outcomeOf(await clientFor(deployed).send(commandFor(deployed, event)));
  } catch (error) {
    return noReply(error, deployed);
  }
}

/** A call is paid for: only the caller decides whether to make it again. */
function clientFor({ region }: DeploymentRecord): LambdaClient {
  const options = clientOptions(region);
  return new LambdaClient({
    ...options,
    maxAttempts: 1,
    requestHandler: { ...options.requestHandler, requestTimeout: REQUEST_TIMEOUT_MS },
  });
}

const commandFor = ({ functionName }: DeploymentRecord, Payload: Uint8Array): InvokeCommand =>
  new InvokeCommand({ FunctionName: functionName, Payload });

const functionError = z.object({ errorType: z.string(), errorMessage: z.string() }).partial();

function outcomeOf({ FunctionError, Payload }: InvokeCommandOutput): Invocation {
  const payload = Payload ?? new Uint8Array();
  if (FunctionError === undefined) return { kind: 'reply', payload };
  const { data } = functionError.safeParse(parseJson(Buffer.from(payload).toString()));
  const cause = [data?.errorType, data?.errorMessage].filter(Boolean).join(': ') || FunctionError;
  return { kind: 'function-error', sentence: `The function failed with ${cause}. See make logs for what it wrote.` };
}

/** Of what AWS wrote only the error's name is shown: the message may hold the account's number. */
function noReply(error: unknown, { functionName, region }: DeploymentRecord): Invocation {
  const name = error instanceof Error ? error.name : 'Error';
  if (name === THROTTLE)
    return {
      kind: 'throttled',
      sentence: `Lambda refused the call with ${THROTTLE}: the function is stopped, or too many calls are under way. See make status.`,
    };
  if (isMissing(error))
    return {
      kind: 'no-reply',
      sentence: `There is no function ${functionName} in ${region}, though its deployment is recorded here. Run make deploy.`,
    };
  const trouble = troubleOf(error);
  if (trouble === 'unreachable') return { kind: 'no-reply', sentence: explanation(trouble, region) };
  const known = allowed(explained(error, region), ['lambda:InvokeFunction']);
  if (known !== error || name === 'UserError') throw known;
  return {
    kind: 'no-reply',
    sentence: `The deployed function could not be invoked: AWS answered with ${name}. Try again, and see make status.`,
  };
}
