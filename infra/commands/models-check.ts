import { lifeProblems } from '../lib/model-life.ts';
import { UserError } from '../lib/user-error.ts';
import { exitOnError } from './support/exit.ts';
import { readGrantedTable } from './support/granted.ts';

await exitOnError(() => {
  const { table, granted, today } = readGrantedTable();
  const missing = granted.filter((id) => !table.models.some((row) => row.id === id));
  if (missing.length > 0)
    throw new UserError(`MODEL ${missing.join(', ')} is not in models.json: \`make models\` lists what is.`);
  const problems = lifeProblems(table.models, granted, today);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.error(`${granted.join(', ')}: active, no end near; all ${table.models.length} rows confirmed lately.`);
});
