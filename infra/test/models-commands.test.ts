import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelRow } from '../lib/models/table.ts';
import { modelsFile } from '../lib/paths.ts';
import { DENIED, ENDED, startControlPlane, UNKNOWN } from './support/bedrock-control-plane.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { table } from './support/stack.ts';

const original = readFileSync(modelsFile, 'utf8');
let machine: Machine;
let copy: string;
beforeAll(() => {
  machine = newMachine();
  copy = join(machine.directory, 'models.json');
});
afterAll(() => machine.remove());

/** Runs a command on a table of its own. */
function make(args: string[], text = original, environment: NodeJS.ProcessEnv = {}) {
  writeFileSync(copy, text);
  return machine.make(args, { BEDROCK_INFRA_MODELS_FILE: copy, ...environment });
}

const DEFAULT_ROW_ACTIVE = '"status": "active"';
const fresh = original.replaceAll(
  /"confirmedOn": "[^"]*"/g,
  `"confirmedOn": "${new Date().toISOString().slice(0, 10)}"`,
);

describe('make models', () => {
  it('lists every model and marks the granted ones', async () => {
    const { status, stdout } = await make([
      'models',
      'MODEL=apac.amazon.nova-micro-v1:0,jp.anthropic.claude-haiku-5-5',
    ]);
    const lines = stdout.split('\n');
    expect(status).toBe(0);
    expect(
      lines
        .filter((line) => line.startsWith('* '))
        .map((line) => line.split(/\s+/)[1])
        .filter((id) => id?.includes('.')),
    ).toEqual(['apac.amazon.nova-micro-v1:0', 'jp.anthropic.claude-haiku-5-5']);
    for (const row of table.models) expect(stdout).toContain(row.id);
    expect(stdout).toMatch(/amazon\.titan-text-express-v1 .* ended 2025-08-15\n/);
    expect(stdout).toMatch(
      /nova-micro-v1:0 .* Japan, Korea, India, Singapore, Australia +0\.037 +0\.148 +10000 +none +none announced\n/,
    );
  });

  it('says what is not confirmed, and when the prices were read', async () => {
    const { stdout } = await make(['models']);
    expect(stdout).toContain(
      'amazon.titan-text-express-v1: the exact day: the legacy notice said August 2025, calls are known to fail since December 2025',
    );
    expect(stdout).toContain('Prices: US dollars per million tokens, list prices, read on 2026-11-20');
    const later = original.replace('"confirmedOn": "2026-11-20",', '"confirmedOn": "2026-12-24",');
    expect((await make(['models'], later)).stdout).toContain('read from 2026-11-20 to 2026-12-24');
  });

  it('prints JSON for programs', async () => {
    const { status, stdout, stderr } = await make(['models', 'JSON=1']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual(
      table.models.map((row) => expect.objectContaining({ id: row.id, granted: row.id === table.default })),
    );
  });
});

describe('make models-check', () => {
  it('passes when all is active and confirmed', async () => {
    expect(await make(['models-check'], fresh)).toEqual({
      status: 0,
      stdout: '',
      stderr: `${table.default}: active, no end near; all ${table.models.length} rows confirmed lately.\n`,
    });
  });

  it('fails for a granted model that is legacy', async () => {
    const { status, stderr } = await make(['models-check'], fresh.replace(DEFAULT_ROW_ACTIVE, '"status": "legacy"'));
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`${table.default} is legacy`) });
  });

  it('names a model that is not in the table', async () => {
    const { status, stderr } = await make(['models-check', 'MODEL=nova'], fresh);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('MODEL nova is not in models.json'),
    });
  });
});

