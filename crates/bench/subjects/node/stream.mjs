// The same with a streamed answer, as AWS's documentation writes it: the managed runtime's awslambda.streamifyResponse, and
// the SDK's ConverseStreamCommand.
import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime';

const client = new BedrockRuntimeClient();
const [modelId] = process.env.BEDROCK_MODEL_IDS.split(',');

export const handler = awslambda.streamifyResponse(async (event, responseStream) => {
  const { stream } = await client.send(
    new ConverseStreamCommand({
      modelId,
      messages: [{ role: 'user', content: [{ text: event.prompt }] }],
      inferenceConfig: { maxTokens: 4096, temperature: 0 },
    }),
  );
  for await (const { contentBlockDelta } of stream) {
    if (contentBlockDelta?.delta?.text) {
      responseStream.write(contentBlockDelta.delta.text);
    }
  }
  responseStream.end();
});
