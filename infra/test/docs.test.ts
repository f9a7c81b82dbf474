import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentOf } from '../lib/settings/function-environment.ts';
import { readModels } from '../lib/models/table.ts';
import { modelsFile, workspaceDir } from '../lib/paths.ts';
import { settingNames, settingsSchema, takes } from '../lib/settings/settings.ts';
import { type Machine, newMachine } from './support/make.ts';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

/** Two bounds as either language writes them. */
const bounds = (from: string, to = ''): RegExp => new RegExp(`(^|[^\\d.])${from} (to|から) ${to}\\b`);

const read = (name: string): string => readFileSync(join(workspaceDir, name), 'utf8');

const BATCH = ['estimate', 'PROMPTS=1000,100000,10000000', 'MAX_CONCURRENCY=100'];

/** `make docs` sets UPDATE_DOCS, and so has it written. */
describe.each([
  ['README.md', 'estimate', ['estimate']],
  ['README.ja.md', 'estimate', ['estimate']],
  ['docs/batch.md', 'batch-estimate', BATCH],
  ['docs/batch.ja.md', 'batch-estimate', BATCH],
])('%s', (name, marker, words) => {
  it(`shows what make ${words.join(' ')} prints`, async () => {
    const text = read(name);
    const [begin, end] = [`<!-- ${marker}: made by make docs -->\n`, '<!-- end -->'];
    const start = text.indexOf(begin) + begin.length;
    expect(start, `${name} has no ${begin}`).toBeGreaterThanOrEqual(begin.length);
    const stop = text.indexOf(end, start);
    const { stdout } = await machine.make(words);
    const shown = `\`\`\`console\n$ make ${words.join(' ')}\n${stdout}\`\`\`\n`;
    if (process.env.UPDATE_DOCS)
      writeFileSync(join(workspaceDir, name), text.slice(0, start) + shown + text.slice(stop));
    else expect(text.slice(start, stop), 'run `make docs`').toBe(shown);
  });
});

describe('infra/deployed-environment.json', () => {
  it('is what a function that is deployed with no settings finds in its environment', () => {
    const { models, default: id } = readModels(modelsFile);
    const expected = `${JSON.stringify(
      environmentOf(
        { timeoutSeconds: 60 },
        models.filter((row) => row.id === id),
      ),
      null,
      2,
    )}\n`;
    const name = 'infra/deployed-environment.json';
    if (process.env.UPDATE_DOCS) writeFileSync(join(workspaceDir, name), expected);
    else expect(read(name), 'run `make docs`').toBe(expected);
  });
});

describe.each(['docs/settings.md', 'docs/settings.ja.md'])('%s', (name) => {
  it('lists every setting of a deployment, and no other', () => {
    const [, deployment = ''] = read(name).split('\n## ');
    const listed = [...deployment.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, setting]) => setting);
    expect(listed.toSorted()).toEqual([...settingNames.keys()].toSorted());
  });

  it('has the bounds and the default of each, as the code has them', () => {
    const rows = new Map(
      [...read(name).matchAll(/^\| `([A-Z_]+)` \| (.*) \| (.*) \|$/gm)].map(([, ...cells]) => [cells[0], cells]),
    );
    const defaults = settingsSchema.parse({});
    for (const [setting, key] of settingNames) {
      const [, takesCell = '', defaultCell = ''] = rows.get(setting) ?? [];
      const [, from, to] = /from ([\d.]+) to (\d+)/.exec(takes(key)) ?? [];
      if (from !== undefined) expect(takesCell, setting).toMatch(bounds(from, to));
      const value = defaults[key];
      if (value !== undefined)
        expect(defaultCell.replaceAll('`', ''), setting).toBe(String(Number(value) || value || 0));
    }
  });
});
