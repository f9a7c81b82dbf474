import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crash, type Given, lambdaReplying, throttle } from './support/lambda.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';

const EVENT = 'events/bedrock-test-001.json';
const ANNOUNCED = 'function  a-function on AWS in ap-northeast-1\n';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
  machine.record();
});
afterAll(() => machine.remove());

/** The program behind make invoke and make ask, before a Lambda that replies with these. */
async function call(args: readonly string[], replies: readonly Given[], environment: NodeJS.ProcessEnv = KEYS) {
  const lambda = await lambdaReplying(replies);
  const outcome = await machine.xtask(args, { ...environment, AWS_ENDPOINT_URL: lambda.url });
  await lambda.stop();
  return { ...outcome, calls: lambda.calls() };
}

const refusedBy = (errorType: string, status: number): Given => ({
  status,
  headers: { 'x-amzn-errortype': errorType },
  body: JSON.stringify({ message: 'User: arn:aws:iam::123456789012:user/someone' }),
});

describe('make invoke of a deployed function', () => {
  it('prints the payload as it came, and nothing else on stdout', async () => {
    const payload = '{ "body" : "{\\"text\\":\\"\\u3042 \\\\u3042\\"}",\n"statusCode":200 }';
    expect(await call(['invoke', EVENT], [payload])).toEqual({
      status: 0,
      calls: 1,
      stdout: `${payload}\n`,
      stderr: ANNOUNCED,
    });
  });

  it('exits with 1 for a reply of another status', async () => {
    const payload = JSON.stringify({ statusCode: 400, body: JSON.stringify({ message: 'No user prompt provided' }) });
    expect(await call(['invoke', EVENT], [payload])).toEqual({
      status: 1,
      calls: 1,
      stdout: `${payload}\n`,
      stderr: ANNOUNCED,
    });
  });

  it('says what the function failed with, and exits with 4', async () => {
    expect(await call(['invoke', EVENT], [crash])).toEqual({
      status: 4,
      calls: 1,
      stdout: '',
      stderr: `${ANNOUNCED}The function failed with Runtime.ExitError: RequestId: x Error: Runtime exited. See make logs for what it wrote.\n`,
    });
  });

  it.each([
    [
      'a throttled call, which is not made again',
      throttle,
      4,
      'Lambda refused the call with TooManyRequestsException: the function is stopped, or too many calls are under way. See make status.\n',
    ],
    [
      'a function that is gone',
      refusedBy('ResourceNotFoundException', 404),
      4,
      'There is no function a-function in ap-northeast-1, though its deployment is recorded here. Run make deploy.\n',
    ],
    [
      'credentials that may not call it',
      refusedBy('AccessDeniedException', 403),
      2,
      'These credentials may not do that. Allow lambda:InvokeFunction to them, then try again.\n',
    ],
    [
      'credentials that have expired',
      refusedBy('ExpiredTokenException', 403),
      2,
      'The AWS credentials have expired. Sign in again (`aws login`, `aws sso login` for IAM Identity Center, or fresh keys), then try again.\n',
    ],
    [
      'a failure of Lambda',
      refusedBy('ServiceException', 500),
      4,
      'The deployed function could not be invoked: AWS answered with ServiceException. Try again, and see make status.\n',
    ],
  ])('is one sentence for %s', async (_, given, status, sentence) => {
    expect(await call(['invoke', EVENT], [given])).toEqual({
      status,
      calls: 1,
      stdout: '',
      stderr: ANNOUNCED + sentence,
    });
  });

  it('says that credentials are missing, and exits with 2', async () => {
    expect(await call(['invoke', EVENT], [''], {})).toEqual({
      status: 2,
      calls: 0,
      stdout: '',
      stderr: `${ANNOUNCED}No usable AWS credentials were found. Sign in (\`aws login\`, or \`aws sso login\` for IAM Identity Center) and name a profile that is not the default one in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then try again.\n`,
    });
  });

  it('exits with 4 where AWS cannot be reached', async () => {
    const gone = await lambdaReplying([]);
    await gone.stop();
    expect(await machine.xtask(['invoke', EVENT], { ...KEYS, AWS_ENDPOINT_URL: gone.url })).toEqual({
      status: 4,
      stdout: '',
      stderr: `${ANNOUNCED}AWS in ap-northeast-1 cannot be reached from here. Check the network, the proxy and AWS_ENDPOINT_URL, then try again.\n`,
    });
  });

  it("does not call the like-named function of another profile's account", async () => {
    machine.record({ account: '210987654321', profile: 'work' });
    const config = join(machine.directory, 'config');
    writeFileSync(config, `[profile home]\naws_access_key_id = ${KEYS.AWS_ACCESS_KEY_ID}\naws_secret_access_key = x\n`);
    const outcome = await call(['invoke', EVENT], ['{"statusCode":200,"body":"{}"}'], {
      AWS_CONFIG_FILE: config,
      AWS_PROFILE: 'home',
    });
    machine.record();
    expect(outcome).toEqual({
      status: 2,
      calls: 0,
      stdout: '',
      stderr: `${ANNOUNCED}a-function was deployed to account 210987654321 (AWS_PROFILE=work), and these credentials are of account 123456789012 (AWS_PROFILE=home). Set AWS_PROFILE to a profile of account 210987654321, or run \`make deploy\` with these credentials. Nothing was called.\n`,
    });
  });
});

it("make ask prints a deployed function's answer", async () => {
  const payload = JSON.stringify({ statusCode: 200, body: JSON.stringify({ text: 'The answer' }) });
  expect(await call(['ask', 'What?'], [payload])).toEqual({
    status: 0,
    calls: 1,
    stdout: 'The answer\n',
    stderr: ANNOUNCED,
  });
});
