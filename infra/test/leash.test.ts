import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { infraDir } from '../lib/paths.ts';
import { tool } from './support/tools.ts';

const FOR_EVER = 'import sys, time; print("running", flush=True); time.sleep(3600)';

it('a server on the leash ends when the test that started it is killed', async () => {
  const leash = [tool('python'), join(infraDir, 'test/support/leash.py'), tool('python'), '-c', FOR_EVER];
  const starts = `const [program, ...args] = ${JSON.stringify(leash)}; require('node:child_process').spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'] });`;
  const test = spawn(process.execPath, ['-e', starts], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void test.kill('SIGKILL'));
  await once(test.stdout, 'data');

  // The pipe that all of them write to closes with the last of them.
  const closed = once(test.stdout, 'close');
  const exited = once(test, 'exit');
  test.kill('SIGKILL');
  await closed;
  // Node.js 24 can tell of the pipe before it tells of the process.
  expect(await exited).toEqual([null, 'SIGKILL']);
}, 20_000);
