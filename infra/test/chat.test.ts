import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { debugDir } from './support/deployed-function.ts';
import { type Given, lambdaReplying, throttle } from './support/lambda.ts';
import { DEPLOYED, KEYS, type Machine, newMachine } from './support/make.ts';
import { templateOf } from './support/stack.ts';
import { listenOn, startBedrockLocal, startInvokeApi } from './support/servers.ts';

const MODEL = 'jp.amazon.nova-2-lite-v1:0';
let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

/** The next request to a model behind UPSTREAM. */
async function asked(model: ReturnType<typeof createServer>) {
  const [request, response]: [IncomingMessage, ServerResponse] = await once(model, 'request').then(([a, b]) => [a, b]);
  const { messages } = (await json(request)) as { messages: unknown };
  const send = (chunk: object) => response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  return {
    messages,
    says: (content: string) => send({ choices: [{ delta: { content } }] }),
    ends: () => {
      const usage = { prompt_tokens: 7, completion_tokens: 5 };
      send({ choices: [{ delta: {}, finish_reason: 'stop' }], usage });
      response.end('data: [DONE]\n\n');
    },
  };
}

/** Has the model answer requests that are not streamed. */
function answersWhole(model: ReturnType<typeof createServer>): void {
  const choice = { message: { role: 'assistant', content: 'Whole.' }, finish_reason: 'stop' };
  const body = JSON.stringify({ choices: [choice], usage: { prompt_tokens: 7, completion_tokens: 5 } });
  model.on('request', (_, response: ServerResponse) => response.end(body));
}

/** Lambda, where the real function asks a model that the test plays. */
async function stage(streams: boolean, program = join(debugDir, 'bedrock-function')) {
  const model = createServer();
  const upstream = await listenOn(model);
  const bedrock = await startBedrockLocal(join(debugDir, 'bedrock-local'), [
    `--upstream=${upstream.url}/v1`,
    '--upstream-model=test',
  ]);
  const variables = {
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrock.url,
    AWS_ACCESS_KEY_ID: 'BEDROCKLOCAL0000000',
    AWS_SECRET_ACCESS_KEY: 'bedrock-local-is-a-stand-in-and-no-secret',
    BEDROCK_MODEL_IDS: MODEL,
    BEDROCK_STREAM: streams ? '1' : '0',
  };
  const environment = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const named = `--function-name=${DEPLOYED.functionName}`;
  const lambda = await startInvokeApi(join(debugDir, 'lambda-local'), [named, ...environment, '--', program]);
  const sts = await lambdaReplying([]);
  onTestFinished(async () => {
    for (const server of [sts, lambda, bedrock, upstream]) await server.stop();
  });
  machine.record({ streams });
  return { model, endpoints: { AWS_ENDPOINT_URL_STS: sts.url, AWS_ENDPOINT_URL_LAMBDA: lambda.url } };
}

/** `make ask` of the deployed function, at a terminal. */
function asking(endpoints: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...KEYS, ...endpoints, NO_COLOR: '1' };
  const command = `${join(debugDir, 'xtask')} ask one? 2>/dev/null`;
  return spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...env, BEDROCK_INFRA_STATE_DIR: machine.directory },
  });
}

/** `make chat` of the deployed function, in a pipe. */
function talking(endpoints: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...KEYS, ...endpoints };
  return spawn(join(debugDir, 'xtask'), ['chat'], { env: { ...env, BEDROCK_INFRA_STATE_DIR: machine.directory } });
}

/** A program whose output is read from the start. */
function listening(child: ChildProcessWithoutNullStreams) {
  const [stderr, closed] = [text(child.stderr), once(child, 'close')];
  let written = '';
  child.stdout.setEncoding('utf8').on('data', (words: string) => {
    written += words;
  });
  return {
    stdin: child.stdin,
    /** Waits until it has written these words, and nothing else since the last ones. */
    writes: async (words: string) => {
      await vi.waitUntil(() => written.length >= words.length, { timeout: 50_000 });
      expect(written).toBe(words);
      written = '';
    },
    /** Ends its input, and gives what is left of its output. */
    ends: async () => {
      child.stdin.end();
      const [status] = await closed;
      return { status, stdout: written, stderr: await stderr };
    },
  };
}

