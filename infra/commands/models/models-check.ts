import { exitOnError } from '../../lib/errors.ts';
import { grantedProblems, readGrantedTable } from './granted.ts';

await exitOnError(() => {
  const known = readGrantedTable();
  const problems = grantedProblems(known);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else
    console.error(
      `${known.granted.join(', ')}: active, no end near; all ${known.table.models.length} rows confirmed lately.`,
    );
});
