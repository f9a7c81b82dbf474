import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { workspaceDir } from '../lib/paths.ts';
import { settingNames } from '../lib/settings/settings.ts';
import { outcomeOf } from './support/tools.ts';

const MAKEFILES = ['Makefile', 'infra/infra.mk', 'tools/pipeline/pipeline.mk'];

/** The variables in the help of the targets, and the settings of a deployment. */
function documented(): string[] {
  const text = MAKEFILES.map((name) => readFileSync(join(workspaceDir, name), 'utf8')).join('\n');
  const helps = [...text.matchAll(/^[a-z][a-z-]*:.*##-? (.*)$/gm)].map(([, help = '']) => help);
  const names = helps.flatMap((help) => [...help.matchAll(/\b([A-Z][A-Z_]*)=/g)].map(([, name = '']) => name));
  return [...new Set([...names, ...settingNames.keys()])];
}

/** Names that say too little to be in every program's environment, and those that the programs read instead. */
const RENAMED: Readonly<Record<string, string>> = {
  EVENT: 'XTASK_EVENT',
  P: 'XTASK_PROMPT',
  SCHEMA: 'XTASK_SCHEMA',
  TARGET: 'XTASK_TARGET',
  FAULT: 'XTASK_FAULT',
  PAGE: 'XTASK_PAGE',
  INPUT: 'BATCH_INPUT',
  OUTPUT: 'BATCH_OUTPUT',
  OF: 'SUMMARY_OF',
};

const folder = mkdtempSync(join(tmpdir(), 'make-variables-'));
afterAll(() => rmSync(folder, { recursive: true }));
// A target that prints the environment of the programs that it starts.
writeFileSync(join(folder, 'probe.mk'), 'probe:\n\t@env\n');

/** The value would leave a file of the variable's name, were it ever expanded. */
const hostile = (name: string): string => `$(shell touch ${join(folder, `ran-${name}`)}) $$HOME $(id) "it's" #`;

/** Gives make the variables, sees that none was run, and returns what was printed. */
async function make(target: string, typed: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  const args = ['--silent', '-f', 'Makefile', '-f', join(folder, 'probe.mk'), target, ...typed];
  const outcome = await outcomeOf('make', args, {
    cwd: workspaceDir,
    env: { ...environment, PATH: `${process.env.PATH}:${environment.PATH ?? ''}` },
  });
  expect(outcome).toMatchObject({ status: 0, stderr: '' });
  expect(readdirSync(folder).filter((name) => name.startsWith('ran-'))).toEqual([]);
  return outcome.stdout;
}

describe('what somebody gives as a variable is never run by make,', () => {
  const names = documented();
  const given = (of: readonly string[]): [string, string][] => of.map((name) => [name, hostile(name)]);
  const asTheyArrive = names.map((name) => `${RENAMED[name] ?? name}=${hostile(name)}`);

  it('and there are variables to try', () => {
    expect(names).toEqual(expect.arrayContaining(['MODEL', 'REGION', 'P', 'EVENT', 'SINCE', 'REPO', 'OF']));
    expect(names.length).toBeGreaterThan(30);
  });

  it.each(['help', 'probe'])('on the command line of make %s', async (target) => {
    const typed = given([...names, 'OTHER']).map(([name, value]) => `${name}=${value}`);
    const printed = await make(target, typed, {});
    if (target === 'probe') expect(printed.split('\n')).toEqual(expect.arrayContaining(asTheyArrive));
  });

  it.each(['help', 'probe'])('in the environment of make %s', async (target) => {
    const printed = await make(target, [], Object.fromEntries(given([...names, 'PATH', 'OTHER'])));
    if (target === 'probe') expect(printed.split('\n')).toEqual(expect.arrayContaining(asTheyArrive));
  });
});