it('make chat shows each word of the deployed function before the model says the next', async () => {
  const { model, endpoints } = await stage(true);
  const chat = listening(talking(endpoints));
  chat.stdin.write('one\u2028line?\n');
  const first = await asked(model);
  expect(first.messages).toEqual([{ role: 'user', content: 'one\u2028line?' }]);
  for (const words of ['東京', 'は', '…\u2028']) {
    first.says(words);
    await chat.writes(words);
  }
  first.ends();
  await chat.writes('\n');
  chat.stdin.write('two?\n');
  const second = await asked(model);
  expect(second.messages).toEqual([
    { role: 'user', content: 'one\u2028line?' },
    { role: 'assistant', content: '東京は…\u2028' },
    { role: 'user', content: 'two?' },
  ]);
  second.says('Two.');
  await chat.writes('Two.');
  second.ends();
  const { status, stderr } = await chat.ends();
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^function {2}a-function on AWS in ap-northeast-1\n(7 tokens in, 5 out, .* first word after \d+ ms\n){2}$/,
  );
});

it('make chat of a function that was deployed without STREAM=1 shows whole answers', async () => {
  const { model, endpoints } = await stage(false);
  answersWhole(model);
  const chat = listening(talking(endpoints));
  chat.stdin.write('one?\n');
  await chat.writes('Whole.\n');
  const { status, stderr } = await chat.ends();
  expect(status).toBe(0);
  expect(stderr).toMatch(/\n7 tokens in, 5 out, .*, all of it after \d+ ms\n$/);
});

it('make ask at a terminal shows each word of a deployed function that streams', async () => {
  const { model, endpoints } = await stage(true);
  const ask = listening(asking(endpoints));
  const question = await asked(model);
  for (const words of ['One', ' two']) {
    question.says(words);
    await ask.writes(words);
  }
  question.ends();
  await ask.writes('\r\n');
  expect((await ask.ends()).status).toBe(0);
});

it('make ask at a terminal asks a function without STREAM=1 for the whole answer', async () => {
  const { model, endpoints } = await stage(false);
  answersWhole(model);
  const ask = listening(asking(endpoints));
  await ask.writes('Whole.\r\n');
  expect((await ask.ends()).status).toBe(0);
});

it('a function that ends without a response is one sentence', async () => {
  const chat = listening(talking((await stage(true, '/bin/false')).endpoints));
  chat.stdin.write('one?\n');
  const { status, stderr } = await chat.ends();
  expect(status).toBe(4);
  expect(stderr).toMatch(/\nThe function failed with Runtime\.ExitError: .*\. See make logs for what it wrote\.\n$/);
});

it('a deployment with STREAM=1 is recorded as one that streams, and any other is not', async () => {
  vi.stubEnv('BEDROCK_INFRA_STATE_DIR', machine.directory);
  // lib/paths.ts has read it already, and would have the record of whoever runs the tests written over.
  vi.resetModules();
  const { readDeployment, recordDeployment } = await import('../commands/shared/deployment-record.ts');
  const { readDeployedStack } = await import('../commands/shared/deployed-stack.ts');
  for (const [given, streams] of [
    [{ STREAM: '1' }, true],
    [{}, undefined],
  ] as const) {
    const template = JSON.stringify(templateOf(given).toJSON());
    recordDeployment(DEPLOYED, readDeployedStack(template)?.settings.STREAM === '1');
    expect(readDeployment()?.streams).toBe(streams);
    expect(existsSync(join(machine.directory, 'deployment.json'))).toBe(true);
  }
});

/** What a conversation of these lines writes, before a Lambda that replies with these. */
async function outcome(lines: string, replies: readonly Given[]) {
  const lambda = await lambdaReplying(replies);
  const chat = listening(talking({ AWS_ENDPOINT_URL: lambda.url }));
  chat.stdin.write(lines);
  const ended = await chat.ends();
  await lambda.stop();
  return { ...ended, calls: lambda.calls() };
}

it('a call that Lambda refuses fails that turn, and the next one is made all the same', async () => {
  machine.record({ streams: true });
  expect(await outcome('one?\ntwo?\n', [throttle])).toEqual({
    status: 4,
    stdout: '',
    stderr: `function  a-function on AWS in ap-northeast-1\n${'Lambda refused the call with TooManyRequestsException: the function is stopped, or too many calls are under way. See make status.\n'.repeat(2)}`,
    calls: 2,
  });
});
