import { daysToEnd, hasEnded } from '../../lib/models/life.ts';
import { type ModelRow, countriesOf } from '../../lib/models/table.ts';
import { exitOnError } from '../../lib/errors.ts';
import { columns, wantsJson } from '../shared/terminal.ts';
import { type GrantedTable, readGrantedTable } from './granted.ts';

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
  console.log(
    `\n* granted (MODEL). Prices: US dollars per million tokens, list prices, ${readOn(known.table.models)}; models.json has each row's source. In, out: tokens.`,
  );
  console.log('make models-check tells what needs care.\n\nNot confirmed:');
  for (const { id, unconfirmed } of known.table.models)
    if (unconfirmed.length > 0) console.log(`${id}: ${unconfirmed.join('; ')}`);
});

/** When the prices were read, all of them. */
function readOn(rows: readonly ModelRow[]): string {
  const days = rows.map(({ confirmedOn }) => confirmedOn).toSorted();
  const [first, last] = [days.at(0), days.at(-1)];
  return first === last ? `read on ${first}` : `read from ${first} to ${last}`;
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
