import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { staysActive, replacementOf } from '../../lib/models/life.ts';
import type { ModelRow } from '../../lib/models/table.ts';
import { UserError, exitOnError } from '../../lib/errors.ts';
import { type GrantedTable, grantedProblems, readGrantedTable } from './granted.ts';

/** The label of the issue. */
const LABEL = 'models';
const TITLE = 'A model needs care';

/**
 * Keeps one GitHub issue about the models that need care: opened when `make models-check` fails, brought up to date
 * while it does, closed when it passes again. `gh` talks to GitHub.
 */
await exitOnError(() => {
  const known = readGrantedTable();
  const problems = grantedProblems(known);
  for (const problem of problems) console.error(problem);
  console.error(problems.length > 0 ? writeIssue(body(problems, known)) : closeIssue());
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

function writeIssue(text: string): string {
  gh(['label', 'create', LABEL, '--force', '--description', 'Models that end or have to be confirmed']);
  const number = openIssue();
  if (number === undefined)
    return `Opened ${gh(['issue', 'create', '--title', TITLE, '--label', LABEL, '--body-file', '-'], text)}`;
  gh(['issue', 'edit', number, '--title', TITLE, '--body-file', '-'], text);
  return `Brought issue ${number} up to date.`;
}

function closeIssue(): string {
  const number = openIssue();
  if (number === undefined) return 'All models are well; there is no issue to close.';
  gh(['issue', 'close', number, '--comment', '`make models-check` passes again.']);
  return `All models are well; closed issue ${number}.`;
}

/** The number of the open issue; of several, the oldest, because a person opened the others. */
function openIssue(): string | undefined {
  const listed = gh(['issue', 'list', '--state', 'open', '--label', LABEL, '--limit', '100', '--json', 'number']);
  const numbers = z.array(z.object({ number: z.int() })).parse(JSON.parse(listed));
  return numbers.length > 0 ? String(Math.min(...numbers.map(({ number }) => number))) : undefined;
}

/**
 * @throws UserError when gh is missing or fails.
 */
function gh(words: readonly string[], input = ''): string {
  const { error, status, stdout, stderr } = spawnSync('gh', words, { input, encoding: 'utf8' });
  if (error)
    throw new UserError('GitHub cannot be asked: gh is missing; install it (https://cli.github.com), then try again.');
  if (status !== 0) throw new UserError(`GitHub refused: gh ${words.slice(0, 2).join(' ')} failed: ${stderr.trim()}`);
  return stdout.trim();
}
