import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { artifactHash } from '../lib/constructs/artifact.ts';
import { bootstrapFile, modelsFile, workspaceDir } from '../lib/paths.ts';
import { accountSettings, bootstrap, clientOf, deploy, limitOf5, reserve } from './support/account.ts';
import { DENIED, ENDED, healthy, type Script, startControlPlane, UNKNOWN } from './support/bedrock-control-plane.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { policyOf } from './support/policy.ts';
import { type Answer, type Asked, type Server, startBedrockLocal, startFront, startMoto } from './support/servers.ts';
import { stackGranting, stackOf, table } from './support/stack.ts';

const NAME = 'bedrock-titan-function';
const MODEL = table.default;
const FOUNDATION = 'amazon.nova-2-lite-v1:0';
const BROKEN =
  'models.json is not a table of models at models.0.reach: Invalid option: expected one of "in-region"|"geographic-profile"|"global-profile".';
const bedrockLocal = join(workspaceDir, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/bedrock-local');
const BEDROCK_LOCAL_KEYS = {
  AWS_ACCESS_KEY_ID: 'BEDROCKLOCAL0000000',
  AWS_SECRET_ACCESS_KEY: 'bedrock-local-is-a-stand-in-and-no-secret',
};
const row = table.models[0] ?? expect.fail('models.json is empty');

const text = z.strictObject({ en: z.string().min(1), ja: z.string().min(1) });
const reportSchema = z.object({
  exitCode: z.number(),
  excuse: text.optional(),
  checks: z.array(
    z.object({
      id: z.string(),
      mark: z.enum(['ok', 'warning', 'failure']),
      unknown: z.boolean(),
      text,
      remedy: text.optional(),
    }),
  ),
});

/** How the world of one run differs from a healthy one. */
interface World {
  readonly environment?: NodeJS.ProcessEnv;
  /** What AWS, but for Bedrock, says otherwise. */
  readonly aws?: (asked: Asked) => Answer | 'never' | undefined;
  /** What Bedrock says otherwise of the default model. */
  readonly bedrock?: Partial<Script>;
}

let machine: Machine;
let moto: Server;
beforeAll(async () => {
  machine = newMachine();
  moto = await startMoto();
  await bootstrap(moto, '30');
  await deploy(moto, NAME, artifactHash());
});
afterAll(async () => {
  await moto.stop();
  machine.remove();
});

async function doctor({ environment = {}, aws, bedrock }: World, before: Server = moto) {
  const ordinary = accountSettings(1000);
  const front = await startFront(before, (asked) => aws?.(asked) ?? ordinary(asked));
  const plane = await startControlPlane(table.models, { [MODEL]: bedrock ?? {} });
  try {
    return await machine.command('doctor/doctor', {
      ...KEYS,
      AWS_ENDPOINT_URL: front.url,
      AWS_ENDPOINT_URL_BEDROCK: plane.url,
      ...environment,
    });
  } finally {
    await Promise.all([front.stop(), plane.stop()]);
  }
}

/** What the doctor tells programs, and how it ended. */
async function examined(world: World, before?: Server) {
  const { status, stdout, stderr } = await doctor(
    { ...world, environment: { JSON: '1', ...world.environment } },
    before,
  );
  expect(stderr).toBe('');
  return { status, ...reportSchema.parse(JSON.parse(stdout)) };
}

const xml = (type: string, code: string): Answer => ({
  status: 403,
  headers: { 'content-type': 'text/xml' },
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>User: arn:aws:iam::123456789012:user/someone</Message></Error><RequestId>${type}</RequestId></ErrorResponse>`,
});
const json = (status: number, type: string): Answer => ({
  status,
  headers: { 'x-amzn-errortype': type },
  body: JSON.stringify({ __type: type, message: 'User: arn:aws:iam::123456789012:user/someone' }),
});
const on = (operation: string, answer: Answer | 'never') => (asked: Asked) =>
  asked.operation === operation ? answer : undefined;
const firstOf =
  (...answers: NonNullable<World['aws']>[]) =>
  (asked: Asked) =>
    answers.map((answer) => answer(asked)).find((answer) => answer !== undefined);
const stackIs = (status: string) =>
  on('DescribeStacks', {
    status: 200,
    headers: { 'content-type': 'text/xml' },
    body: `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>${NAME}</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>${status}</StackStatus></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  });
const availability = (change: Partial<Extract<Script['availability'], { modelId: unknown }>>) => {
  const whole = healthy(row).availability;
  return { availability: 'modelId' in whole ? { ...whole, ...change } : whole };
};
const routedTo = (...regions: string[]) => {
  const whole = healthy(row).profile;
  return {
    profile:
      'models' in whole
        ? {
            ...whole,
            models: regions.map((region) => ({
              modelArn: `arn:aws:bedrock:${region}::foundation-model/${FOUNDATION}`,
            })),
          }
        : whole,
  };
};

/** A folder as `cargo lambda build` leaves it, with this in the place of the function. */
function artifact(name: string, change: (bytes: Buffer) => Buffer): NodeJS.ProcessEnv {
  const directory = join(machine.directory, name);
  mkdirSync(directory);
  writeFileSync(join(directory, 'bootstrap'), change(readFileSync(bootstrapFile)));
  return { BEDROCK_INFRA_ARTIFACT_DIR: directory };
}

function brokenTable(): NodeJS.ProcessEnv {
  const path = join(machine.directory, 'broken.json');
  writeFileSync(path, readFileSync(modelsFile, 'utf8').replace('"reach": "geographic-profile"', '"reach": "sideways"'));
  return { BEDROCK_INFRA_MODELS_FILE: path };
}

/** A PATH with no cargo on it. */
function noRust(): NodeJS.ProcessEnv {
  const directory = join(machine.directory, 'bin');
  mkdirSync(directory, { recursive: true });
  copyFileSync(process.execPath, join(directory, 'node'));
  return { PATH: directory };
}

/** A check, and what it says in both languages when it fails. */
type Failure = readonly [id: string, en: string, ja: string];

/** Worlds in which several things are wrong at once: each of them is to be said. */
const worlds: readonly (readonly [name: string, world: () => World, failures: readonly Failure[]])[] = [
  [
    'a machine with no Rust, a script for an artifact and a setting out of bounds',
    () => ({ environment: { ...artifact('script', () => Buffer.from('#!/bin/sh\n')), ...noRust(), MEMORY: '64' } }),
    [
      [
        'rust',
        'Rust is not installed: cargo cannot be run',
        'Rust がインストールされていません (cargo を実行できません)',
      ],
      [
        'artifact',
        'The built function cannot run on Lambda: it is no Linux executable',
        'ビルドされた関数は Lambda で動きません: Linux の実行ファイルではありません',
      ],
      [
        'settings',
        'A setting is wrong: MEMORY takes a whole number of MB from 128 to 10240; "64" was given.',
        '設定に誤りがあります: MEMORY takes a whole number of MB from 128 to 10240; "64" was given.',
      ],
    ],
  ],
  [
    'an artifact for arm64 and a setting that does not fit the model',
    () => ({
      environment: { ...artifact('arm64', (bytes) => Buffer.from(bytes).fill(183, 18, 19)), MAX_TOKENS: '64001' },
    }),
    [
      [
        'artifact',
        'The built function cannot run on Lambda: it is not for x86_64',
        'ビルドされた関数は Lambda で動きません: x86_64 用ではありません',
      ],
      [
        'settings',
        `A setting is wrong: MAX_TOKENS takes at most 64000 with ${MODEL}; "64001" was given.`,
        `設定に誤りがあります: MAX_TOKENS takes at most 64000 with ${MODEL}; "64001" was given.`,
      ],
    ],
  ],
  [
    'an artifact for a newer glibc, an unknown model and an ended one',
    () => ({
      environment: {
        ...artifact('glibc', (bytes) => Buffer.concat([bytes, Buffer.from('\0GLIBC_2.36\0')])),
        MODEL: 'nova,amazon.titan-text-express-v1',
      },
    }),
    [
      [
        'artifact',
        'The built function cannot run on Lambda: it asks for a newer glibc than Amazon Linux 2023 has (2.34)',
        'ビルドされた関数は Lambda で動きません: Amazon Linux 2023 (glibc 2.34) より新しい glibc が必要です',
      ],
      ['settings', 'Model nova is not in models.json', 'モデル nova は models.json にありません'],
      [
        'settings',
        'Model amazon.titan-text-express-v1 has reached its end of life (2025-08-15): Bedrock refuses every call to it',
        'モデル amazon.titan-text-express-v1 は提供を終了しています (2025-08-15)。Bedrock はすべての呼び出しを拒否します',
      ],
    ],
  ],
  [
    'a broken table',
    () => ({ environment: brokenTable() }),
    [['settings', `The table of models cannot be read: ${BROKEN}`, `モデル一覧を読み込めません: ${BROKEN}`]],
  ],
  [
    'a model of another region',
    () => ({ environment: { REGION: 'us-west-2' } }),
    [
      [
        'settings',
        `Model ${MODEL} cannot be called from us-west-2: models.json has it as called from ap-northeast-1`,
        `モデル ${MODEL} は us-west-2 からは呼び出せません (models.json では ap-northeast-1 から呼び出すモデルです)`,
      ],
    ],
  ],
  [
    'an account with nothing in it, for a model that has ended',
    () => ({
      aws: firstOf(
        on('AmazonSSM.GetParameter', json(400, 'ParameterNotFound')),
        accountSettings(1000, 0),
        stackIs('UPDATE_IN_PROGRESS'),
      ),
      bedrock: {
        model: ENDED,
        profile: UNKNOWN,
        ...availability({ agreementAvailability: { status: 'NOT_AVAILABLE' } }),
      },
    }),
    [
      [
        'bootstrap',
        'The CDK is not set up in this account and region',
        'このアカウントとリージョンでは CDK のセットアップ (bootstrap) が済んでいません',
      ],
      [
        'concurrency',
        "Other functions have reserved all of the account's concurrency",
        'アカウントの同時実行数は、ほかの関数の予約で使い切られています',
      ],
      [
        'model-life',
        `AWS has ended ${FOUNDATION}: every call is refused`,
        `AWS は ${FOUNDATION} の提供を終了しています (すべての呼び出しが拒否されます)`,
      ],
      [
        'model-destinations',
        `AWS does not have ${MODEL} in ap-northeast-1`,
        `ap-northeast-1 の AWS に ${MODEL} はありません`,
      ],
      [
        'model-access',
        `The account has no agreement for ${FOUNDATION}`,
        `このアカウントには ${FOUNDATION} の契約 (agreement) がありません`,
      ],
      [
        'stack',
        `Stack ${NAME} is being changed: UPDATE_IN_PROGRESS`,
        `スタック ${NAME} は変更中です: UPDATE_IN_PROGRESS`,
      ],
    ],
  ],
  [
    'an old bootstrap, and a model that routes to a region more',
    () => ({
      aws: on('AmazonSSM.GetParameter', { status: 200, body: '{"Parameter":{"Value":"5"}}' }),
      bedrock: {
        model: UNKNOWN,
        ...routedTo('ap-northeast-1', 'ap-northeast-3', 'ap-northeast-2'),
        ...availability({ authorizationStatus: 'NOT_AUTHORIZED' }),
      },
    }),
    [
      [
        'bootstrap',
        "The CDK's setup here is of version 5; a deploy takes 6 or newer",
        'CDK のセットアップ (bootstrap) がバージョン 5 です。デプロイには 6 以降が必要です',
      ],
      [
        'model-life',
        `AWS does not have ${FOUNDATION} in ap-northeast-1`,
        `ap-northeast-1 の AWS に ${FOUNDATION} はありません`,
      ],
      [
        'model-destinations',
        `${MODEL} also routes to ap-northeast-2, which models.json lacks: calls that go there are refused`,
        `${MODEL} は models.json にない ap-northeast-2 でも処理されます。そこへの呼び出しは拒否されます`,
      ],
      [
        'role',
        `The deployed role may not call ${MODEL} in ap-northeast-2`,
        `デプロイ済みのロールでは ${MODEL} を ap-northeast-2 で呼び出せません`,
      ],
      [
        'model-access',
        `AWS does not authorize this account for ${FOUNDATION}`,
        `このアカウントには ${FOUNDATION} の利用が許可されていません`,
      ],
    ],
  ],
  [
    'a stack whose rollback failed, and no entitlement',
    () => ({
      aws: stackIs('UPDATE_ROLLBACK_FAILED'),
      bedrock: availability({ entitlementAvailability: 'NOT_AVAILABLE' }),
    }),
    [
      [
        'stack',
        `Stack ${NAME} cannot be deployed to: UPDATE_ROLLBACK_FAILED`,
        `スタック ${NAME} はデプロイできない状態です: UPDATE_ROLLBACK_FAILED`,
      ],
      [
        'model-access',
        `The account is not entitled to ${FOUNDATION}`,
        `このアカウントには ${FOUNDATION} の利用資格がありません`,
      ],
    ],
  ],
  [
    'a function that is gone, and a region without the model',
    () => ({
      environment: { FUNCTION_NAME: 'gone' },
      aws: stackIs('CREATE_COMPLETE'),
      bedrock: availability({ regionAvailability: 'NOT_AVAILABLE' }),
    }),
    [
      ['running', 'The stack is there, but its function gone is not', 'スタックはありますが、関数 gone がありません'],
      [
        'model-access',
        `${FOUNDATION} is not available in ap-northeast-1 to this account`,
        `このアカウントでは ap-northeast-1 で ${FOUNDATION} を利用できません`,
      ],
    ],
  ],
];

describe.concurrent('each ✗ in both languages, with what to do:', () => {
  it.each(worlds)('%s', async (_, world, failures) => {
    const { status, exitCode, checks } = await examined(world());
    const found = checks.filter((check) => check.mark === 'failure');
    expect(found.map(({ id, text: { en, ja } }) => [id, en, ja]).toSorted()).toEqual(failures.toSorted());
    for (const { remedy } of found)
      expect(remedy).toEqual({ en: expect.stringMatching(/\.$/), ja: expect.stringMatching(/./) });
    expect([status, exitCode]).toEqual([1, 1]);
  });
});

it('a call that is refused is a ✗ in both languages', async () => {
  // bedrock-local takes its own keys alone.
  const local = await startBedrockLocal(bedrockLocal);
  const { status, checks } = await examined({
    environment: { CALL: '1', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: local.url },
  });
  await local.stop();
  expect(status).toBe(1);
  expect(checks.filter(({ mark }) => mark === 'failure').map(({ id, text: { en, ja } }) => [id, en, ja])).toEqual([
    [
      'call',
      `A call of ${MODEL} was refused: UnrecognizedClientException`,
      `${MODEL} の呼び出しが拒否されました: UnrecognizedClientException`,
    ],
  ]);
});

it('a function that was stopped is a ✗ in both languages', async () => {
  await deploy(moto, 'stopped', artifactHash());
  await reserve(moto, 'stopped', 0);
  const { status, checks } = await examined({ environment: { FUNCTION_NAME: 'stopped' } });
  expect(status).toBe(1);
  expect(checks.filter(({ mark }) => mark === 'failure')).toEqual([
    {
      id: 'running',
      mark: 'failure',
      unknown: false,
      text: {
        en: 'The function is stopped: its reserved concurrency is 0, every call is refused',
        ja: '関数は停止中です (予約された同時実行数が 0 のため、すべての呼び出しが拒否されます)',
      },
      remedy: {
        en: 'make status says why; make resume lets calls in again.',
        ja: '理由は make status で確認でき、make resume で再開できます。',
      },
    },
  ]);
});

it('a limit that is crossed while nothing stopped the function is a ✗', async () => {
  await deploy(moto, 'dear', artifactHash());
  const limits = async () =>
    (await examined({ environment: { FUNCTION_NAME: 'dear' } })).checks
      .filter(({ id }) => id === 'limit' || id === 'running')
      .map(({ id, mark, text: { en } }) => [id, mark, en]);
  await limitOf5(moto, 'dear', 'OK');
  expect(await limits()).toEqual([
    ['running', 'ok', 'The function takes calls'],
    ['limit', 'ok', 'The last 24 hours have cost less than the $5 at which the function is stopped'],
  ]);
  await limitOf5(moto, 'dear', 'ALARM');
  await reserve(moto, 'dear', 3);
  expect(await limits()).toEqual([
    ['running', 'ok', 'The function takes calls, 3 at once at most'],
    ['limit', 'failure', 'Over the limit and not stopped: the last 24 hours cost $5 or more'],
  ]);
  await reserve(moto, 'dear', 0);
  expect((await limits()).map(([id, mark]) => [id, mark])).toEqual([['running', 'failure']]);
});

it.each([
  [104, undefined, 'failure', 'MAX_CONCURRENCY=5 cannot be reserved: 4 is left to reserve '],
  [104, 1, 'ok', "MAX_CONCURRENCY=5 can be reserved, of the account's 1000"],
  [105, undefined, 'ok', "MAX_CONCURRENCY=5 can be reserved, of the account's 1000"],
])(
  'MAX_CONCURRENCY is held against the %i that are unreserved and the %s that the function has',
  async (unreserved, own, mark, text) => {
    await reserve(moto, NAME, own);
    const { checks } = await examined({
      environment: { MAX_CONCURRENCY: '5' },
      aws: accountSettings(1000, unreserved),
    });
    await reserve(moto, NAME, undefined);
    expect(checks.find(({ id }) => id === 'concurrency')).toMatchObject({
      mark,
      text: { en: expect.stringContaining(text) },
    });
  },
);

describe('a healthy account', () => {
  it('with a real call has nothing but ✓, and ends with 0', async () => {
    const local = await startBedrockLocal(bedrockLocal);
    const { status, stdout, stderr } = await doctor({
      environment: { ...BEDROCK_LOCAL_KEYS, CALL: '1', AWS_ENDPOINT_URL_BEDROCK_RUNTIME: local.url },
    });
    await local.stop();
    // Node 20 is warned of.
    const lines = stdout.split('\n').filter((line) => line && !/Node/.test(line));
    expect({ status, stderr, lines: lines.map((line) => line[0]) }).toEqual({
      status: 0,
      stderr: '',
      lines: lines.map(() => '✓'),
    });
    expect(stdout).toMatch(/✓ The deployed function runs this build\n/);
    expect(stdout).toMatch(/✓ A call of jp\.amazon\.nova-2-lite-v1:0 was answered: \d+ tokens, about \$0\.\d{6}\n/);
  });

  it('is told in Japanese by LANG', async () => {
    const { status, stdout } = await doctor({ environment: { LANG: 'ja_JP.UTF-8' } });
    expect(status).toBe(0);
    expect(stdout).toContain('✓ アカウント 123456789012、リージョン ap-northeast-1\n');
    expect(stdout).toContain('✓ デプロイ済みの関数は、手元のビルドと同じものです\n');
  });

  it('with nothing deployed is told what is next, and ends with 0', async () => {
    const { status, checks } = await examined({ environment: { FUNCTION_NAME: 'new' } });
    expect(status).toBe(0);
    expect(checks.find(({ id }) => id === 'stack')).toMatchObject({
      mark: 'warning',
      text: { en: 'Stack new is not deployed yet' },
      remedy: { en: 'make deploy deploys it.' },
    });
  });

  it('with another build deployed is told so', async () => {
    await deploy(moto, 'other-build', 'a'.repeat(64), policyOf(stackGranting([row])));
    const { status, checks } = await examined({ environment: { FUNCTION_NAME: 'other-build' } });
    expect([status, checks.find(({ id }) => id === 'code')?.text.en]).toEqual([
      0,
      'The deployed function runs another build than the one here',
    ]);
  });
});

describe('streaming', () => {
  const MAY_STREAM = policyOf(stackOf({ STREAM: '1' }));
  const settings = { STREAM: '1' };
  const streaming = ({ checks }: Awaited<ReturnType<typeof examined>>) =>
    checks.filter(({ id }) => id === 'streaming').map(({ mark, text }) => ({ mark, text }));

  async function withStreaming(policy: unknown, examine: (account: Server) => Promise<void>): Promise<void> {
    const account = await startMoto();
    await bootstrap(account, '30');
    await deploy(account, NAME, artifactHash(), policy);
    const Environment = { Variables: { BEDROCK_STREAM: '1' } };
    await new LambdaClient(clientOf(account)).send(
      new UpdateFunctionConfigurationCommand({ FunctionName: NAME, Environment }),
    );
    await examine(account).finally(() => account.stop());
  }

  it('that is deployed is said, asked for or not', async () => {
    const found = {
      mark: 'ok',
      text: {
        en: 'The deployed function streams an answer that is asked for word by word',
        ja: 'デプロイ済みの関数は、求められた回答をストリーミングで返します',
      },
    };
    await withStreaming(MAY_STREAM, async (account) => {
      const [asked, unasked] = await Promise.all([examined({ environment: settings }, account), examined({}, account)]);
      expect([...streaming(asked), ...streaming(unasked)]).toEqual([found, found]);
      expect(asked.checks.find(({ id }) => id === 'role')).toMatchObject({ mark: 'ok' });
    });
  });

  it('that the role does not allow is a ✗', async () => {
    await withStreaming(policyOf(stackOf()), async (account) => {
      const { status, checks } = await examined({}, account);
      expect(status).toBe(1);
      expect(checks.find(({ id }) => id === 'role')).toMatchObject({
        mark: 'failure',
        text: { en: `The deployed role may not call ${MODEL} in ap-northeast-1, ap-northeast-3` },
      });
    });
  });

  it('that is asked for and not deployed is said, and nothing where it is not asked for', async () => {
    expect(streaming(await examined({ environment: settings }))).toEqual([
      {
        mark: 'warning',
        text: {
          en: 'STREAM=1 is not deployed yet: the deployed function returns whole answers',
          ja: 'STREAM=1 はまだデプロイされていません (デプロイ済みの関数は回答をまとめて返します)',
        },
      },
    ]);
    expect(streaming(await examined({}))).toEqual([]);
  });

  it('that the model does not do is said where it is asked for', async () => {
    const path = join(machine.directory, 'whole.json');
    writeFileSync(
      path,
      readFileSync(modelsFile, 'utf8').replace('"responseStreaming": true', '"responseStreaming": false'),
    );
    const sentence = `Model ${MODEL} does not stream: also with STREAM=1, its answers come whole`;
    const said = async (environment: NodeJS.ProcessEnv) =>
      (await examined({ environment: { BEDROCK_INFRA_MODELS_FILE: path, ...environment } })).checks.map(
        ({ mark, text }) => `${mark} ${text.en}`,
      );
    expect(await said(settings)).toContain(`warning ${sentence}`);
    expect(await said({})).not.toContain(`warning ${sentence}`);
  });
});

describe('of the stack make doctor and make deploy say the same:', () => {
  /** Both, for a stack of that name; the deploy ends where it would compile. */
  async function both(FUNCTION_NAME: string, aws?: World['aws']) {
    const { checks } = await examined({ environment: { FUNCTION_NAME }, ...(aws && { aws }) });
    const front = await startFront(moto, (asked) => aws?.(asked));
    const environment = { ...KEYS, AWS_ENDPOINT_URL: front.url, FUNCTION_NAME, PATH: noCargo };
    const { stderr } = await machine.command('deploy/deploy', environment);
    await front.stop();
    const {
      mark,
      text: said,
      remedy,
    } = checks.find(({ id }) => id === 'stack') ?? expect.fail('no check of the stack');
    return { mark, text: said, remedy, deploy: stderr.split('\n')[1] };
  }
  let noCargo: string | undefined;
  beforeAll(() => {
    noCargo = noRust().PATH;
  });
  const COMPILES = 'cargo cannot be run. Install it (make setup), then try again.';

  it.each(['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'])('%s is made anew', async (status) => {
    expect(await both('unborn', stackIs(status))).toEqual({
      mark: 'warning',
      text: {
        en: `Stack unborn was never made whole: ${status}`,
        ja: `スタック unborn は作成が完了していません: ${status}`,
      },
      remedy: { en: 'make deploy makes it anew.', ja: 'make deploy で作り直せます。' },
      deploy: COMPILES,
    });
  });

  it.each([
    ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'is being changed', 'Wait for its end, then try again.'],
    ['DELETE_IN_PROGRESS', 'is being changed', 'Wait for its end, then try again.'],
    ['DELETE_FAILED', 'cannot be deployed to', 'Run make destroy, then make deploy.'],
    [
      'UPDATE_ROLLBACK_FAILED',
      'cannot be deployed to',
      'Continue the rollback of the stack in the CloudFormation console, then make deploy.',
    ],
  ])('%s stands in the way', async (status, what, remedy) => {
    expect(await both('unborn', stackIs(status))).toMatchObject({
      mark: 'failure',
      text: { en: `Stack unborn ${what}: ${status}` },
      remedy: { en: remedy },
      deploy: `Stack unborn ${what}: ${status}. ${remedy} Nothing was changed.`,
    });
  });

  it("another project's stack is not deployed to", async () => {
    const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
    await new CloudFormationClient(clientOf(moto)).send(new CreateStackCommand({ StackName: 'foreign', TemplateBody }));
    expect(await both('foreign')).toEqual({
      mark: 'failure',
      text: {
        en: 'The stack foreign in ap-northeast-1 was not made by this project',
        ja: 'ap-northeast-1 のスタック foreign は、このプロジェクトで作成したものではありません',
      },
      remedy: { en: 'Choose another FUNCTION_NAME.', ja: '別の FUNCTION_NAME を指定してください。' },
      deploy:
        'The stack foreign in ap-northeast-1 was not made by this project. Choose another FUNCTION_NAME. Nothing was changed.',
    });
  });

  it('a function and a log group made by hand are not deployed over', async () => {
    await deploy(moto, 'walkthrough', artifactHash());
    const noStack = on('DescribeStacks', {
      status: 400,
      headers: { 'content-type': 'text/xml' },
      body: '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>Stack with id walkthrough does not exist</Message></Error></ErrorResponse>',
    });
    const page = readFileSync(join(workspaceDir, 'docs/walkthrough.ja.md'), 'utf8');
    const found = await both('walkthrough', noStack);
    expect(page).toContain(found.deploy?.replaceAll('walkthrough', 'bedrock-titan-function'));
    expect(found).toEqual({
      mark: 'failure',
      text: {
        en: 'A function walkthrough and a log group /aws/lambda/walkthrough that this stack did not make already exist in ap-northeast-1',
        ja: 'このスタックで作成したものではない関数 walkthrough とロググループ /aws/lambda/walkthrough が ap-northeast-1 にすでにあります',
      },
      remedy: {
        en: 'Delete what you no longer need, or deploy beside it with another FUNCTION_NAME.',
        ja: '不要であれば削除し、残す場合は別の FUNCTION_NAME を指定してデプロイしてください。',
      },
      deploy:
        'A function walkthrough and a log group /aws/lambda/walkthrough that this stack did not make already exist in ap-northeast-1. Delete what you no longer need, or deploy beside it with another FUNCTION_NAME. Nothing was changed.',
    });
  });

  it("the log group of a function whose name begins alike is in nobody's way", async () => {
    await new CloudWatchLogsClient(clientOf(moto)).send(
      new CreateLogGroupCommand({ logGroupName: '/aws/lambda/alone-2' }),
    );
    expect(await both('alone')).toMatchObject({ mark: 'warning', deploy: COMPILES });
  });
});

