import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation';
import { CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BOOTSTRAP_VERSION } from '../commands/shared/preconditions.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { accountSettings } from './support/account.ts';
import { type Server, startFront, startMoto, startScripted } from './support/servers.ts';

/** make's own last line, beside the one that a person is meant to read. */
const MAKE_SAYS = /^make.*\n/gm;

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

/** Runs a command that must refuse, and returns what it wrote. */
async function refusal(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const { status, stdout, stderr } = await machine.make(args, environment);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(existsSync(join(machine.directory, 'deployment.json'))).toBe(false);
  return stderr.replaceAll(MAKE_SAYS, '');
}

const touching = ['diff', 'deploy', 'outputs', 'destroy', 'bootstrap'];

describe('without credentials', () => {
  it.each(touching)('make %s says so in one sentence', async (command) => {
    expect(await refusal([command])).toBe(
      'No usable AWS credentials were found. Sign in (`aws login`, or `aws sso login` for IAM Identity Center) and name a profile that is not the default one in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then try again.\n',
    );
  });

  it('says so in Japanese where the terminal is Japanese', async () => {
    expect(await refusal(['deploy'], { LANG: 'ja_JP.UTF-8' })).toMatch(/^使える AWS の認証情報が見つかりません。.*\n$/);
  });

  it('make synth prints the template all the same', async () => {
    const { status, stdout, stderr } = await machine.make(['synth', 'MEMORY=256']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr:
        'No account is touched: stack bedrock-titan-function as it would be in region ap-northeast-1 (with MEMORY=256)\n',
    });
    expect(stdout).toMatch(/^Description: .*\nMetadata:\n(?: .*\n)+Resources:\n/);
    expect(stdout).toContain('      MemorySize: 256\n');
  });
});

