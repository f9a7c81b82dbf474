import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAssembly } from '../../lib/given-template.ts';
import { pendingPreviousDir, previousDir } from '../../lib/paths.ts';
import { isDenied } from './aws-errors.ts';
import { deployedTemplate, hasWorked } from './stack-state.ts';
import type { Target } from './target.ts';

const directories = [previousDir, pendingPreviousDir];
const recordFile = (directory: string): string => join(directory, 'previous.json');
const templateFile = (directory: string): string => join(directory, 'template.json');
const assembly = (directory: string): string => join(directory, 'cdk.out');

/** A cloud assembly of what was deployed. */
export const previousAssembly = assembly(previousDir);

const record = z.object({
  account: z.string(),
  region: z.string(),
  stackName: z.string(),
  was: z.enum(['absent', 'deployed']),
});

/** What is known of the version before the last deploy. */
export interface Previous {
  /** Undefined when there was none: that deploy was the first. */
  readonly template: string | undefined;
}

/**
 * Saves what is deployed, before a deploy changes it. An earlier record stays valid until that deploy went through. Parameters
 * need no record: the CDK leaves those of a stack as they are.
 *
 * @returns the template, or undefined where nothing is deployed or it may not be read.
 */
export async function rememberPrevious(target: Target): Promise<string | undefined> {
  try {
    const template = (await hasWorked(target)) ? await deployedTemplate(target) : undefined;
    settlePrevious(target, template);
    write(target, template);
    return template;
  } catch (error) {
    if (!isDenied(error)) throw error;
    for (const directory of directories) remove(directory);
    console.error(
      'What is deployed cannot be remembered, so make rollback will not work: allow cloudformation:DescribeStacks and cloudformation:GetTemplate to these credentials.',
    );
    return undefined;
  }
}

/** Makes the pending record the valid one: the deploy went through. */
export function confirmPrevious(): void {
  if (!existsSync(recordFile(pendingPreviousDir))) return;
  remove(previousDir);
  renameSync(pendingPreviousDir, previousDir);
}

/** Settles the record of a deploy whose end is not known, by what is deployed now: if that is what was before, the deploy did nothing. */
export function settlePrevious(target: Target, deployed: string | undefined): void {
  const pending = read(pendingPreviousDir, target);
  if (pending && pending.template !== deployed) confirmPrevious();
  // The pending record is another stack's. Whether that deploy went through is not known here, so its earlier record may be wrong.
  else if (!pending && existsSync(recordFile(pendingPreviousDir)) && !readPrevious(target)) remove(previousDir);
  remove(pendingPreviousDir);
}

function write({ account, region, stackName }: Target, template: string | undefined): void {
  mkdirSync(pendingPreviousDir, { recursive: true });
  if (template !== undefined) {
    writeFileSync(templateFile(pendingPreviousDir), template);
    writeAssembly(assembly(pendingPreviousDir), { account, region, stackName }, template);
  }
  // Written last: where this file exists, the other files are complete.
  writeFileSync(
    recordFile(pendingPreviousDir),
    `${JSON.stringify({ account, region, stackName, was: template === undefined ? 'absent' : 'deployed' }, null, 2)}\n`,
  );
}

/** Whether there is any record of this stack. */
export const isRemembered = (target: Target): boolean => directories.some((directory) => read(directory, target));

/** What was deployed before the last deploy of this stack from this clone, or undefined when there is no record. */
export const readPrevious = (target: Target): Previous | undefined => read(previousDir, target);

function read(directory: string, { account, region, stackName }: Target): Previous | undefined {
  if (!existsSync(recordFile(directory))) return undefined;
  const found = record.parse(JSON.parse(readFileSync(recordFile(directory), 'utf8')));
  if (found.account !== account || found.region !== region || found.stackName !== stackName) return undefined;
  return { template: found.was === 'absent' ? undefined : readFileSync(templateFile(directory), 'utf8') };
}

/** Deletes the record of this stack: that version is deployed again, or the stack is gone. */
export function forgetPrevious(target: Target): void {
  for (const directory of directories) if (read(directory, target)) remove(directory);
}

const remove = (directory: string): void => rmSync(directory, { recursive: true, force: true });
