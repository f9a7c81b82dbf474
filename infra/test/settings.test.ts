import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choose } from '../lib/settings/choice.ts';
import { checkSettings, readSettings } from '../lib/settings/sources.ts';
import { UserError } from '../lib/errors.ts';
import { table, TODAY } from './support/stack.ts';

const settle = (given: Record<string, string>) => choose(checkSettings(new Map(Object.entries(given))), table, TODAY);

/** The sentence that a person reads; a failure of any other kind is none. */
function sentence(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('settings', () => {
  it('have the defaults that the documentation names', () => {
    expect(settle({}).settings).toEqual({
      region: 'ap-northeast-1',
      functionName: 'bedrock-titan-function',
      memory: 128,
      timeoutSeconds: 60,
      logRetentionDays: 30,
      dashboard: false,
      functionUrl: false,
    });
    expect(settle({}).models.map((row) => row.id)).toEqual(['jp.amazon.nova-2-lite-v1:0']);
  });

  it.each([
    ['MEMORY', '128'],
    ['MEMORY', '10240'],
    ['TIMEOUT_SECONDS', '1'],
    ['TIMEOUT_SECONDS', '900'],
    ['LOG_RETENTION_DAYS', '1'],
    ['LOG_RETENTION_DAYS', '3653'],
    ['FUNCTION_NAME', 'a'],
    ['FUNCTION_NAME', 'a'.repeat(64)],
    ['TEMPERATURE', '0'],
    ['TEMPERATURE', '1'],
    ['TEMPERATURE', '0.5'],
    ['MAX_TOKENS', '1'],
    ['MAX_TOKENS', '64000'],
    ['MAX_TOKENS_LIMIT', '1'],
    ['MAX_TOKENS_LIMIT', '1000000'],
    ['SERVICE_TIER', 'default'],
    ['SERVICE_TIER', 'flex'],
    ['MAX_PROMPT_CHARS', '1'],
    ['MAX_PROMPT_CHARS', '6000000'],
    ['DAILY_LIMIT_USD', '0.01'],
    ['DAILY_LIMIT_USD', '1000000'],
    ['DASHBOARD', '1'],
    ['DASHBOARD', 'false'],
    ['FUNCTION_URL', '0'],
    ['FUNCTION_URL', '1'],
    ['FUNCTION_URL', 'true'],
    ['FUNCTION_URL', 'false'],
    ['STREAM', '0'],
    ['STREAM', '1'],
    ['STREAM', 'true'],
    ['STREAM', 'false'],
    ['BATCH', '0'],
    ['BATCH', '1'],
    ['BATCH', 'true'],
    ['BATCH', 'false'],
    ['MAX_CONCURRENCY', '1'],
    ['MAX_CONCURRENCY', '1000'],
    ['ALARM_EMAIL', 'someone@example.com'],
    ['REGION', 'ap-northeast-1'],
    ['MODEL', 'jp.amazon.nova-2-lite-v1:0, apac.amazon.nova-micro-v1:0'],
  ])('%s takes %s', (name, value) => {
    expect(sentence(() => settle({ [name]: value }))).toBe('accepted');
  });

  it.each(['1', '1000000'])('MONTHLY_BUDGET_USD takes %s with an address', (usd) => {
    expect(sentence(() => settle({ MONTHLY_BUDGET_USD: usd, ALARM_EMAIL: 'someone@example.com' }))).toBe('accepted');
  });

  it.each(['1', '365'])('BATCH_RETENTION_DAYS takes %s with a batch', (days) => {
    expect(sentence(() => settle({ BATCH_RETENTION_DAYS: days, BATCH: '1' }))).toBe('accepted');
  });

  it('TIMEOUT_SECONDS takes as much as a row has with a batch', () => {
    expect(sentence(() => settle({ TIMEOUT_SECONDS: '240', BATCH: '1' }))).toBe('accepted');
  });

  it.each([
    ['MEMORY', '127'],
    ['MEMORY', '10241'],
    ['MEMORY', '256.5'],
    ['MEMORY', '256MB'],
    ['TIMEOUT_SECONDS', '0'],
    ['TIMEOUT_SECONDS', '901'],
    ['LOG_RETENTION_DAYS', '0'],
    ['LOG_RETENTION_DAYS', '31'],
    ['LOG_RETENTION_DAYS', '9999'],
    ['FUNCTION_NAME', 'a'.repeat(65)],
    ['FUNCTION_NAME', '1st'],
    ['FUNCTION_NAME', 'under_score'],
    ['FUNCTION_NAME', '関数'],
    ['TEMPERATURE', '-0.1'],
    ['TEMPERATURE', '1.1'],
    ['TEMPERATURE', 'warm'],
    ['MAX_CONCURRENCY', '0'],
    ['MAX_CONCURRENCY', '1001'],
    ['MAX_CONCURRENCY', '2.5'],
    ['MAX_TOKENS', '0'],
    ['MAX_TOKENS', '1.5'],
    ['MAX_TOKENS_LIMIT', '0'],
    ['SERVICE_TIER', 'priority'],
    ['SERVICE_TIER', '1'],
    ['MAX_PROMPT_CHARS', '0'],
    ['MAX_PROMPT_CHARS', '6000001'],
    ['MONTHLY_BUDGET_USD', '0'],
    ['MONTHLY_BUDGET_USD', '1000001'],
    ['MONTHLY_BUDGET_USD', '$5'],
    ['DAILY_LIMIT_USD', '0'],
    ['DAILY_LIMIT_USD', '1000001'],
    ['DASHBOARD', 'yes'],
    ['FUNCTION_URL', 'yes'],
    ['STREAM', 'yes'],
    ['BATCH', 'yes'],
    ['BATCH_RETENTION_DAYS', '0'],
    ['BATCH_RETENTION_DAYS', '366'],
    ['ALARM_EMAIL', 'someone'],
    ['REGION', 'tokyo'],
    ['REGION', 'cn-north-1'],
    ['REGION', 'us-gov-west-1'],
    ['MODEL', ','],
    ['MODEL', 'jp.amazon.nova-2-lite-v1:0,jp.amazon.nova-2-lite-v1:0'],
  ])('%s refuses %s by name, saying what it takes', (name, value) => {
    expect(sentence(() => settle({ [name]: value }))).toMatch(
      new RegExp(`^${name} takes .+; "${value.replaceAll(/[$.]/g, '\\$&')}" was given\\.$`),
    );
  });

  it('are checked against one another', () => {
    expect(sentence(() => settle({ MONTHLY_BUDGET_USD: '5' }))).toBe(
      'MONTHLY_BUDGET_USD needs ALARM_EMAIL, the address to warn; none was given.',
    );
    expect(sentence(() => settle({ BATCH_RETENTION_DAYS: '3' }))).toBe(
      'BATCH_RETENTION_DAYS needs BATCH=1, whose files it is about; leave it out, or give both.',
    );
    expect(sentence(() => settle({ BATCH: '1', TIMEOUT_SECONDS: '241' }))).toBe(
      'TIMEOUT_SECONDS takes at most 240 with BATCH=1, because a row of a batch has five minutes; "241" was given.',
    );
    expect(sentence(() => settle({ MAX_TOKENS: '501', MAX_TOKENS_LIMIT: '500' }))).toBe(
      'MAX_TOKENS takes at most what MAX_TOKENS_LIMIT allows, 500; "501" was given.',
    );
    expect(
      sentence(() => settle({ SERVICE_TIER: 'flex', MODEL: 'jp.amazon.nova-2-lite-v1:0,apac.amazon.nova-micro-v1:0' })),
    ).toBe(
      'SERVICE_TIER=flex needs models that Bedrock serves in its flexible tier, and apac.amazon.nova-micro-v1:0 is none. Leave it out, or grant only jp.amazon.nova-2-lite-v1:0, openai.gpt-oss-20b-1:0, qwen.qwen3-32b-v1:0.',
    );
    expect(sentence(() => settle({ MAX_TOKENS: '64001' }))).toBe(
      'MAX_TOKENS takes at most 64000 with jp.amazon.nova-2-lite-v1:0; "64001" was given.',
    );
    expect(
      sentence(() => settle({ MAX_TOKENS: '10001', MODEL: 'jp.amazon.nova-2-lite-v1:0,apac.amazon.nova-micro-v1:0' })),
    ).toContain('at most 10000 with apac.amazon.nova-micro-v1:0');
  });
});

describe('a model', () => {
  it('that has ended is refused with what to use instead', () => {
    expect(sentence(() => settle({ MODEL: 'amazon.titan-text-express-v1' }))).toBe(
      'MODEL amazon.titan-text-express-v1 has reached its end of life (2025-08-15): Bedrock refuses every call to it. Use jp.amazon.nova-2-lite-v1:0 instead.',
    );
  });

  it('that ends today has ended, and one that ends tomorrow has not', () => {
    const [first, ...others] = table.models;
    const ending = (endOfLife: string) => ({
      ...table,
      models: first ? [{ ...first, lifecycle: { ...first.lifecycle, endOfLife } }, ...others] : [],
    });
    const settings = checkSettings(new Map());
    expect(sentence(() => choose(settings, ending(TODAY), TODAY))).toContain(
      'Use apac.amazon.nova-micro-v1:0 instead.',
    );
    expect(sentence(() => choose(settings, ending('2026-11-24'), TODAY))).toBe('accepted');
  });

  it('that is not in the table is refused with those that are', () => {
    const refusal = sentence(() => settle({ MODEL: 'amazon.nova-ultra' }));
    expect(refusal).toMatch(/^MODEL amazon\.nova-ultra is not in models\.json; it has jp\.amazon\.nova-2-lite-v1:0, /);
    expect(refusal).not.toContain('titan');
  });

  it('of Tokyo is refused in another region, a global one is not', () => {
    expect(sentence(() => settle({ REGION: 'us-west-2' }))).toBe(
      'REGION us-west-2 cannot call jp.amazon.nova-2-lite-v1:0, which models.json has as called from ap-northeast-1; use REGION=ap-northeast-1, or a model that every region calls: MODEL=global.amazon.nova-2-lite-v1:0.',
    );
    expect(sentence(() => settle({ REGION: 'us-west-2', MODEL: 'global.amazon.nova-2-lite-v1:0' }))).toBe('accepted');
  });

  it('of any number is guarded by a daily limit', () => {
    const eleven = table.models
      .slice(0, 1)
      .flatMap((row) => Array.from({ length: 11 }, (_, index) => ({ ...row, id: `m${index}` })));
    const crowd = { ...table, models: eleven };
    const grant = (count: number) =>
      sentence(() =>
        choose(
          checkSettings(
            new Map([
              ['DAILY_LIMIT_USD', '5'],
              [
                'MODEL',
                eleven
                  .slice(0, count)
                  .map((row) => row.id)
                  .join(','),
              ],
            ]),
          ),
          crowd,
          TODAY,
        ),
      );
    expect(grant(10)).toBe('accepted');
    expect(grant(11)).toBe('accepted');
  });

  it("too many do not fit the function's environment", () => {
    const many = table.models
      .slice(0, 1)
      .flatMap((row) => Array.from({ length: 30 }, (_, index) => ({ ...row, id: `model-${index}` })));
    const crowd = { ...table, models: many };
    const refusal = sentence(() =>
      choose(checkSettings(new Map([['MODEL', many.map((row) => row.id).join(',')]])), crowd, TODAY),
    );
    expect(refusal).toMatch(
      /^MODEL grants 30 models, whose description takes \d+ bytes of the function's environment; Lambda allows 4096\. Grant fewer\.$/,
    );
  });
});

describe('settings come', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bedrock-settings-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const fileWith = (text: string): string => {
    const file = join(directory, 'settings.json');
    writeFileSync(file, text);
    return file;
  };
  const nowhere = 'no such file';

  it('from the environment before the file before the defaults', () => {
    const file = fileWith('{"MEMORY": 256, "TIMEOUT_SECONDS": 30, "FUNCTION_URL": true}');
    const { settings, given } = readSettings({ environment: { MEMORY: '512', TEMPERATURE: '' }, file });
    expect(settings).toMatchObject({ memory: 512, timeoutSeconds: 30, functionUrl: true, logRetentionDays: 30 });
    expect([...given.keys()]).toEqual(['MEMORY', 'TIMEOUT_SECONDS', 'FUNCTION_URL']);
  });

  it.each([' -- MODLE=x MEMORY=256', 'MODLE=x', 'k -- A=a\\ b MODLE=x'])(
    'not from a name that is none, typed as %s',
    (MAKEFLAGS) => {
      expect(sentence(() => readSettings({ environment: { MAKEFLAGS }, file: nowhere }))).toMatch(
        /^(MODLE|A) on the command line is no setting; the settings are REGION, MODEL, FUNCTION_NAME, /,
      );
    },
  );

  it.each(['', 'ks', ' -- MEMORY=256 AWS_PROFILE=me CI=true', ' --jobserver-auth=3,4 -j -- MODEL=a'])(
    'from make with flags %j',
    (MAKEFLAGS) => {
      expect(sentence(() => readSettings({ environment: { MAKEFLAGS }, file: nowhere }))).toBe('accepted');
    },
  );

  it.each(['', 'MEMORY=256', '[1]', '{"MEMORY": {}}'])('not from a file that holds %j', (text) => {
    expect(sentence(() => readSettings({ environment: {}, file: fileWith(text) }))).toBe(
      'infra/settings.json takes one JSON object of settings, such as {"MEMORY": 256}.',
    );
  });

  it('not from an unknown name in the file', () => {
    expect(sentence(() => readSettings({ environment: {}, file: fileWith('{"memory": 256}') }))).toMatch(
      /^memory in infra\/settings\.json is no setting; /,
    );
  });
});
