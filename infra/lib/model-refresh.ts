import { type ModelRow, parseModels } from './models.ts';

/** What AWS said of a row. */
export interface RowNews {
  readonly id: string;
  readonly lifecycle: Pick<ModelRow['lifecycle'], 'status' | 'endOfLife'>;
  readonly destinationRegions: readonly string[];
  /** An ISO date. */
  readonly confirmedOn: string;
}

/**
 * models.json with the news put in and all else, blanks and order included, as it was.
 *
 * @throws UserError when the result would be no table of models.
 */
export function withNews(text: string, news: readonly RowNews[]): string {
  const refreshed = news.reduce(withRow, text);
  parseModels(refreshed, 'models.json, refreshed,');
  return refreshed;
}

function withRow(text: string, { id, lifecycle, destinationRegions, confirmedOn }: RowNews): string {
  const start = text.indexOf(`"id": ${JSON.stringify(id)}`);
  const next = text.indexOf('"id": ', start + 1);
  const end = next < 0 ? text.length : next;
  const row = [
    ['destinationRegions', `[${destinationRegions.map((region) => JSON.stringify(region)).join(', ')}]`],
    ['status', JSON.stringify(lifecycle.status)],
    ['endOfLife', JSON.stringify(lifecycle.endOfLife)],
    ['confirmedOn', JSON.stringify(confirmedOn)],
  ].reduce(
    (block, [key, value]) =>
      block.replace(new RegExp(`("${key}": )(\\[[^\\]]*\\]|"[^"]*"|null)`), (_, name: string) => name + value),
    text.slice(start, end),
  );
  return text.slice(0, start) + row + text.slice(end);
}

/** The lines that differ, old and new, each model's under its id. A refresh changes lines, and adds none. */
export function changedLines(before: string, after: string): string[] {
  const old = before.split('\n');
  const shown: string[] = [];
  let model = '';
  let heading = '';
  for (const [index, line] of after.split('\n').entries()) {
    model = /"id": "(.+)"/.exec(line)?.[1] ?? model;
    if (line === old[index]) continue;
    if (model !== heading) shown.push(model);
    heading = model;
    shown.push(`  - ${old[index]?.trim()}`, `  + ${line.trim()}`);
  }
  return shown;
}
