import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settingNames, takes } from '../lib/settings/settings.ts';
import { message, languageOf } from '../lib/text.ts';
import { accountSettings, deploy, limitOf5, reserve } from './support/account.ts';
import { lambdaReplying } from './support/lambda.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { type Server, startFront, startMoto } from './support/servers.ts';

it('a message without its translation does not compile', () => {
  // @ts-expect-error -- the Japanese is missing
  expect(() => message(() => 'English alone')().ja).toThrow();
});

it('a translation takes the values of the original', () => {
  const english = (name: string): string => name;
  const japanese = (name: number): string => `${name}`;
  // @ts-expect-error -- a number is no string
  expect(message(english, japanese)('a')).toEqual({ en: 'a', ja: 'a' });
});

it('a language is chosen as terminals choose it, DOCTOR_LANG first', () => {
  expect([
    languageOf({}),
    languageOf({ LANG: 'C.UTF-8' }),
    languageOf({ LANG: 'ja_JP.UTF-8' }),
    languageOf({ LANG: 'ja_JP.UTF-8', LC_ALL: 'C' }),
    languageOf({ DOCTOR_LANG: 'en', LANG: 'ja_JP.UTF-8' }),
    languageOf({ DOCTOR_LANG: 'ja' }),
  ]).toEqual(['en', 'en', 'ja', 'en', 'en', 'ja']);
});

it.each([...settingNames])('what %s takes has the same numbers in both languages', (_, key) => {
  const { en, ja } = takes(key);
  const numbersIn = (text: string) => text.match(/\d[\d.]*/g)?.toSorted();
  expect(numbersIn(ja)).toEqual(numbersIn(en));
});

describe('the commands of a deployment where the locale is Japanese', () => {
  const NAME = 'bedrock-titan-function';
  const TARGET = 'アカウント 123456789012、リージョン ap-northeast-1: スタック ';
  let machine: Machine;
  let moto: Server;
  let front: Server;
  beforeAll(async () => {
    machine = newMachine();
    moto = await startMoto();
    front = await startFront(moto, accountSettings(10));
    await deploy(moto, NAME, 'x');
  });
  afterAll(async () => {
    await Promise.all([front.stop(), moto.stop()]);
    machine.remove();
  });

  const command = (path: string, environment: NodeJS.ProcessEnv = {}) =>
    machine.command(path, { ...KEYS, AWS_ENDPOINT_URL: front.url, LANG: 'ja_JP.UTF-8', ...environment });

  it('make smoke', async () => {
    const none = await command('deploy/smoke');
    expect(none.stderr).toBe('デプロイの記録がありません。先に `make deploy` を実行してください。\n');
    machine.record();
    const lambda = await lambdaReplying([JSON.stringify({ statusCode: 200, body: '{}' })]);
    const passed = await command('deploy/smoke', { AWS_ENDPOINT_URL: lambda.url });
    await lambda.stop();
    expect(passed).toMatchObject({
      status: 0,
      stderr: `AWS の ap-northeast-1 で a-function を呼び出します。
動作確認に成功しました。ap-northeast-1 の a-function が 200 で応答しました。
`,
    });
  });

  it('make status, make resume and make stop', async () => {
    await limitOf5(moto, NAME, 'ALARM');
    await reserve(moto, NAME, 0);
    const status = await command('operate/status');
    expect(status.stderr).toBe(`${TARGET}${NAME} の状態を調べます\n`);
    const [state, limit, ...brake] = status.stdout.split('\n');
    expect(state).toBe(
      '停止中です。すべての呼び出しを拒否します (予約された同時実行数 0)。ブレーキではなく、手動 (make stop かコンソール) で停止されています。再開するには make resume を実行してください。',
    );
    expect(limit).toMatch(/^上限: 24 時間の推定料金 \$5、超過 \(\S+ から\)。$/);
    expect(brake).toEqual([
      expect.stringMatching(/^ブレーキは上限を超えてから 5 分ほどで/),
      expect.stringMatching(
        /同時に 10 回 \(アカウントの上限\) とすると、最悪の場合は上限の \$5 を \$[\d,.]+ 超えます。/,
      ),
      '',
    ]);
    const resumed = await command('operate/resume');
    expect(resumed.stderr).toContain(`\n${NAME} を再開しました。呼び出しを受け付けます。\n直近 24 時間の推定料金は、`);
    const stopped = await command('operate/stop');
    expect(stopped.stderr).toContain(`\n${NAME} を停止しました。すべての呼び出しを拒否します`);
  });

  it('make cost, estimate, models and batch-stop, and a setting that is wrong', async () => {
    const cost = await command('operate/cost');
    expect(cost.stderr).toBe(`${TARGET}${NAME} の推定料金を集計します\n`);
    expect(cost.stdout).toMatch(/^\S+ \(UTC\): 呼び出しはありません。\n\n/);
    const estimate = await command('operate/estimate', { MEMORY: '256' });
    expect(estimate.stdout).toContain('\n1 回あたり: 入力 500 トークン、出力 300 トークン、3 秒 (メモリ 256 MB)。');
    const models = await command('models/models');
    expect(models.stdout).toContain('\n* は許可されているモデル (MODEL) です。');
    const batch = await command('operate/batch-stop');
    expect(batch.stderr).toMatch(/^OUTPUT が指定されていません。/);
    const wrong = await command('operate/estimate', { MEMORY: '1' });
    expect(wrong).toMatchObject({
      status: 2,
      stderr: 'MEMORY には次の値を指定してください: 128 から 10240 までの整数 (MB) ("1" が指定されました)。\n',
    });
  });

  it('make deploy and make destroy, where something is in the way', async () => {
    const deployed = await command('deploy/deploy');
    expect(deployed.stderr).toBe(
      `${TARGET}${NAME} をデプロイします
アカウント 123456789012、リージョン ap-northeast-1 では CDK の初期設定が済んでいません。同じ設定で \`make bootstrap\` を一度実行してから、やり直してください。
`,
    );
    const removed = await command('deploy/destroy', { FUNCTION_NAME: 'another', DOCTOR_LANG: 'ja', LANG: 'C' });
    expect(removed.stderr).toBe(
      `${TARGET}another を削除します (指定: FUNCTION_NAME=another)
このアカウントとリージョンにスタック another はありません。REGION、FUNCTION_NAME、AWS_PROFILE を確認してください。何も削除していません。
`,
    );
  });
});