describe('with a profile of aws login', () => {
  const session = 'arn:aws:iam::123456789012:user/somebody';
  /** The profile, and its session as the AWS CLI keeps it, if there is one. */
  function profile(expiresAt?: string): NodeJS.ProcessEnv {
    const [config, cache] = [join(machine.directory, 'login-config'), join(machine.directory, 'login-cache')];
    writeFileSync(config, `[default]\nlogin_session = ${session}\nregion = ap-northeast-1\n`);
    mkdirSync(cache, { recursive: true });
    const file = join(cache, `${createHash('sha256').update(session).digest('hex')}.json`);
    rmSync(file, { force: true });
    const accessToken = {
      accessKeyId: KEYS.AWS_ACCESS_KEY_ID,
      secretAccessKey: KEYS.AWS_SECRET_ACCESS_KEY,
      sessionToken: 'a-token',
      accountId: '123456789012',
      expiresAt,
    };
    if (expiresAt !== undefined)
      writeFileSync(file, JSON.stringify({ accessToken, clientId: 'x', refreshToken: 'x', dpopKey: 'x' }));
    return { AWS_CONFIG_FILE: config, AWS_LOGIN_CACHE_DIRECTORY: cache };
  }

  it('that has no session here, the sentence does not say that no credentials were found', async () => {
    expect(await refusal(['outputs'], profile())).toBe(
      "The profile's session of `aws login` is over, or this machine has none. Sign in again (`aws login`, with `--profile` for a profile that is not the default one), then try again.\n",
    );
  });

  // The SDK's provider passes a refresh that failed on to the next one, and the last one says that there is nothing.
  it('whose session can be refreshed no more, the sentence says that nothing can be used', async () => {
    expect(await refusal(['outputs'], profile('2026-01-01T00:00:00Z'))).toMatch(
      /^No usable AWS credentials were found. Sign in \(`aws login`/,
    );
  });

  it('the session is what the commands sign with', async () => {
    const aws = await startMoto();
    onTestFinished(() => aws.stop());
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    const said = await refusal(['outputs'], { ...profile(inAnHour), AWS_ENDPOINT_URL: aws.url });
    expect(said).toContain('Account 123456789012');
  });
});

describe('a wrong setting is one sentence, before anything is built or sent:', () => {
  it.each([
    [['deploy', 'MEMORY=64'], 'MEMORY takes a whole number of MB from 128 to 10240; "64" was given.\n'],
    [
      ['deploy', 'MODEL=amazon.titan-text-express-v1'],
      'MODEL amazon.titan-text-express-v1 has reached its end of life (2025-08-15): Bedrock refuses every call to it. Use jp.amazon.nova-2-lite-v1:0 instead.\n',
    ],
    [
      ['synth', 'MODLE=x'],
      'MODLE on the command line is no setting; the settings are REGION, MODEL, FUNCTION_NAME, MEMORY, TIMEOUT_SECONDS, LOG_RETENTION_DAYS, ALARM_EMAIL, MONTHLY_BUDGET_USD, DAILY_LIMIT_USD, DASHBOARD, FUNCTION_URL, STREAM, BATCH, BATCH_RETENTION_DAYS, MAX_CONCURRENCY, MAX_TOKENS, MAX_TOKENS_LIMIT, TEMPERATURE, SERVICE_TIER, MAX_PROMPT_CHARS.\n',
    ],
    [['logs', 'FOLLOW=perhaps'], 'FOLLOW takes 1 or 0; "perhaps" was given.\n'],
    [['smoke', 'ROLLBACK=please'], 'ROLLBACK takes 1 or 0; "please" was given.\n'],
    [
      ['synth', 'REGION=$(shell exit 1)$$'],
      'REGION takes a commercial AWS region such as ap-northeast-1; "$(shell exit 1)$$" was given.\n',
    ],
    [
      ['diff', 'FUNCTION_NAME=a b $(exit 1); `exit 2`'],
      'FUNCTION_NAME takes 1 to 64 letters, digits and hyphens, beginning with a letter; "a b $(exit 1); `exit 2`" was given.\n',
    ],
  ])('%j', async (args, sentence) => {
    expect(await refusal(args)).toBe(sentence);
  });
});

describe('with credentials', () => {
  let moto: Server;
  beforeAll(async () => {
    moto = await startMoto();
  });
  afterAll(() => moto.stop());

  const signedIn = () => ({ ...KEYS, AWS_ENDPOINT_URL: moto.url, AWS_ENDPOINT_URL_S3: moto.url });
  const options = () => ({
    region: 'ap-northeast-1',
    endpoint: moto.url,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });

  it('a shell set to another region is asked about', async () => {
    expect(await refusal(['deploy'], { ...signedIn(), AWS_REGION: 'us-east-1' })).toBe(
      'AWS_REGION is us-east-1, but the stack goes to ap-northeast-1. Give REGION=ap-northeast-1 if that is meant, or unset AWS_REGION.\n',
    );
  });

  it.each(['deploy', 'diff'])(
    'make %s in an account without the CDK says how to set it up, and touches nothing',
    async (command) => {
      expect(await refusal([command], signedIn())).toMatch(
        /^Account 123456789012, region ap-northeast-1: (deploying|comparing) stack bedrock-titan-function\nThe CDK is not set up in account 123456789012, region ap-northeast-1. Run `make bootstrap` with the same settings, once, then try again\.\n$/,
      );
      expect((await new CloudFormationClient(options()).send(new DescribeStacksCommand({}))).Stacks).toEqual([]);
    },
  );

  it.each(['outputs', 'destroy'])('make %s of what is not there says so', async (command) => {
    expect(await refusal([command, 'FUNCTION_NAME=nothing'], signedIn())).toMatch(
      /\nThere is no stack nothing in that account and region\. .+\.\n$/,
    );
  });

  it('a function that somebody made by hand is not deployed over', async () => {
    await new SSMClient(options()).send(
      new PutParameterCommand({ Name: BOOTSTRAP_VERSION, Value: '30', Type: 'String', Overwrite: true }),
    );
    await makeFunctionByHand(options(), 'by-hand');
    expect(await refusal(['deploy', 'FUNCTION_NAME=by-hand'], signedIn())).toContain(
      '\nA function by-hand that this stack did not make already exists in ap-northeast-1. Delete what you no longer need, or deploy beside it with another FUNCTION_NAME. Nothing was changed.\n',
    );
  });

  it.each([
    [
      10,
      10,
      'MAX_CONCURRENCY=5 cannot be reserved: 0 is left to reserve of the 10 concurrent executions of the account, 100 of which Lambda keeps for functions without a reservation. Leave MAX_CONCURRENCY out, or ask for more under Service Quotas, Lambda, Concurrent executions. Nothing was changed.',
    ],
    [
      1000,
      104,
      'MAX_CONCURRENCY=5 cannot be reserved: 4 is left to reserve of the 1000 concurrent executions of the account, 100 of which Lambda keeps for functions without a reservation. Give 4 or less, or ask for more under Service Quotas, Lambda, Concurrent executions. Nothing was changed.',
    ],
  ])(
    'a MAX_CONCURRENCY that the account cannot reserve is refused before anything is built: %i, of them %i unreserved',
    async (limit, unreserved, sentence) => {
      await new SSMClient(options()).send(
        new PutParameterCommand({ Name: BOOTSTRAP_VERSION, Value: '30', Type: 'String', Overwrite: true }),
      );
      const front = await startFront(moto, accountSettings(limit, unreserved));
      onTestFinished(front.stop);
      const environment = { ...signedIn(), AWS_ENDPOINT_URL: front.url };
      expect(await refusal(['deploy', 'MAX_CONCURRENCY=5'], environment)).toContain(`\n${sentence}\n`);
    },
  );

  it('make rollback leaves a stack alone that another project made since, or of which there is no record', async () => {
    const record = { account: '123456789012', region: 'ap-northeast-1', stackName: 'theirs', was: 'deployed' };
    const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
    await new CloudFormationClient(options()).send(new CreateStackCommand({ StackName: 'theirs', TemplateBody }));
    const previous = join(machine.directory, 'previous');
    mkdirSync(previous);
    writeFileSync(join(previous, 'previous.json'), JSON.stringify(record));
    writeFileSync(join(previous, 'template.json'), '{}');
    const said = await refusal(['rollback', 'FUNCTION_NAME=theirs'], signedIn());
    for (const other of [{ stackName: 'other' }, { account: '210987654321' }, { region: 'us-east-1' }]) {
      writeFileSync(join(previous, 'previous.json'), JSON.stringify({ ...record, ...other }));
      expect(await refusal(['rollback', 'FUNCTION_NAME=theirs'], signedIn())).toContain(
        '\nNothing is remembered of theirs',
      );
    }
    rmSync(previous, { recursive: true });
    expect(said).toContain('\nThe stack theirs that is there now was not made by this project: it stays as it is.\n');
  });

  it('make rollback after a first deploy that never came to be has nothing to go back to', async () => {
    const record = { account: '123456789012', region: 'ap-northeast-1', stackName: 'unborn', was: 'absent' };
    const pending = join(machine.directory, 'previous-pending');
    mkdirSync(pending);
    writeFileSync(join(pending, 'previous.json'), JSON.stringify(record));
    expect(await refusal(['rollback', 'FUNCTION_NAME=unborn'], signedIn())).toMatch(
      /\nNothing is remembered of unborn from before the last deploy.+\n$/,
    );
    expect(existsSync(pending)).toBe(false);
  });

  it('a deploy of another stack that never went through leaves what there is to go back to', async () => {
    const record = { account: '123456789012', region: 'ap-northeast-1', was: 'absent' };
    for (const [directory, stackName] of [
      ['previous', 'this'],
      ['previous-pending', 'other'],
    ] as const) {
      mkdirSync(join(machine.directory, directory));
      writeFileSync(join(machine.directory, directory, 'previous.json'), JSON.stringify({ ...record, stackName }));
    }
    await refusal(['rollback', 'FUNCTION_NAME=this'], signedIn());
    expect(existsSync(join(machine.directory, 'previous/previous.json'))).toBe(true);
  });

  it.each(['deploy', 'destroy'])('make %s leaves a stack alone that another project made', async (command) => {
    const cloudFormation = new CloudFormationClient(options());
    const StackName = `foreign-${command}`;
    const TemplateBody = JSON.stringify({ Description: 'Orders', Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
    await new SSMClient(options()).send(
      new PutParameterCommand({ Name: BOOTSTRAP_VERSION, Value: '30', Type: 'String', Overwrite: true }),
    );
    await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody }));
    expect(await refusal([command, `FUNCTION_NAME=${StackName}`], signedIn())).toContain(
      `\nThe stack ${StackName} in ap-northeast-1 was not made by this project. Choose another FUNCTION_NAME. Nothing was changed.\n`,
    );
    expect((await cloudFormation.send(new GetTemplateCommand({ StackName }))).TemplateBody).toContain(
      'AWS::SNS::Topic',
    );
  });
});

