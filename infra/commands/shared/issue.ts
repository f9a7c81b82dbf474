import { spawnSync } from 'node:child_process';
import { z } from 'zod';
import { UserError } from '../../lib/errors.ts';

/** The one GitHub issue that a workflow keeps. */
export interface Issue {
  /** Its label, by which it is found. */
  readonly label: string;
  /** Of the label. */
  readonly description: string;
  readonly title: string;
  /** What is said where there is nothing to write into it, without a full stop. */
  readonly well: string;
  /** What it is closed with. */
  readonly comment: string;
}

/**
 * Opens the issue or brings it up to date, and without a text closes it. `gh` talks to GitHub.
 *
 * @returns what was done.
 * @throws UserError when gh is missing or fails.
 */
export function keepIssue(issue: Issue, text: string | undefined): string {
  return text === undefined ? close(issue) : write(issue, text);
}

function write({ label, description, title }: Issue, text: string): string {
  gh(['label', 'create', label, '--force', '--description', description]);
  const number = openIssue(label);
  if (number === undefined)
    return `Opened ${gh(['issue', 'create', '--title', title, '--label', label, '--body-file', '-'], text)}`;
  gh(['issue', 'edit', number, '--title', title, '--body-file', '-'], text);
  return `Brought issue ${number} up to date.`;
}

function close({ label, well, comment }: Issue): string {
  const number = openIssue(label);
  if (number === undefined) return `${well}; there is no issue to close.`;
  gh(['issue', 'close', number, '--comment', comment]);
  return `${well}; closed issue ${number}.`;
}

/** The number of the open issue; of several, the oldest, because a person opened the others. */
function openIssue(label: string): string | undefined {
  const listed = gh(['issue', 'list', '--state', 'open', '--label', label, '--limit', '100', '--json', 'number']);
  const numbers = z.array(z.object({ number: z.int() })).parse(JSON.parse(listed));
  return numbers.length > 0 ? String(Math.min(...numbers.map(({ number }) => number))) : undefined;
}

function gh(words: readonly string[], input = ''): string {
  const { error, status, stdout, stderr } = spawnSync('gh', words, { input, encoding: 'utf8' });
  if (error)
    throw new UserError('GitHub cannot be asked: gh is missing; install it (https://cli.github.com), then try again.');
  if (status !== 0) throw new UserError(`GitHub refused: gh ${words.slice(0, 2).join(' ')} failed: ${stderr.trim()}`);
  return stdout.trim();
}
