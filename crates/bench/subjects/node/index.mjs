// What our function is compared with: the walkthrough's handler, with the model of today, as a good beginner writes it.
// The client is made once, outside the handler; every setting of the SDK is its default, which over TLS means HTTP/2.
//
// What a person uploads is this folder as it stands, node_modules included: that is what the walkthrough has them do. It is
// not Node's best: bundled into one minified file it starts with less to read, and `make bench` has that beside it
// (node-bundled, made by esbuild from this file). aws-lambda-ric is in neither, because Lambda's Node.js brings a runtime
// of its own: it stands in for that one, and lives in ../node-tools.
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';

const client = new BedrockRuntimeClient();
const [modelId] = process.env.BEDROCK_MODEL_IDS.split(',');

export const handler = async (event) => {
  if (!event.prompt) {
    return { statusCode: 400, body: JSON.stringify({ message: 'No user prompt provided' }) };
  }
  const response = await client.send(
    new ConverseCommand({
      modelId,
      messages: [{ role: 'user', content: [{ text: event.prompt }] }],
      inferenceConfig: { maxTokens: 4096, temperature: 0 },
    }),
  );
  const [{ text }] = response.output.message.content;
  return { statusCode: 200, body: JSON.stringify({ text }) };
};
