import { daysToEnd, hasEnded } from '../../lib/models/life.ts';
import { type ModelRow, countriesOf } from '../../lib/models/table.ts';
import { exitOnError } from '../../lib/errors.ts';
import { message, localized } from '../../lib/text.ts';
import { columns, wantsJson } from '../shared/terminal.ts';
import { type GrantedTable, readGrantedTable } from './granted.ts';

const texts = {
  legend: message(
    (first: string, last: string) =>
      [
        `* granted (MODEL). Prices: US dollars per million tokens, list prices, read ${first === last ? `on ${first}` : `from ${first} to ${last}`}; models.json has each row's source. In, out: tokens.`,
        'make models-check tells what needs care.\n\nNot confirmed:',
      ].join('\n'),
    (first, last) =>
      [
        `* は許可されているモデル (MODEL) です。料金は 100 万トークンあたりの米ドル (定価) で、確認日は ${first === last ? first : `${first} 〜 ${last}`}、出典は models.json にあります。`,
        '対応が必要なモデルは make models-check で確認できます。\n\n未確認の項目 (英語):',
      ].join('\n'),
  ),
} as const;

await exitOnError(() => {
  const known = readGrantedTable();
  if (wantsJson())
    return console.log(
      JSON.stringify(
        known.table.models.map((row) => ({
          ...row,
          granted: known.granted.includes(row.id),
          daysToEnd: daysToEnd(row, known.today) ?? null,
        })),
        null,
        2,
      ),
    );
  console.log(asTable(known));
  console.log(`\n${localized(texts.legend(...readBetween(known.table.models)))}`);
  for (const { id, unconfirmed } of known.table.models)
    if (unconfirmed.length > 0) console.log(`${id}: ${unconfirmed.join('; ')}`);
});

/** The first and the last day on which the prices were read. */
function readBetween(rows: readonly ModelRow[]): [string, string] {
  const days = rows.map(({ confirmedOn }) => confirmedOn).toSorted();
  return [days.at(0) ?? '', days.at(-1) ?? ''];
}

function asTable({ table, granted, today }: GrantedTable): string {
  const headings = [
    { heading: '' },
    { heading: 'model' },
    { heading: 'reach' },
    { heading: 'processed in' },
    { heading: '$ in', right: true },
    { heading: '$ out', right: true },
    { heading: 'max out', right: true },
    { heading: 'access' },
    { heading: 'end' },
  ];
  return columns(
    headings,
    table.models.map((row) => [granted.includes(row.id) ? '*' : '', ...cells(row, today)]),
  );
}

function cells(row: ModelRow, today: string): string[] {
  const { input, output } = row.pricePerMillionTokens;
  return [
    row.id,
    row.reach.replace('-profile', ''),
    countriesOf(row).join(', ') || 'any country',
    input.toFixed(3),
    output.toFixed(3),
    String(row.maxOutputTokens),
    row.access,
    end(row, today),
  ];
}

function end(row: ModelRow, today: string): string {
  const { status, endOfLife, endOfLifeNoSoonerThan } = row.lifecycle;
  if (hasEnded(row, today)) return `ended ${endOfLife ?? ''}`.trimEnd();
  const words = status === 'legacy' ? ['legacy'] : [];
  if (endOfLife !== null) words.push(`in ${daysToEnd(row, today)} days (${endOfLife})`);
  else if (endOfLifeNoSoonerThan !== null && endOfLifeNoSoonerThan > today)
    words.push(`not before ${endOfLifeNoSoonerThan}`);
  return words.join(', ') || 'none announced';
}
