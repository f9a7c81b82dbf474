// lambda-local's InvokeWithResponseStream, called by the real AWS SDK for JavaScript.
//
// LAMBDA_LOCAL_BIN names the built program. The SDK is the one that infra/package-lock.json names.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const require = createRequire(new URL('../../../../infra/package.json', import.meta.url));
const { InvokeWithResponseStreamCommand, LambdaClient } = require('@aws-sdk/client-lambda');

for (const name of Object.keys(process.env)) {
  if (name.startsWith('AWS_')) delete process.env[name];
}

test('a streamed response is payload chunks and an end', async (t) => {
  const program = process.env.LAMBDA_LOCAL_BIN;
  assert.ok(program, 'LAMBDA_LOCAL_BIN is not set; build lambda-local and give the path of the program');
  const fixture = join(dirname(program), 'examples/fixture');
  const child = spawn(program, ['--invoke-port', '0', '--', fixture], { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill();
    await exited;
  });
  const [line] = await once(createInterface(child.stderr), 'line');
  const client = new LambdaClient({
    region: 'ap-northeast-1',
    endpoint: line.split(' ').at(-1),
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  });
  const Payload = JSON.stringify({ do: 'stream', chunks: ['one ', 'two ', '日本語'] });
  const { EventStream, ExecutedVersion } = await client.send(
    new InvokeWithResponseStreamCommand({ FunctionName: 'fixture', Payload }),
  );
  assert.equal(ExecutedVersion, '$LATEST');
  const chunks = [];
  const ends = [];
  for await (const { PayloadChunk, InvokeComplete } of EventStream) {
    if (PayloadChunk) chunks.push(PayloadChunk.Payload);
    if (InvokeComplete) ends.push(InvokeComplete);
  }
  assert.ok(Buffer.concat(chunks).toString().endsWith('\0one two 日本語'));
  assert.equal(ends.length, 1);
  assert.equal(ends[0].ErrorCode, undefined);
});
