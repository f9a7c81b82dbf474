import { staysActive, replacementOf } from '../../lib/models/life.ts';
import type { ModelRow } from '../../lib/models/table.ts';
import { exitOnError } from '../../lib/errors.ts';
import { keepIssue } from '../shared/issue.ts';
import { type GrantedTable, grantedProblems, readGrantedTable } from './granted.ts';

const ISSUE = {
  label: 'models',
  description: 'Models that end or have to be confirmed',
  title: 'A model needs care',
  well: 'All models are well',
  comment: '`make models-check` passes again.',
};

/**
 * Keeps one GitHub issue about the models that need care: opened when `make models-check` fails, brought up to date
 * while it does, closed when it passes again.
 */
await exitOnError(() => {
  const known = readGrantedTable();
  const problems = grantedProblems(known);
  for (const problem of problems) console.error(problem);
  console.error(keepIssue(ISSUE, problems.length > 0 ? body(problems, known) : undefined));
  if (problems.length > 0) process.exitCode = 1;
});

function body(problems: readonly string[], { table, granted, today }: GrantedTable): string {
  const care = table.models
    .filter((row) => granted.includes(row.id) && !staysActive(row, today))
    .map((row) => advice(row, replacementOf(row, table.models, today)));
  const parts = [
    '`make models-check` says:',
    problems.map((problem) => `- ${problem}`).join('\n'),
    ...(care.length > 0 ? ['What can take its place:', care.join('\n')] : []),
    'This issue is brought up to date every week, and closed once `make models-check` passes.',
  ];
  return `${parts.join('\n\n')}\n`;
}

function advice(old: ModelRow, replacement: ModelRow | undefined): string {
  if (!replacement)
    return `- \`${old.id}\`: models.json has no model that keeps prompts in the same regions and asks for no more access. \`make models\` lists the others.`;
  const { id, name, pricePerMillionTokens } = replacement;
  const cost = `$${pricePerMillionTokens.input} in, $${pricePerMillionTokens.output} out for a million tokens`;
  return `- \`${old.id}\`: use \`${id}\` (${name}; ${cost}). Write it as \`MODEL\` to infra/settings.json, or run \`make deploy MODEL=${id}\`.`;
}
