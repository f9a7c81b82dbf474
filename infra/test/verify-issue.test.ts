import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { commitOf, type Report } from '../commands/verify/report.ts';
import { workspaceDir } from '../lib/paths.ts';
import { type Outcome, outcomeOf } from './support/tools.ts';

const step = (name: string, result: 'passed' | 'failed', seen: string) => ({ name, proves: name, result, seen });
const held: Report = {
  date: '2026-11-27',
  region: 'ap-northeast-1',
  commit: commitOf(),
  versions: {},
  models: [],
  isEmulated: false,
  mostUsd: 0.1,
  minutes: 20,
  figures: {},
  steps: [step('make deploy', 'passed', 'CREATE_COMPLETE'), step('the log', 'passed', '1 calls')],
};
const broken: Report = { ...held, steps: [step('the log', 'failed', '1 lines have a prompt in them')] };
const issues = z.object({
  issues: z.array(z.object({ open: z.boolean(), title: z.string(), labels: z.array(z.string()), body: z.string() })),
});

/** All of it real but GitHub: fake_gh.py keeps the issues. */
describe('make verify-issue', () => {
  let folder: string;
  const state = () => issues.parse(JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'))).issues;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'verify-issue-'));
    copyFileSync(join(workspaceDir, 'infra/test/support/fake_gh.py'), join(folder, 'gh'));
    writeFileSync(join(folder, 'state.json'), JSON.stringify({ issues: [], labels: [], calls: [] }));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** One run of the workflow, which left this report. */
  function night(report: Report | undefined): Promise<Outcome> {
    const verified = join(folder, 'verified');
    rmSync(verified, { recursive: true, force: true });
    mkdirSync(verified);
    if (report) writeFileSync(join(verified, 'report.json'), JSON.stringify(report));
    const env = {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: folder,
      GH_STATE: join(folder, 'state.json'),
      BEDROCK_INFRA_VERIFIED_DIR: verified,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'octo/repo',
      GITHUB_RUN_ID: '7',
    };
    return outcomeOf('make', ['--silent', 'verify-issue'], { cwd: workspaceDir, env });
  }

  it('opens one issue about what did not hold, keeps it while that is so, and closes it when all holds again', async () => {
    expect(await night(broken)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Opened https://github.com/owner/name/issues/1\n'),
    });
    expect(await night(broken)).toMatchObject({ status: 2, stderr: expect.stringContaining('Brought issue 1 up to') });
    expect(state()).toMatchObject([{ open: true, title: 'make verify failed on AWS', labels: ['verify'] }]);
    expect(state()[0]?.body).toContain('\n✗ the log  1 lines have a prompt in them\n');
    expect(state()[0]?.body).toContain('https://github.com/octo/repo/actions/runs/7');
    expect(await night(held)).toMatchObject({ status: 0, stderr: 'Every promise held; closed issue 1.\n' });
    expect(state()).toMatchObject([{ open: false }]);
  });

  it('opens none where all holds', async () => {
    expect(await night(held)).toMatchObject({
      status: 0,
      stderr: 'Every promise held; there is no issue to close.\n',
    });
    expect(state()).toEqual([]);
  });

  it.each([
    ['there is no report', undefined],
    ['the reports that are there are of earlier commits', { ...held, commit: '0123456789ab' }],
  ])('opens one where %s', async (_, report) => {
    expect((await night(report)).status).toBe(2);
    expect(state()[0]?.body).toContain('`make verify` wrote no report');
  });
});
