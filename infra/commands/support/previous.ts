import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAssembly } from '../../lib/given-template.ts';
import { previousDir } from '../../lib/paths.ts';
import { isDenied } from './aws-errors.ts';
import { deployedTemplate, hasWorked } from './stack-state.ts';
import type { Target } from './target.ts';

const recordFile = join(previousDir, 'previous.json');
const templateFile = join(previousDir, 'template.json');

/** A cloud assembly of what was deployed. */
export const previousAssembly = join(previousDir, 'cdk.out');

const record = z.object({ account: z.string(), region: z.string(), stackName: z.string(), was: z.enum(['absent', 'deployed']) });

/** What is known of the version before the last deploy. */
export interface Previous {
  /** Undefined when there was none: that deploy was the first. */
  readonly template: string | undefined;
}

/** Writes down what is deployed, before a deploy changes it. Parameters need no note: the CDK leaves those of a stack as they are. */
export async function rememberPrevious(target: Target): Promise<void> {
  rmSync(previousDir, { recursive: true, force: true });
  try {
    write(target, (await hasWorked(target)) ? await deployedTemplate(target) : undefined);
  } catch (error) {
    if (!isDenied(error)) throw error;
    console.error('What is deployed cannot be remembered, so make rollback will not work: allow cloudformation:DescribeStacks and cloudformation:GetTemplate to these credentials.');
  }
}

function write({ account, region, stackName }: Target, template: string | undefined): void {
  mkdirSync(previousDir, { recursive: true });
  if (template !== undefined) {
    writeFileSync(templateFile, template);
    writeAssembly(previousAssembly, { account, region, stackName }, template);
  }
  // Last: where it is, all else is whole.
  writeFileSync(recordFile, `${JSON.stringify({ account, region, stackName, was: template === undefined ? 'absent' : 'deployed' }, null, 2)}\n`);
}

/** What was deployed before the last deploy of this stack from this clone, or undefined when nobody wrote it down. */
export function readPrevious({ account, region, stackName }: Target): Previous | undefined {
  if (!existsSync(recordFile)) return undefined;
  const found = record.parse(JSON.parse(readFileSync(recordFile, 'utf8')));
  if (found.account !== account || found.region !== region || found.stackName !== stackName) return undefined;
  return { template: found.was === 'absent' ? undefined : readFileSync(templateFile, 'utf8') };
}

/** Forgets it, if it is of this stack: that version is deployed again, or the stack is gone. */
export function forgetPrevious(target: Target): void {
  if (readPrevious(target)) rmSync(previousDir, { recursive: true, force: true });
}