describe('a check that cannot run is a "!" that names', () => {
  it('the permission, and a deploy is not known to work', async () => {
    const { status, checks } = await examined({
      aws: on('AmazonSSM.GetParameter', json(400, 'AccessDeniedException')),
      bedrock: { availability: DENIED },
    });
    expect(status).toBe(1);
    expect(checks.find(({ id }) => id === 'bootstrap')).toMatchObject({
      mark: 'warning',
      unknown: true,
      text: {
        en: 'bootstrap: not checked, these credentials lack ssm:GetParameter',
        ja: 'bootstrap: 権限 ssm:GetParameter がないため確認できません',
      },
    });
    expect(checks.find(({ id }) => id === 'model-access')).toMatchObject({
      mark: 'warning',
      text: { en: expect.stringContaining('bedrock:GetFoundationModelAvailability') },
    });
    expect(JSON.stringify(checks)).not.toContain('someone');
  });

  it('the time it had, when AWS does not answer', async () => {
    const { status, checks } = await examined({
      environment: { DOCTOR_TIMEOUT_SECONDS: '3' },
      aws: on('AmazonSSM.GetParameter', 'never'),
    });
    expect(status).toBe(1);
    expect(checks.find(({ id }) => id === 'bootstrap')).toMatchObject({
      mark: 'warning',
      unknown: true,
      text: {
        en: 'bootstrap: AWS did not answer within 3 s',
        ja: 'bootstrap: AWS から 3 秒以内に応答がありませんでした',
      },
    });
    expect(checks.find(({ id }) => id === 'model-life')).toMatchObject({ mark: 'ok' });
  });

  it('nothing that a deploy hangs on, and the end is still 0', async () => {
    const { status, checks } = await examined({ aws: on('ListRolePolicies', xml('x', 'AccessDenied')) });
    expect(status).toBe(0);
    expect(checks.find(({ id }) => id === 'role')).toMatchObject({
      mark: 'warning',
      unknown: true,
      text: { en: expect.stringContaining('iam:GetRolePolicy') },
    });
  });
});

