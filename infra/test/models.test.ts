import { expect, it } from 'vitest';
import { batchTier, type ModelTable, parseModels } from '../lib/models/table.ts';
import { table } from './support/stack.ts';

/** The real table with its first row changed. */
function tableWith(change: object): string {
  const [first, ...others] = table.models;
  return JSON.stringify({ ...table, models: [{ ...first, ...change }, ...others] } satisfies Record<
    keyof ModelTable,
    unknown
  >);
}

it('the flexible tier is the default of a batch where no mark says that it is not confirmed, as crates/models has it', () => {
  const flex = table.models.filter(batchTier);
  expect(flex.map(({ id }) => id)).toEqual(['openai.gpt-oss-20b-1:0', 'qwen.qwen3-32b-v1:0']);
  const marked = flex.map((row) => ({ ...row, unconfirmed: ['flexible tier: no call was seen'] }));
  expect(marked.filter(batchTier)).toEqual([]);
});

it('the table of models is whole', () => {
  expect(parseModels(JSON.stringify(table), 'models.json')).toEqual(table);
});

it.each([
  ['{', 'models.json is not JSON: '],
  ['{}', 'models.json is not a table of models at default: '],
  [tableWith({ reach: 'sideways' }), 'models.json is not a table of models at models.0.reach: '],
  [tableWith({ surprise: 1 }), 'models.json is not a table of models at models.0: Unrecognized key'],
  [tableWith({ maxOutputTokens: 1.5 }), 'models.json is not a table of models at models.0.maxOutputTokens: '],
  [
    tableWith({ destinationRegions: [] }),
    'models.json is not a table of models: jp.amazon.nova-2-lite-v1:0: reach, foundationModel and destinationRegions disagree.',
  ],
  [tableWith({ foundationModel: 'amazon.nova-pro-v1:0' }), 'reach, foundationModel and destinationRegions disagree'],
  [
    tableWith({ id: 'apac.amazon.nova-lite-v1:0', foundationModel: 'amazon.nova-lite-v1:0' }),
    'apac.amazon.nova-lite-v1:0 has two rows',
  ],
  [tableWith({ api: 'InvokeModel' }), 'a model that is called by InvokeModel does not stream'],
  [
    tableWith({ api: 'InvokeModel', responseStreaming: false }),
    'a model that is called by InvokeModel has no structured output',
  ],
  [JSON.stringify({ ...table, default: 'gone' }), 'the default gone has no row'],
])('a table that is not is refused: %#', (text, message) => {
  expect(() => parseModels(text, 'models.json')).toThrow(message);
});
