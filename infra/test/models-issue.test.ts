import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { replacementOf } from '../lib/models/life.ts';
import type { ModelRow } from '../lib/models/table.ts';
import { modelsFile, workspaceDir } from '../lib/paths.ts';
import { table } from './support/stack.ts';
import { type Outcome, outcomeOf } from './support/tools.ts';

const day = (from: number): string => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
const FRESH = readFileSync(modelsFile, 'utf8').replaceAll(/"confirmedOn": "[^"]*"/g, `"confirmedOn": "${day(0)}"`);

/** The table, in which the default model ends that soon. */
function ending(days: number): string {
  const given: { models: ModelRow[] } = JSON.parse(FRESH);
  const lifecycle = { status: 'legacy', endOfLife: day(days), endOfLifeNoSoonerThan: null, confirmedOn: day(0) };
  const models = given.models.map((row) => (row.id === table.default ? { ...row, lifecycle } : row));
  return JSON.stringify({ ...given, models });
}

const issue = z.object({
  number: z.int(),
  open: z.boolean(),
  title: z.string(),
  labels: z.array(z.string()),
  body: z.string(),
});
const github = z.object({ issues: z.array(issue), labels: z.array(z.string()), calls: z.array(z.array(z.string())) });

/** All of it real but GitHub: fake_gh.py keeps the issues. */
describe('make models-issue', () => {
  let folder: string;
  const state = (): z.infer<typeof github> =>
    github.parse(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8')));
  const say = (given: object): void =>
    writeFileSync(join(folder, 'state.json'), JSON.stringify({ issues: [], labels: [], calls: [], ...given }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'models-issue-'));
    copyFileSync(join(workspaceDir, 'infra/test/support/fake_gh.py'), join(folder, 'gh'));
    say({});
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** One run of the workflow. */
  function week(models: string, environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    writeFileSync(join(folder, 'models.json'), models);
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: folder,
      GH_STATE: join(folder, 'state.json'),
      BEDROCK_INFRA_MODELS_FILE: join(folder, 'models.json'),
      ...environment,
    };
    return outcomeOf('make', ['--silent', 'models-issue'], { cwd: workspaceDir, env });
  }

  it('opens one issue about a model that ends, with its replacement, and fails', async () => {
    const { status, stderr } = await week(ending(30));
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('Opened https://github.com/owner/name/issues/1\n'),
    });
    const [opened, ...others] = state().issues;
    expect(others).toEqual([]);
    expect(opened).toMatchObject({ title: 'A model needs care', labels: ['models'] });
    expect(opened?.body).toContain(`- ${table.default} ends in 30 days`);
    expect(opened?.body).toContain(`- \`${table.default}\`: use \`qwen.qwen3-32b-v1:0\` (`);
    expect(opened?.body).toContain('run `make deploy MODEL=qwen.qwen3-32b-v1:0`.');
  });

  it('brings that issue up to date in the next weeks', async () => {
    await week(ending(30));
    await week(ending(23));
    const { stderr } = await week(ending(16));
    expect(stderr).toContain('Brought issue 1 up to date.\n');
    const [kept, ...others] = state().issues;
    expect(others).toEqual([]);
    expect(kept?.body).toContain('ends in 16 days');
    expect(kept?.body).not.toContain('ends in 30 days');
  });

  it('closes it when the table is well again, and opens a new one after that', async () => {
    await week(ending(30));
    expect(await week(FRESH)).toMatchObject({ status: 0, stderr: 'All models are well; closed issue 1.\n' });
    expect(state().issues.map(({ open }) => open)).toEqual([false]);
    await week(ending(30));
    expect(state().issues.map(({ open }) => open)).toEqual([false, true]);
  });

  it('opens none for a table that is well', async () => {
    expect(await week(FRESH)).toMatchObject({
      status: 0,
      stderr: 'All models are well; there is no issue to close.\n',
    });
    expect(state().issues).toEqual([]);
  });

  it('leaves an issue without the label alone', async () => {
    const mine = { number: 1, open: true, labels: ['bug'], title: 'Something else', body: 'mine' };
    say({ issues: [mine] });
    await week(ending(30));
    expect(state().issues.map(({ title }) => title)).toEqual(['Something else', 'A model needs care']);
    expect(state().issues[0]).toEqual(mine);
  });

  it('asks for no replacement of a row that is stale', async () => {
    await week(FRESH.replace(`"confirmedOn": "${day(0)}"`, '"confirmedOn": "2026-01-01"'));
    const [opened] = state().issues;
    expect(opened?.body).toContain('make models-refresh');
    expect(opened?.body).not.toContain('What can take its place');
  });

  it('says so when it could not look, and asks GitHub nothing', async () => {
    const { status, stderr } = await week(FRESH, { MODEL: 'nova' });
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('MODEL nova is not in models.json'),
    });
    expect(state().calls).toEqual([]);
  });

  it.each(['label create', 'issue list', 'issue create'])(
    'says what GitHub refuses of %s in its words',
    async (refuses) => {
      say({ refuses });
      const { status, stderr } = await week(ending(30));
      expect(status).toBe(2);
      expect(stderr).toContain(
        `GitHub refused: gh ${refuses} failed: HTTP 403: Resource not accessible by integration\n`,
      );
      expect(state().issues).toEqual([]);
    },
  );
});

describe('a replacement lives on, stays in its regions and asks for no more access:', () => {
  const row = (id: string, output: number, destinationRegions: string[], change: Partial<ModelRow> = {}): ModelRow => {
    const [sample] = table.models;
    if (!sample) throw new Error('The table is empty.');
    const lifecycle = { status: 'active' as const, endOfLife: null, endOfLifeNoSoonerThan: null, confirmedOn: day(0) };
    return {
      ...sample,
      id,
      pricePerMillionTokens: { input: 0, output },
      destinationRegions,
      access: 'none',
      lifecycle,
      ...change,
    };
  };
  const legacy = { status: 'legacy' as const, endOfLife: null, endOfLifeNoSoonerThan: null, confirmedOn: day(0) };
  const endsIn = (days: number) => ({ ...legacy, status: 'active' as const, endOfLife: day(days) });
  const old = row('old', 3, ['tokyo', 'osaka'], { lifecycle: legacy });

  it.each<[string | undefined, ModelRow[]]>([
    ['near', [row('dear', 9, ['tokyo']), row('near', 4, ['tokyo'])]],
    ['here', [row('abroad', 3, ['tokyo', 'sydney']), row('here', 9, ['osaka', 'tokyo'])]],
    ['here', [row('global', 3, []), row('here', 9, ['tokyo'])]],
    ['free', [row('form', 3, ['tokyo'], { access: 'marketplace' }), row('free', 9, ['tokyo'])]],
    [
      'lasting',
      [row('ending', 3, ['tokyo'], { lifecycle: endsIn(60) }), row('lasting', 9, ['tokyo'], { lifecycle: endsIn(61) })],
    ],
    [undefined, [row('legacy', 3, ['tokyo'], { lifecycle: legacy })]],
    [undefined, []],
  ])('%s', (chosen, rows) => {
    expect(replacementOf(old, [old, ...rows], day(0))?.id).toBe(chosen);
  });
});
