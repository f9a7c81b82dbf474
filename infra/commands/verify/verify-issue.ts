import { exitOnError } from '../../lib/errors.ts';
import { verifiedDir } from '../../lib/paths.ts';
import { keepIssue } from '../shared/issue.ts';
import { commitOf, type Report, readReports } from './report.ts';
import { lineOf } from './run.ts';

const ISSUE = {
  label: 'verify',
  description: 'What make verify saw on AWS',
  title: 'make verify failed on AWS',
  well: 'Every promise held',
  comment: '`make verify` passes again.',
};

/**
 * Keeps one GitHub issue about what the run of `make verify` before it saw: opened when a promise did not hold or there is no report,
 * brought up to date while that is so, closed when all hold again.
 */
await exitOnError(() => {
  const report = reportOfThisCommit();
  const isWell = report?.steps.every(({ result }) => result !== 'failed') ?? false;
  console.error(keepIssue(ISSUE, isWell ? undefined : body(report)));
  if (!isWell) process.exitCode = 1;
});

/** A report that is committed is of a commit before it. */
function reportOfThisCommit(): Report | undefined {
  const withoutMark = (commit: string): string => commit.replace(/\+$/, '');
  return readReports(verifiedDir).find(({ commit }) => withoutMark(commit) === withoutMark(commitOf()));
}

function body(report: Report | undefined): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = process.env;
  const failed = report?.steps.filter(({ result }) => result === 'failed') ?? [];
  const parts = [
    report
      ? `\`make verify\` of ${report.commit} in ${report.region} says:`
      : '`make verify` wrote no report: it was refused, or it ended before its end.',
    ...(report ? [`~~~text\n${failed.map((step) => lineOf(step, 0)).join('\n')}\n~~~`] : []),
    ...(GITHUB_RUN_ID ? [`The run: ${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`] : []),
    'This issue is brought up to date every night, and closed once `make verify` passes.',
  ];
  return `${parts.join('\n\n')}\n`;
}
