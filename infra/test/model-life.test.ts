import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { hasEnded, lifeProblems } from '../lib/models/life.ts';
import { withUpdates } from '../lib/models/refresh.ts';
import type { ModelRow } from '../lib/models/table.ts';
import { modelsFile, workspaceDir } from '../lib/paths.ts';
import { table } from './support/stack.ts';

const TODAY = '2026-11-23';
const [sample] = table.models;
const id = table.default;

/** The default model's row with another life. */
function living(lifecycle: Partial<ModelRow['lifecycle']>, confirmedOn = TODAY): ModelRow {
  if (!sample) throw new Error('models.json is empty');
  return { ...sample, confirmedOn, lifecycle: { ...sample.lifecycle, ...lifecycle } };
}

const problems = (row: ModelRow, granted = [id]) => lifeProblems([row], granted, TODAY);

describe('a granted model', () => {
  it('that ends in 61 days has no problem, in 60 it has one', () => {
    expect(problems(living({ endOfLife: '2027-01-23' }))).toEqual([]);
    expect(problems(living({ endOfLife: '2027-01-22' }))).toEqual([
      `${id} ends in 60 days, on 2027-01-22. Set MODEL to another one before that.`,
    ]);
  });

  it('that ends today has ended', () => {
    expect(problems(living({ endOfLife: TODAY }))).toEqual([
      `${id} has reached its end of life: Bedrock refuses every call to it. Set MODEL to another one.`,
    ]);
  });

  it('that is legacy has a problem', () => {
    expect(problems(living({ status: 'legacy' }))).toEqual([expect.stringContaining(`${id} is legacy`)]);
  });

  it('that may end at the earliest on a day gone by has none', () => {
    expect(problems(living({ endOfLifeNoSoonerThan: '2026-10-01' }))).toEqual([]);
  });
});

it('a model that is not granted may end', () => {
  expect(problems(living({ status: 'legacy', endOfLife: '2026-12-01' }), [])).toEqual([]);
});

// The Rust reader passes the same cases (crates/models/tests/table.rs), so that both agree on every row and day.
it('a model has ended by its status, and from the day of its end on', () => {
  const cases = z
    .array(
      z.strictObject({
        status: z.enum(['active', 'legacy', 'ended']),
        endOfLife: z.string().nullable(),
        today: z.string(),
        ended: z.boolean(),
      }),
    )
    .min(18)
    .parse(JSON.parse(readFileSync(join(workspaceDir, 'crates/models/tests/ended.json'), 'utf8')));
  for (const { today, ended, ...lifecycle } of cases) {
    expect({ lifecycle, today, ended: hasEnded(living(lifecycle), today) }).toEqual({ lifecycle, today, ended });
  }
});

it('the life of a granted model is stale after 30 days, unless it has ended', () => {
  expect(problems(living({ confirmedOn: '2026-10-24' }))).toEqual([]);
  expect(problems(living({ confirmedOn: '2026-10-23' }))).toEqual([
    `${id}: AWS was last asked 31 days ago, on 2026-10-23, whether it ends. Run \`make models-refresh\`.`,
  ]);
  expect(problems(living({ confirmedOn: '2026-10-23' }), [])).toEqual([]);
  expect(problems(living({ status: 'ended', confirmedOn: '2020-01-01' }), [])).toEqual([]);
});

it('a row is stale after 120 days, granted or not, unless its model has ended', () => {
  expect(problems(living({}, '2026-07-26'), [])).toEqual([]);
  expect(problems(living({}, '2026-07-25'), [])).toEqual([
    expect.stringMatching(/was last confirmed 121 days ago, on 2026-07-25/),
  ]);
  expect(problems(living({ status: 'ended' }, '2020-01-01'), [])).toEqual([]);
});

describe('news of a model', () => {
  const before = readFileSync(modelsFile, 'utf8');
  const news = (change: object) => ({
    id,
    lifecycle: { status: 'active' as const, endOfLife: null, confirmedOn: sample?.lifecycle.confirmedOn ?? '' },
    destinationRegions: ['ap-northeast-1', 'ap-northeast-3'],
    ...change,
  });

  it('that is none leaves the file byte for byte', () => {
    expect(withUpdates(before, [news({})])).toBe(before);
  });

  it('changes what it is about in its row, and nothing else', () => {
    const lifecycle = { status: 'legacy' as const, endOfLife: '2027-05-01', confirmedOn: '2027-01-02' };
    const facts = { destinationRegions: ['ap-northeast-1'] };
    const { models, ...rest } = JSON.parse(before);
    const [first, ...others] = models;
    const changed = { ...first, ...facts, lifecycle: { ...first.lifecycle, ...lifecycle } };
    const after = withUpdates(before, [news({ lifecycle, ...facts })]);
    expect(JSON.parse(after)).toEqual({ ...rest, models: [changed, ...others] });
    expect(Object.keys(JSON.parse(after).models[0])).toEqual(Object.keys(first));
  });

  it('that would break the table is refused', () => {
    expect(() => withUpdates(before, [news({ destinationRegions: [] })])).toThrow(
      'models.json, refreshed, is not a table of models',
    );
  });
});