describe.concurrent('with no account to ask', () => {
  const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  const excuses: readonly (readonly [string, World, string, string])[] = [
    [
      'no credentials',
      { environment: noKeys },
      'No usable AWS credentials were found. Sign in (`aws login`, or `aws sso login` for IAM Identity Center) and name a profile that is not the default one in AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then try again.',
      '使える AWS の認証情報が見つかりません。サインインして (`aws login`、IAM Identity Center なら `aws sso login`) 既定でないプロファイルは AWS_PROFILE に指定するか、AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を設定してから、やり直してください。',
    ],
    [
      'expired credentials',
      { aws: on('GetCallerIdentity', xml('x', 'ExpiredToken')) },
      'The AWS credentials have expired. Sign in again (`aws login`, `aws sso login` for IAM Identity Center, or fresh keys), then try again.',
      'AWS の認証情報の有効期限が切れています。もう一度サインインしてから (`aws login`、IAM Identity Center なら `aws sso login`、または新しいキー)、やり直してください。',
    ],
    [
      'credentials that AWS refuses there',
      { aws: on('GetCallerIdentity', xml('x', 'InvalidClientTokenId')) },
      'AWS does not accept these credentials in ap-northeast-1. Check that the keys are whole and active, and that the account has that region turned on.',
      'ap-northeast-1 の AWS がこの認証情報を受け付けません。キーが正しく有効であること、アカウントでこのリージョンが有効になっていることを確認してください。',
    ],
    [
      'a shell set to another region',
      { environment: { AWS_REGION: 'us-east-1' } },
      'AWS_REGION is us-east-1, but the stack goes to ap-northeast-1. Give REGION=ap-northeast-1 if that is meant, or unset AWS_REGION.',
      'AWS_REGION は us-east-1 ですが、スタックのデプロイ先は ap-northeast-1 です。それでよければ REGION=ap-northeast-1 を指定し、そうでなければ AWS_REGION の設定を解除してください。',
    ],
    [
      'no network',
      { environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } },
      'AWS in ap-northeast-1 cannot be reached from here. Check the network, the proxy and AWS_ENDPOINT_URL, then try again.',
      'ap-northeast-1 の AWS に接続できません。ネットワーク、プロキシ、AWS_ENDPOINT_URL を確認してから、やり直してください。',
    ],
  ];

  it.each(excuses)('%s: one sentence in both languages, and 2', async (_, world, en, ja) => {
    const { status, exitCode, excuse, checks } = await examined(world);
    expect({ status, exitCode, excuse }).toEqual({ status: 2, exitCode: 2, excuse: { en, ja } });
    expect(checks.map(({ id }) => id)).not.toContain('identity');
  });

  it('the page of this machine is there all the same', async () => {
    const [, , en, ja] = excuses[0] ?? expect.fail('no excuse');
    const [english, japanese] = await Promise.all(
      (['en', 'ja'] as const).map((DOCTOR_LANG) => doctor({ environment: { ...noKeys, DOCTOR_LANG } })),
    );
    expect(english).toEqual({
      status: 2,
      stdout: expect.stringContaining(`✓ Model ${MODEL}: active, no end announced\n`),
      stderr: `${en}\n`,
    });
    expect(japanese).toEqual({
      status: 2,
      stdout: expect.stringContaining(`✓ モデル ${MODEL}: 提供中 (終了予定の発表はありません)\n`),
      stderr: `${ja}\n`,
    });
  });
});
