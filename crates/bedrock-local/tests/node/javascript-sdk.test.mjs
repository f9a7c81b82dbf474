// bedrock-local, called by the real AWS SDK for JavaScript, which speaks HTTP/2 and signs `:authority` for `host`.
//
// BEDROCK_LOCAL_BIN names the built program. The SDK is the one that infra/package-lock.json names.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';

const require = createRequire(new URL('../../../../infra/package.json', import.meta.url));
const { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } = require('@aws-sdk/client-bedrock-runtime');
const { NodeHttp2Handler, NodeHttpHandler } = require('@smithy/node-http-handler');

const NOVA = 'jp.amazon.nova-2-lite-v1:0';
const ARN = `arn:aws:bedrock:ap-northeast-1:123456789012:inference-profile/${NOVA}`;
const KEYS = { accessKeyId: 'BEDROCKLOCAL0000000', secretAccessKey: 'bedrock-local-is-a-stand-in-and-no-secret' };
const MISMATCH =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

for (const name of Object.keys(process.env)) {
  if (name.startsWith('AWS_')) delete process.env[name];
}

let closing;
beforeEach(() => {
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

/** The endpoint's URL of a program of its own, on a free port. */
async function bedrockLocal(...args) {
  const program = process.env.BEDROCK_LOCAL_BIN;
  assert.ok(program, 'BEDROCK_LOCAL_BIN is not set; build bedrock-local and give the path of the program');
  const child = spawn(program, ['--port', '0', ...args], { env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  closing.push(async () => {
    child.kill();
    await exited;
  });
  const ended = exited.then(() => assert.fail('bedrock-local ended before it listened'));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  return JSON.parse(line).endpointUrl;
}

async function overTls() {
  const folder = mkdtempSync(join(tmpdir(), 'bedrock-local-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  const endpoint = await bedrockLocal('--tls', '--write-ca', join(folder, 'ca.pem'));
  return { endpoint, ca: readFileSync(join(folder, 'ca.pem')) };
}

/** A client, and the names of the headers that its last request was signed with. */
function clientFor(endpoint, { requestHandler, credentials = KEYS } = {}) {
  const client = new BedrockRuntimeClient({ region: 'ap-northeast-1', endpoint, credentials, requestHandler, maxAttempts: 1 });
  closing.push(() => client.destroy());
  const seen = { signedHeaders: [] };
  around(client, 'after', ({ headers }) => {
    seen.signedHeaders = /SignedHeaders=([^,]*)/.exec(headers.authorization)[1].split(';');
  });
  return { client, seen };
}

/** Changes each request just before or after it is signed. */
function around(client, relation, change) {
  const middleware = (next) => async (args) => {
    change(args.request);
    return next(args);
  };
  client.middlewareStack.addRelativeTo(middleware, { relation, toMiddleware: 'httpSigningMiddleware' });
}

async function converse(client, modelId = NOVA) {
  const inferenceConfig = { maxTokens: 4096, temperature: 0 };
  const messages = [{ role: 'user', content: [{ text: 'Hello' }] }];
  const response = await client.send(new ConverseCommand({ modelId, messages, inferenceConfig }));
  return response.output.message.content[0].text;
}

/** What a stream brings until it ends or fails. */
async function stream(client) {
  const messages = [{ role: 'user', content: [{ text: 'Hello' }] }];
  const response = await client.send(new ConverseStreamCommand({ modelId: NOVA, messages }));
  const events = [];
  try {
    for await (const event of response.stream) events.push(event);
  } catch (error) {
    return { events, error };
  }
  return { events };
}

const namesOf = (events) => events.map((event) => Object.keys(event)[0]);
const textOf = (events) => events.map((event) => event.contentBlockDelta?.delta.text ?? '').join('');

async function assertRefused(client, message) {
  await assert.rejects(converse(client), (error) => {
    assert.deepEqual([error.$metadata.httpStatusCode, error.name, error.message], [403, 'InvalidSignatureException', message]);
    return true;
  });
}

test('an authority that was signed is accepted over HTTP/2 with prior knowledge', async () => {
  const { client, seen } = clientFor(await bedrockLocal());
  assert.match(await converse(client), /received 5 characters in 1 turn for jp\.amazon\.nova-2-lite-v1:0/);
  assert.equal(seen.signedHeaders[0], ':authority');
  assert.ok(!seen.signedHeaders.includes('host'));
});

test('an authority that was signed is accepted over TLS, where HTTP/2 is negotiated', async () => {
  const { endpoint, ca } = await overTls();
  const requestHandler = new NodeHttp2Handler({ nodeHttp2ConnectOptions: { ca } });
  const { client, seen } = clientFor(endpoint, { requestHandler });
  assert.match(await converse(client), /received 5 characters/);
  assert.equal(seen.signedHeaders[0], ':authority');
});

test('a host that was signed is accepted over HTTP/1.1', async () => {
  const { client, seen } = clientFor(await bedrockLocal(), { requestHandler: new NodeHttpHandler() });
  assert.match(await converse(client), /received 5 characters/);
  assert.ok(seen.signedHeaders.includes('host') && !seen.signedHeaders.includes(':authority'));
});

test("a profile's ARN and a session token are signed right", async () => {
  const { client, seen } = clientFor(await bedrockLocal(), { credentials: { ...KEYS, sessionToken: 'a token' } });
  assert.match(await converse(client, ARN), /received 5 characters/);
  assert.ok(seen.signedHeaders.includes('x-amz-security-token'));
});

test('a wrong secret is refused', async () => {
  const { client } = clientFor(await bedrockLocal(), { credentials: { ...KEYS, secretAccessKey: 'another' } });
  await assertRefused(client, MISMATCH);
});

test('another authority than the one that was signed is refused', async () => {
  const { client } = clientFor(await bedrockLocal());
  around(client, 'after', ({ headers }) => {
    headers[':authority'] = 'bedrock-runtime.ap-northeast-1.amazonaws.com';
  });
  await assertRefused(client, MISMATCH);
});

test('a signature for another authority is refused', async () => {
  const { client } = clientFor(await bedrockLocal());
  let own;
  around(client, 'before', ({ headers }) => {
    own = headers[':authority'];
    headers[':authority'] = 'bedrock-runtime.ap-northeast-1.amazonaws.com';
  });
  around(client, 'after', ({ headers }) => {
    headers[':authority'] = own;
  });
  await assertRefused(client, MISMATCH);
});

test('an authority that was not signed is refused', async () => {
  const { client } = clientFor(await bedrockLocal());
  around(client, 'before', ({ headers }) => {
    delete headers[':authority'];
  });
  await assertRefused(client, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
});

for (const [version, handler] of [
  ['HTTP/2', NodeHttp2Handler],
  ['HTTP/1.1', NodeHttpHandler],
]) {
  test(`a stream has the text of the whole answer, over ${version}`, async () => {
    const { client } = clientFor(await bedrockLocal(), { requestHandler: new handler() });
    const { events, error } = await stream(client);
    assert.equal(error, undefined);
    assert.equal(textOf(events), await converse(client));
    const others = namesOf(events).filter((name) => name !== 'contentBlockDelta');
    assert.deepEqual(others, ['messageStart', 'contentBlockStop', 'messageStop', 'metadata']);
    assert.deepEqual(events.at(-2).messageStop, { stopReason: 'end_turn' });
    assert.equal(events.at(-1).metadata.usage.inputTokens, 2);
  });

  test(`an exception comes after the first deltas, over ${version}`, async () => {
    const endpoint = await bedrockLocal('--fault', 'stream-error:ModelStreamErrorException');
    const { client } = clientFor(endpoint, { requestHandler: new handler() });
    const { events, error } = await stream(client);
    assert.equal(textOf(events), 'This is ');
    assert.equal(error.name, 'ModelStreamErrorException');
  });

  test(`a connection that breaks in the middle of a stream is no whole answer, over ${version}`, async () => {
    for (const fault of ['stream-reset', 'truncated']) {
      const { client } = clientFor(await bedrockLocal('--fault', fault), { requestHandler: new handler() });
      const { events, error } = await stream(client);
      assert.equal(textOf(events), 'This is ', fault);
      assert.ok(!namesOf(events).includes('messageStop'), fault);
      // Node's client of HTTP/2 takes a FIN for the end of the body.
      if (version === 'HTTP/1.1' || fault === 'stream-reset') assert.ok(error, fault);
    }
  });
}

test('a stream that ends without messageStop ends without an error', async () => {
  const { client } = clientFor(await bedrockLocal('--fault', 'stream-stop'));
  const { events, error } = await stream(client);
  assert.deepEqual([namesOf(events), error], [['messageStart', 'contentBlockDelta', 'contentBlockDelta'], undefined]);
});

test('an event with a wrong checksum is an error', async () => {
  const { client } = clientFor(await bedrockLocal('--fault', 'stream-malformed'));
  const { events, error } = await stream(client);
  assert.equal(textOf(events), 'This is ');
  assert.match(error.message, /checksum/i);
});

const NATIVE = 'jp.anthropic.claude-haiku-4-5-20251001-v1:0';
const SCHEMA = {
  type: 'object',
  properties: { z: { type: 'string' }, a: { type: 'integer' } },
  required: ['z', 'a'],
};

function textFormat(schema) {
  const structure = { jsonSchema: { schema: JSON.stringify(schema), name: 'answer' } };
  return { outputConfig: { textFormat: { type: 'json_schema', structure } } };
}

function forcedTool(schema) {
  const tools = [{ toolSpec: { name: 'answer', inputSchema: { json: schema } } }];
  return { toolConfig: { tools, toolChoice: { tool: { name: 'answer' } } } };
}

test('a schema is answered as text and as the input of a tool, whole and streamed', async () => {
  const { client } = clientFor(await bedrockLocal());
  const messages = [{ role: 'user', content: [{ text: 'Hello' }] }];
  const asText = { modelId: NATIVE, messages, ...textFormat({ ...SCHEMA, additionalProperties: false }) };
  const asTool = { modelId: NOVA, messages, ...forcedTool(SCHEMA) };

  const { output: text } = await client.send(new ConverseCommand(asText));
  assert.equal(text.message.content[0].text, '{"z":"z","a":1}');
  const { output: tool, stopReason } = await client.send(new ConverseCommand(asTool));
  assert.deepEqual(tool.message.content[0].toolUse.input, { z: 'z', a: 1 });
  assert.equal(stopReason, 'tool_use');

  const joined = async (request, piece) => {
    const response = await client.send(new ConverseStreamCommand(request));
    let json = '';
    for await (const { contentBlockDelta } of response.stream) json += piece(contentBlockDelta?.delta) ?? '';
    return json;
  };
  assert.equal(await joined(asText, (delta) => delta?.text), '{"z":"z","a":1}');
  assert.equal(await joined(asTool, (delta) => delta?.toolUse?.input), '{"z":"z","a":1}');
});
