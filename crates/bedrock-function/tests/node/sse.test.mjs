// The function's streamed answer, read by a real client of Server-Sent Events at a Function URL.
//
// BEDROCK_LOCAL_BIN, LAMBDA_LOCAL_BIN and BEDROCK_FUNCTION_BIN name the built programs.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';

const require = createRequire(new URL('../../../../infra/package.json', import.meta.url));
const { createParser } = require('eventsource-parser');

const MODEL = 'jp.amazon.nova-2-lite-v1:0';
const KEYS = {
  AWS_ACCESS_KEY_ID: 'BEDROCKLOCAL0000000',
  AWS_SECRET_ACCESS_KEY: 'bedrock-local-is-a-stand-in-and-no-secret',
};

const children = [];
after(() => {
  for (const child of children) child.kill();
});

/** Starts a program; gives the first line that it writes to the stream of that name. */
async function start(variable, args, stream) {
  const program = process.env[variable];
  assert.ok(program, `${variable} is not set; build the program and give its path`);
  const stdio = ['ignore', 'ignore', 'ignore'];
  stdio[{ stdout: 1, stderr: 2 }[stream]] = 'pipe';
  const child = spawn(program, args, { env: {}, stdio });
  children.push(child);
  const [line] = await once(createInterface(child[stream]), 'line');
  return line;
}

async function functionUrl(...faults) {
  const bedrock = JSON.parse(await start('BEDROCK_LOCAL_BIN', ['--port', '0', ...faults], 'stdout')).endpointUrl;
  const variables = {
    ...KEYS,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock,
    BEDROCK_MODEL_IDS: MODEL,
    BEDROCK_STREAM: '1',
  };
  const env = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const line = await start(
    'LAMBDA_LOCAL_BIN',
    ['--url-port', '0', ...env, '--', process.env.BEDROCK_FUNCTION_BIN],
    'stderr',
  );
  return line.split(' ').at(-1);
}

async function events(url) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: 'text/event-stream' },
    body: JSON.stringify({ prompt: '東京について' }),
  });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const received = [];
  const parser = createParser({
    onEvent: ({ event, data }) => received.push({ event, data: JSON.parse(data) }),
    onError: (error) => assert.fail(error),
  });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) parser.feed(decoder.decode(chunk, { stream: true }));
  return received;
}

test('a client of Server-Sent Events reads each text and the end', async () => {
  const received = await events(await functionUrl());
  const done = received.pop();
  assert.ok(received.length > 3 && received.every(({ event }) => event === 'text'));
  assert.match(received.map(({ data }) => data.text).join(''), /の応答です。.* 6 文字/);
  assert.equal(done.event, 'done');
  assert.equal(done.data.model, MODEL);
  assert.ok(done.data.usage.outputTokens > 3);
});

test('a client of Server-Sent Events reads the error that broke the answer off', async () => {
  const received = await events(await functionUrl('--fault', 'stream-error:ThrottlingException'));
  assert.deepEqual(
    received.map(({ event }) => event),
    ['text', 'text', 'error'],
  );
  assert.equal(received.at(-1).data.code, 'ThrottlingException');
});
