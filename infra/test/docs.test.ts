import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALARMS, estimateOf } from '../lib/models/estimate.ts';
import { LEAST_DAYS_TO_LIVE, MOST_DAYS_LIFE_UNCONFIRMED, MOST_DAYS_UNCONFIRMED } from '../lib/models/life.ts';
import { BRAKE_SECONDS, type CallLimits, overrunOf } from '../lib/models/overrun.ts';
import { environmentOf } from '../lib/settings/function-environment.ts';
import { readModels } from '../lib/models/table.ts';
import { modelsFile, workspaceDir } from '../lib/paths.ts';
import { settingNames, settingsSchema, takes } from '../lib/settings/settings.ts';
import { ciStackOf, rolesIn } from './support/ci-stack.ts';
import { type Machine, newMachine } from './support/make.ts';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

/** Two bounds as either language writes them. */
const bounds = (from: string, to = ''): RegExp => new RegExp(`(^|[^\\d.])${from} (to|から) ${to}\\b`);

/** The defaults as the tables have them: 0 where a switch is off. */
const defaults: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(settingsSchema.parse({})).map(([key, value]) => [key, String(Number(value) || value || 0)]),
);

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

describe('docs/deployer-policy.json', () => {
  it('is the policy of the role that a pipeline deploys with, which ci-role.test.ts simulates', () => {
    const name = 'docs/deployer-policy.json';
    const expected = `${JSON.stringify(rolesIn(ciStackOf()).DeployOneStack?.policy, null, 2)}\n`;
    if (process.env.UPDATE_DOCS) writeFileSync(join(workspaceDir, name), expected);
    else expect(read(name), 'run `make docs`').toBe(expected);
  });
});

/** A page's text in which a figure has to stand, in English and in Japanese. */
type Figure = readonly [page: string, english: string, japanese: string];

const model = readModels(modelsFile);
const granted = model.models.filter(({ id }) => id === model.default);
const overrun = (limits: CallLimits, calls: number): string =>
  overrunOf(granted, limits, calls).usd.toLocaleString('en-US', { maximumFractionDigits: calls > 100 ? 0 : 2 });
const [first] = granted;
/** What ten calls a day cost in a month, before and after the free tier. */
const tenADay = first && estimateOf(first, 128, { inputTokens: 500, outputTokens: 300, seconds: 3 }, 10);
const [total, free] = [tenADay?.totalUsd ?? 0, tenADay?.freeTierUsd ?? 0];
const [usd, yen] = [(value: number) => value.toFixed(2), (value: number) => String(Math.round(value * 150))];
const minutes = BRAKE_SECONDS / 60;
const small = { maxTokensLimit: 1000, maxPromptChars: 4000 };

const figures: Figure[] = [
  ['docs/models', `ends within ${LEAST_DAYS_TO_LIVE} days`, `${LEAST_DAYS_TO_LIVE} 日以内に終わる`],
  [
    'docs/models',
    `confirmed over ${MOST_DAYS_LIFE_UNCONFIRMED} days ago`,
    `確認日（\`lifecycle.confirmedOn\`）が ${MOST_DAYS_LIFE_UNCONFIRMED} 日より前`,
  ],
  ['docs/models', `read over ${MOST_DAYS_UNCONFIRMED} days ago`, `確認日が ${MOST_DAYS_UNCONFIRMED} 日より前`],
  ['docs/operate', `ends within ${LEAST_DAYS_TO_LIVE} days`, `${LEAST_DAYS_TO_LIVE} 日以内に終わる`],
  ['docs/operate', `over ${MOST_DAYS_LIFE_UNCONFIRMED} days ago`, `確認から ${MOST_DAYS_LIFE_UNCONFIRMED} 日を過ぎた`],
  [
    'docs/operate',
    `$${overrun({}, 1000)} within those ${minutes} minutes`,
    `この ${minutes} 分間で $${overrun({}, 1000)}`,
  ],
  ['docs/operate', `it is $${overrun(small, 2)}.`, `設定すると $${overrun(small, 2)} `],
  ['README', `fails ${LEAST_DAYS_TO_LIVE} days before`, `提供終了の ${LEAST_DAYS_TO_LIVE} 日前に失敗`],
  ['README', `some ${minutes} minutes after 24 hours`, `${minutes} 分ほどで関数を停止`],
  [
    'README',
    `costs $${usd(total - free)} a month (${yen(total - free)} yen`,
    `月 $${usd(total - free)}（${yen(total - free)} 円`,
  ],
  ['README', `$${usd(total)} (${yen(total)} yen)`, `月 $${usd(total)}（${yen(total)} 円）`],
  ['README', `${ALARMS} alarms`, `アラーム ${ALARMS} つ`],
];

describe('figures that the code knows', () => {
  it.each(figures)('%s says "%s"', (page, english, japanese) => {
    expect(read(`${page}.md`).replaceAll(/\s+/g, ' ')).toContain(english);
    expect(read(`${page}.ja.md`)).toContain(japanese);
  });

  it.each([usd(total - free), yen(total - free), usd(total), yen(total)])('the walkthrough says %s', (figure) => {
    expect(read('docs/walkthrough.ja.md')).toContain(figure);
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
    for (const [setting, key] of settingNames) {
      const [, takesCell = '', defaultCell = ''] = rows.get(setting) ?? [];
      const [, from, to] = /from ([\d.]+) to (\d+)/.exec(takes(key).en) ?? [];
      if (from !== undefined) expect(takesCell, setting).toMatch(bounds(from, to));
      if (key in defaults) expect(defaultCell.replaceAll('`', ''), setting).toBe(defaults[key]);
    }
  });
});