describe('make models-refresh', () => {
  const micro = 'apac.amazon.nova-micro-v1:0';
  const CHANGED = 'Changed: git diff models.json shows what.\n';

  /** The table with one row changed. */
  function withRow(id: string, change: (row: ModelRow) => object): unknown {
    const given: { models: ModelRow[] } = JSON.parse(fresh);
    return { ...given, models: given.models.map((row) => (row.id === id ? change(row) : row)) };
  }

  async function refresh(changes: Parameters<typeof startControlPlane>[1]) {
    const bedrock = await startControlPlane(table.models, changes);
    try {
      return await make(['models-refresh'], fresh, { ...KEYS, AWS_ENDPOINT_URL_BEDROCK: bedrock.url });
    } finally {
      await bedrock.stop();
    }
  }

  it('changes nothing when AWS has nothing new', async () => {
    expect(await refresh({})).toMatchObject({ status: 0, stdout: 'Nothing changed.\n' });
    expect(readFileSync(copy, 'utf8')).toBe(fresh);
  });

  it('writes what AWS says into the row, and shows it', async () => {
    const arn = (region: string) => ({
      modelArn: `arn:aws:bedrock:${region}::foundation-model/amazon.nova-micro-v1:0`,
    });
    const { status, stdout } = await refresh({
      [micro]: {
        model: {
          modelDetails: {
            modelArn: arn('ap-northeast-1').modelArn,
            modelId: 'amazon.nova-micro-v1:0',
            modelLifecycle: { status: 'LEGACY', endOfLifeTime: new Date('2027-06-30T00:00:00Z') },
          },
        },
        profile: {
          inferenceProfileName: 'x',
          inferenceProfileArn: 'x',
          inferenceProfileId: micro,
          status: 'ACTIVE',
          type: 'SYSTEM_DEFINED',
          models: [arn('ap-northeast-3'), arn('ap-northeast-1')],
        },
      },
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: CHANGED });
    expect(JSON.parse(readFileSync(copy, 'utf8'))).toEqual(
      withRow(micro, (row) => ({
        ...row,
        destinationRegions: ['ap-northeast-1', 'ap-northeast-3'],
        lifecycle: { ...row.lifecycle, status: 'legacy', endOfLife: '2027-06-30' },
      })),
    );
  });

  it('dates the life alone: nobody has looked at the price', async () => {
    const old = fresh.replaceAll(/"confirmedOn": "[^"]*"/g, '"confirmedOn": "2026-01-02"');
    const bedrock = await startControlPlane(table.models, {});
    const { stderr } = await make(['models-refresh'], old, { ...KEYS, AWS_ENDPOINT_URL_BEDROCK: bedrock.url });
    await bedrock.stop();
    const [row]: ModelRow[] = JSON.parse(readFileSync(copy, 'utf8')).models;
    expect([row?.lifecycle.confirmedOn, row?.confirmedOn]).toEqual([
      new Date().toISOString().slice(0, 10),
      '2026-01-02',
    ]);
    expect(stderr).toContain('Prices and maximum outputs are not in this API');
  });

  it('takes over when a call of a model was answered, where make verify has seen it later', async () => {
    const directory = join(machine.directory, 'verified');
    mkdirSync(directory);
    const report = (date: string, region: string, name: string, result: string) =>
      writeFileSync(
        join(directory, `${region}-${date}.json`),
        JSON.stringify({
          ...{ date, region, commit: 'one', versions: {}, models: [], isEmulated: false, mostUsd: 0.1, minutes: 1 },
          ...{ figures: {}, steps: [{ name, proves: 'an answer', result, seen: 'answered' }] },
        }),
      );
    report('2026-11-24', 'ap-northeast-1', micro, 'passed');
    report('2026-11-25', 'ap-northeast-1', micro, 'passed');
    report('2026-11-26', 'ap-northeast-1', micro, 'skipped');
    report('2026-11-27', 'us-east-1', micro, 'passed');
    report('2026-11-28', 'ap-northeast-1', table.default, 'passed');
    const known = JSON.stringify(withRow(table.default, (row) => ({ ...row, answeredOn: '2026-11-29' })));
    const bedrock = await startControlPlane(table.models, {});
    const environment = { ...KEYS, AWS_ENDPOINT_URL_BEDROCK: bedrock.url, BEDROCK_INFRA_VERIFIED_DIR: directory };
    await make(['models-refresh'], known, environment);
    await bedrock.stop();
    const { models }: { models: ModelRow[] } = JSON.parse(readFileSync(copy, 'utf8'));
    expect(models.flatMap(({ id, answeredOn }) => (answeredOn ? [[id, answeredOn]] : []))).toEqual([
      [table.default, '2026-11-29'],
      [micro, '2026-11-25'],
    ]);
  });

  it('marks a model that has ended', async () => {
    const { stdout } = await refresh({ [micro]: { model: ENDED, profile: ENDED } });
    expect(stdout).toBe(CHANGED);
    expect(JSON.parse(readFileSync(copy, 'utf8'))).toEqual(
      withRow(micro, (row) => ({ ...row, lifecycle: { ...row.lifecycle, status: 'ended' } })),
    );
  });

  it('leaves a model that AWS does not have as it was, and fails', async () => {
    const { status, stderr } = await refresh({ [micro]: { profile: UNKNOWN } });
    expect(status).toBe(2);
    expect(stderr).toContain(`! AWS does not have ${micro} in ap-northeast-1: the row is left as it is.`);
    expect(readFileSync(copy, 'utf8')).toBe(fresh);
  });

  it('that may not ask changes nothing and says which permission it wants', async () => {
    const { status, stderr } = await refresh({ [table.default]: { model: DENIED } });
    expect(status).toBe(2);
    expect(stderr).toContain('bedrock:GetFoundationModel');
    expect(stderr).not.toContain('123456789012');
    expect(readFileSync(copy, 'utf8')).toBe(fresh);
  });
});
