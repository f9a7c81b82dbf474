import { exitOnError } from '../../lib/errors.ts';
import { message, localized } from '../../lib/text.ts';
import { grantedProblems, readGrantedTable } from './granted.ts';

const well = message(
  (ids: string, rows: number) => `${ids}: active, no end near; all ${rows} rows confirmed lately.`,
  (ids, rows) => `${ids} は提供中で、提供終了は近くありません。${rows} 行すべてが最近確認されています。`,
);

await exitOnError(() => {
  const known = readGrantedTable();
  const problems = grantedProblems(known);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.error(localized(well(known.granted.join(', '), known.table.models.length)));
});
