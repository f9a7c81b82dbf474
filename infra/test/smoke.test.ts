import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { type Server, startScripted } from './support/servers.ts';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
  const deployed = {
    functionName: 'a-function',
    region: 'ap-northeast-1',
    account: '123456789012',
    stackName: 'a-function',
  };
  writeFileSync(join(machine.directory, 'deployment.json'), JSON.stringify(deployed));
});
afterAll(() => machine.remove());

const reply = (statusCode: number, body: object): string => JSON.stringify({ statusCode, body: JSON.stringify(body) });
const answer = reply(200, { text: 'SECRET-ANSWER' });
const denied = reply(403, {
  message: 'This account has no access to the model. Ask for it.',
  code: 'AccessDeniedException',
  requestId: 'x',
});
const wrong = reply(400, { message: 'The prompt is too long. Shorten it.', code: 'InvalidRequest', requestId: 'x' });

/** Lambda's own answer while the reserved concurrency is 0, which is not the function's. */
const throttle = JSON.stringify({
  Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  Type: 'User',
  message: 'Rate Exceeded.',
});

/** Lambda's Invoke that replies with these, the last one again and again, and counts. */
async function lambdaReplying(...replies: readonly string[]): Promise<Server & { calls: () => number }> {
  let calls = 0;
  const server = await startScripted((response) => {
    const given = replies[Math.min(calls, replies.length - 1)];
    if (given === throttle) response.writeHead(429, { 'x-amzn-errortype': 'TooManyRequestsException' });
    response.end(given);
    calls += 1;
  });
  return { ...server, calls: () => calls };
}

async function smoke(replies: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const lambda = await lambdaReplying(...replies);
  const outcome = await machine.command('smoke', {
    ...KEYS,
    AWS_ENDPOINT_URL: lambda.url,
    XTASK_EVENT: 'events/bedrock-test-001.json',
    SMOKE_PAUSE_SECONDS: '0',
    ...environment,
  });
  await lambda.stop();
  return { ...outcome, calls: lambda.calls() };
}

describe('make smoke', () => {
  it('passes on a reply of 2xx, and keeps the answer to itself', async () => {
    const { status, stdout, stderr, calls } = await smoke([answer]);
    expect({ status, calls, stdout, stderr }).toEqual({
      status: 0,
      calls: 1,
      stdout: '',
      stderr: expect.stringMatching(/\nThe smoke call passed: a-function in ap-northeast-1 answered with 200\.\n$/),
    });
    expect(stderr).not.toContain('SECRET-ANSWER');
  });

  it('calls what was deployed, whatever MODEL was typed for the deploy beside it', async () => {
    expect(await smoke([answer], { XTASK_MODEL: 'apac.amazon.nova-micro-v1:0' })).toMatchObject({
      status: 0,
      calls: 1,
    });
  });

  it('waits for a new policy to reach the role', async () => {
    expect(await smoke([denied, denied, answer])).toMatchObject({ status: 0, calls: 3 });
  });

  it("fails after three refusals, with the reply's own sentence", async () => {
    const { status, stderr, calls } = await smoke([denied]);
    expect({ status, calls }).toEqual({ status: 1, calls: 3 });
    expect(stderr).toMatch(
      /\nThe smoke call failed: 403 AccessDeniedException: This account has no access to the model\. Ask for it\.\nThe stack stays as it is; make rollback puts back what was deployed before\.\n$/,
    );
  });

  it('asks once where asking again changes nothing', async () => {
    expect(await smoke([wrong])).toMatchObject({
      status: 1,
      calls: 1,
      stderr: expect.stringContaining(
        '\nThe smoke call failed: 400 InvalidRequest: The prompt is too long. Shorten it.\n',
      ),
    });
  });

  it('fails on a function that crashed', async () => {
    expect(
      await smoke(['{"errorType":"Runtime.ExitError","errorMessage":"RequestId: x Error: Runtime exited"}']),
    ).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(
        "\nThe smoke call failed: the reply is none of this function's: it has no statusCode\n",
      ),
    });
  });

  it('rolls nothing back when the function is stopped', async () => {
    const { status, stderr, calls } = await smoke([throttle], { ROLLBACK: '1' });
    expect({ status, calls }).toEqual({ status: 1, calls: 3 });
    expect(stderr).toMatch(
      /TooManyRequestsException.*\nThe function is stopped or throttled, which says nothing of this version: make status tells why\. Nothing was put back\.\n$/,
    );
    expect(stderr).not.toContain('The smoke call failed');
  });

  it('passes when Lambda throttled for a moment', async () => {
    expect(await smoke([throttle, answer], { ROLLBACK: '1' })).toMatchObject({ status: 0, calls: 2 });
  });

  it('looks for a version to put back when it is the function that is throttled', async () => {
    const { status, stderr, calls } = await smoke(
      [
        reply(429, {
          message: 'Bedrock throttled. TooManyRequestsException.',
          code: 'ThrottlingException',
          requestId: 'x',
        }),
      ],
      { ROLLBACK: '1' },
    );
    expect({ status, calls }).toEqual({ status: 1, calls: 3 });
    expect(stderr).toMatch(
      /\nThe smoke call failed: 429 ThrottlingException: .+\nNothing is remembered of a-function from before the last deploy/,
    );
  });

  it('rolls nothing back when nothing was called', async () => {
    const { status, stderr, calls } = await smoke([answer], { ROLLBACK: '1', XTASK_EVENT: 'events/nothing.json' });
    expect({ status, calls }).toEqual({ status: 2, calls: 0 });
    expect(stderr).toMatch(/cannot read the event file .*nothing\.json/);
    expect(stderr).not.toContain('olled back');
  });

  it('says so where nothing was deployed', async () => {
    const fresh = newMachine();
    expect(await fresh.command('smoke')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'No deployment is recorded here: run `make deploy` first.\n',
    });
    fresh.remove();
  });
});