async function makeFunctionByHand(options: { region: string; endpoint: string }, name: string): Promise<void> {
  const { Role } = await new IAMClient(options).send(
    new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}' }),
  );
  const code = { ZipFile: Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64') };
  await new LambdaClient(options).send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: Role?.Arn,
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Code: code,
    }),
  );
}

describe('credentials that AWS refuses', () => {
  const answers = (code: string) =>
    startScripted((response) => {
      response.writeHead(403, { 'content-type': 'text/xml' });
      response.end(
        `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>arn:aws:iam::123456789012:user/someone</Message></Error></ErrorResponse>`,
      );
    });

  it.each([
    [
      'ExpiredToken',
      'The AWS credentials have expired. Sign in again (`aws login`, `aws sso login` for IAM Identity Center, or fresh keys), then try again.\n',
    ],
    [
      'InvalidClientTokenId',
      'AWS does not accept these credentials in ap-northeast-1. Check that the keys are whole and active, and that the account has that region turned on.\n',
    ],
    [
      'SignatureDoesNotMatch',
      'AWS does not accept these credentials in ap-northeast-1. Check that the keys are whole and active, and that the account has that region turned on.\n',
    ],
  ])('%s is one sentence', async (code, sentence) => {
    const server = await answers(code);
    try {
      expect(await refusal(['deploy'], { ...KEYS, AWS_ENDPOINT_URL: server.url })).toBe(sentence);
    } finally {
      await server.stop();
    }
  });

  it('an AWS that cannot be reached is one sentence', async () => {
    const server = await answers('unused');
    await server.stop();
    expect(await refusal(['deploy'], { ...KEYS, AWS_ENDPOINT_URL: server.url })).toBe(
      'AWS in ap-northeast-1 cannot be reached from here. Check the network, the proxy and AWS_ENDPOINT_URL, then try again.\n',
    );
  });
});
