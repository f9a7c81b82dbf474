import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { workspaceDir } from '../../lib/paths.ts';
import { parseJson } from '../shared/json.ts';

const report = z.object({
  date: z.iso.date(),
  region: z.string(),
  commit: z.string(),
  versions: z.record(z.string(), z.string()),
  models: z.array(z.string()),
  isEmulated: z.boolean(),
  mostUsd: z.number(),
  minutes: z.number(),
  figures: z.record(z.string(), z.number()),
  steps: z.array(
    z.object({
      name: z.string(),
      proves: z.string(),
      result: z.enum(['passed', 'failed', 'skipped']),
      seen: z.string(),
    }),
  ),
});

/** What a run saw. */
export type Report = z.infer<typeof report>;

/** The commit that was tried, and whether something beside it was. */
export function commitOf(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: workspaceDir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '+' : '');
  } catch {
    return 'unknown';
  }
}

/** The versions that a run is of. */
export function versionsOf(): Record<string, string> {
  const cargo = readFileSync(join(workspaceDir, 'Cargo.toml'), 'utf8');
  const own = z.object({ dependencies: z.record(z.string(), z.string()) });
  const { dependencies } = own.parse(parseJson(readFileSync(join(workspaceDir, 'infra/package.json'), 'utf8')));
  return {
    function: /^version = "(.+)"$/m.exec(cargo)?.[1] ?? 'unknown',
    cdk: dependencies['aws-cdk-lib'] ?? 'unknown',
    node: process.versions.node,
  };
}

/** Writes the report down. @returns the file. */
export function writeReport(directory: string, of: Report): string {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${of.region}-${of.date}.json`);
  writeFileSync(file, `${JSON.stringify(of, null, 2)}\n`);
  return file;
}

/** The reports in a directory, the newest first. */
export function readReports(directory: string): Report[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  const reports = files.map((name) => report.parse(parseJson(readFileSync(join(directory, name), 'utf8'))));
  return reports.toSorted((one, other) => other.date.localeCompare(one.date));
}

/** What is measured of the function and of a hello world, by the names of the figures. */
const SPEEDS = [
  ['INIT', 'initMs', 'helloInitMs', 'ms'],
  ['first call', 'coldOverheadMs', 'helloFirstMs', 'ms'],
  ['warm call', 'warmMs', 'helloWarmMs', 'ms'],
  ['billed', 'billedMs', 'helloBilledMs', 'ms'],
  ['memory', 'memoryMb', 'helloMemoryMb', 'MB'],
] as const;

/** The function's figure and that of a hello world, of each that is measured. */
export const speedsOf = (figures: Readonly<Record<string, number>>): { heading: string; text: string }[] =>
  SPEEDS.map(([heading, ours, hello, unit]) => ({
    heading,
    text: `${figures[ours] ?? '–'} / ${figures[hello] ?? '–'} ${unit}`,
  }));

const HEADINGS = [
  ...['date', 'region', 'commit', 'model', '✓', '✗', '–', 'at most'],
  ...SPEEDS.map(([heading]) => heading),
];

/** The reports as a table of Markdown, or the sentence where there is none. */
export function tableOf(reports: readonly Report[], none: string): string {
  if (reports.length === 0) return `${none}\n`;
  const rows = reports.map((one) => {
    const count = (result: string) => String(one.steps.filter((step) => step.result === result).length);
    return [
      one.date,
      one.region,
      `\`${one.commit}\``,
      one.models.map((id) => `\`${id}\``).join(', '),
      ...['passed', 'failed', 'skipped'].map(count),
      `$${one.mostUsd.toFixed(2)}`,
      ...speedsOf(one.figures).map(({ text }) => text),
    ];
  });
  return [HEADINGS, HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const [BEGIN, END] = ['<!-- verified: made by make verify -->\n', '<!-- end -->'];

/** A page with the table of these reports in its place. */
export function withTable(page: string, table: string): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start) throw new Error(`The page has no ${BEGIN.trim()} before its ${END}.`);
  return `${page.slice(0, start)}${BEGIN}\n${table}\n${page.slice(end)}`;
}

/** The pages that have the table, and what stands there while no report is. */
const PAGES: Readonly<Record<string, string>> = {
  'docs/verified.md': 'No report is here yet: AWS itself has not been seen.',
  'docs/verified.ja.md': 'レポートはまだありません。AWS 上での動作は未確認です。',
};

/** Each page as it should be, with the reports in `directory`. */
export function pagesOf(directory: string): { name: string; text: string }[] {
  return Object.entries(PAGES).map(([name, none]) => ({
    name,
    text: withTable(readFileSync(join(workspaceDir, name), 'utf8'), tableOf(readReports(directory), none)),
  }));
}
