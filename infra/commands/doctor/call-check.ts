import { BedrockRuntimeClient, BedrockRuntimeServiceException, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { ModelRow } from '../../lib/models.ts';
import { clientOptions } from '../support/clients.ts';
import type { Check } from './check.ts';
import { failure, type Finding, ok } from './finding.ts';
import { modelMessages as says } from './model-messages.ts';

/** One real call with the caller's own credentials. 16 tokens leave some for a model that thinks before it answers. */
export function callCheck(row: ModelRow, region: string): Check {
  return {
    id: 'call',
    essential: true,
    permissions: ['bedrock:InvokeModel'],
    run: (signal) => call(row, region, signal),
  };
}

/** Over HTTP/1.1: by default this client, and no other, speaks HTTP/2, which many proxies do not pass. */
function clientFor(region: string): BedrockRuntimeClient {
  const options = clientOptions(region);
  return new BedrockRuntimeClient({ ...options, requestHandler: new NodeHttpHandler(options.requestHandler) });
}

const QUESTION = 'Answer with the one word: yes';

async function call(
  { id, pricePerMillionTokens: price }: ModelRow,
  region: string,
  abortSignal: AbortSignal,
): Promise<Finding[]> {
  const messages = [{ role: 'user' as const, content: [{ text: QUESTION }] }];
  try {
    const { usage } = await clientFor(region).send(
      new ConverseCommand({ modelId: id, messages, inferenceConfig: { maxTokens: 16 } }),
      { abortSignal },
    );
    const [input, output] = [usage?.inputTokens ?? 0, usage?.outputTokens ?? 0];
    return [ok(says.called(id, input + output, ((input * price.input + output * price.output) / 1e6).toFixed(6)))];
  } catch (error) {
    if (error instanceof BedrockRuntimeServiceException)
      return [failure(says.callRefused(id, error.name), says.callRemedy(error.name))];
    throw error;
  }
}
