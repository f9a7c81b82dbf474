import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { crash, type Given, lambdaReplying, throttle } from './support/lambda.ts';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
  machine.record();
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

async function smoke(replies: readonly Given[], environment: NodeJS.ProcessEnv = {}, account?: string) {
  const lambda = await lambdaReplying(replies, account);
  const outcome = await machine.command('deploy/smoke', {
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
    expect(await smoke([crash])).toMatchObject({
      status: 1,
      calls: 1,
      stderr: expect.stringContaining(
        '\nThe smoke call failed: The function failed with Runtime.ExitError: RequestId: x Error: Runtime exited. See make logs for what it wrote.\n',
      ),
    });
  });

  it('fails on the reply of another program', async () => {
    expect(await smoke(['{"answer":42}'])).toMatchObject({
      status: 1,
      calls: 1,
      stderr: expect.stringContaining(
        "\nThe smoke call failed: The reply is none of this function's: it has no statusCode. Check what is deployed.\n",
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

  it.each([
    ['429 ThrottlingException', 429, 'ThrottlingException'],
    ['503 ServiceUnavailableException', 503, 'ServiceUnavailableException'],
  ])('rolls nothing back when Bedrock turns the calls away: %s', async (_, statusCode, code) => {
    const { status, stderr, calls } = await smoke(
      [reply(statusCode, { message: 'Bedrock turned it away. Try again later.', code, requestId: 'x' })],
      { ROLLBACK: '1' },
    );
    expect({ status, calls }).toEqual({ status: 1, calls: 3 });
    expect(stderr).toMatch(
      new RegExp(
        `\nBedrock turned the call away, which says nothing of this version: ${statusCode} ${code}: Bedrock turned it away. Try again later. Run make smoke again later. Nothing was put back.\n$`,
      ),
    );
    expect(stderr).not.toContain('The smoke call failed');
  });

  it.each([
    ['a connection that failed', 503, 'ConnectionFailed'],
    ['an error of the function', 500, 'InternalError'],
  ])('looks for a version to put back after %s', async (_, statusCode, code) => {
    const { status, stderr, calls } = await smoke(
      [reply(statusCode, { message: 'It failed.', code, requestId: 'x' })],
      {
        ROLLBACK: '1',
      },
    );
    expect({ status, calls }).toEqual({ status: 1, calls: 3 });
    expect(stderr).toMatch(
      /\nThe smoke call failed: .+\nNothing is remembered of a-function from before the last deploy/,
    );
  });

  it("calls nothing in another profile's account", async () => {
    const { status, stderr, calls } = await smoke([answer], { ROLLBACK: '1' }, '210987654321');
    expect({ status, calls }).toEqual({ status: 2, calls: 0 });
    expect(stderr).toMatch(
      /\na-function was deployed to account 123456789012, and these credentials are of account 210987654321\. .+ Nothing was called\.\n$/,
    );
    expect(stderr).not.toContain('olled back');
  });

  it('rolls nothing back when nothing was called', async () => {
    const { status, stderr, calls } = await smoke([answer], { ROLLBACK: '1', XTASK_EVENT: 'events/nothing.json' });
    expect({ status, calls }).toEqual({ status: 2, calls: 0 });
    expect(stderr).toMatch(/The event file events\/nothing\.json cannot be read: .+\. Give the path of a JSON file/);
    expect(stderr).not.toContain('olled back');
  });

  it('says so where nothing was deployed', async () => {
    const fresh = newMachine();
    expect(await fresh.command('deploy/smoke')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'No deployment is recorded here. Run `make deploy` first.\n',
    });
    fresh.remove();
  });
});
