import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAssembly } from '../../lib/constructs/given-template.ts';
import { pendingPreviousDir, previousDir } from '../../lib/paths.ts';
import { isDenied } from '../shared/aws.ts';
import { readDeployedStack } from '../shared/deployed-stack.ts';
import { isRecorded, recordDeployment } from '../shared/deployment-record.ts';
import { keepingStop } from '../shared/function-state.ts';
import { deployedTemplate, hasWorked } from '../shared/stack-state.ts';
import type { Target } from '../shared/target.ts';
import { message, localized, type Text } from '../../lib/text.ts';
import { cdk } from './programs.ts';

const directories = [previousDir, pendingPreviousDir];
const recordFile = (directory: string): string => join(directory, 'previous.json');
const templateFile = (directory: string): string => join(directory, 'template.json');
const assembly = (directory: string): string => join(directory, 'cdk.out');

/** The cloud assembly of the previous version. */
const previousAssembly = assembly(previousDir);

const record = z.object({
  account: z.string(),
  region: z.string(),
  stackName: z.string(),
  was: z.enum(['absent', 'deployed']),
});

/** The version before the last deploy. */
interface Previous {
  /** Undefined when there was none: that deploy was the first. */
  readonly template: string | undefined;
}

/**
 * Saves the deployed template before a deploy changes it. An earlier record stays valid until that deploy has succeeded. Parameters
 * need no record, because the CDK does not change a stack's.
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
    console.error(localized(texts.unreadable()));
    return undefined;
  }
}

/** Makes the pending record the valid one, after a successful deploy. */
export function confirmPrevious(): void {
  if (!existsSync(recordFile(pendingPreviousDir))) return;
  remove(previousDir);
  renameSync(pendingPreviousDir, previousDir);
}

/** Settles the pending record of a deploy whose end is not known: if the deployed template is still the one before it, it did nothing. */
function settlePrevious(target: Target, deployed: string | undefined): void {
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
const isRemembered = (target: Target): boolean => directories.some((directory) => read(directory, target));

/** What was deployed before the last deploy of this stack from this clone, or undefined when there is no record. */
const readPrevious = (target: Target): Previous | undefined => read(previousDir, target);

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

/** The result of a rollback. */
export interface RolledBack {
  /** Whether the version before the last deploy is deployed again. */
  readonly done: boolean;
  readonly sentence: string;
}

const notDone = (text: Text): RolledBack => ({ done: false, sentence: localized(text) });

/** Deploys the version before the last deploy, by the CDK and its roles, and waits until CloudFormation has ended. */
export async function rollBack(target: Target): Promise<RolledBack> {
  const { stackName } = target;
  const nothing = notDone(texts.nothing(stackName));
  if (!isRemembered(target)) return nothing;
  const deployed = (await hasWorked(target)) ? await deployedTemplate(target) : undefined;
  settlePrevious(target, deployed);
  const previous = readPrevious(target);
  if (!previous || deployed === undefined) return nothing;
  const now = readDeployedStack(deployed);
  if (!now) return notDone(texts.foreign(stackName));
  if (previous.template === undefined) return notDone(texts.first(stackName));
  if (previous.template === deployed) return notDone(texts.unchanged(stackName));
  const app = { app: ['--app', previousAssembly] };
  await keepingStop(target, () => cdk('deploy', target.region, ['deploy', '--require-approval=never'], app));
  forgetPrevious(target);
  const before = readDeployedStack(previous.template)?.settings;
  if (isRecorded(target)) recordDeployment(target, before?.STREAM === '1');
  const lostBatch = now.settings.BATCH === '1' && before?.BATCH !== '1';
  return {
    done: true,
    sentence: localized(texts.done(stackName, lostBatch)),
  };
}

const texts = {
  unreadable: message(
    () =>
      'What is deployed cannot be remembered, so make rollback will not work. Allow cloudformation:DescribeStacks and cloudformation:GetTemplate to these credentials.',
    () =>
      'デプロイ済みの内容を保存できないため、make rollback は使えません。この認証情報に cloudformation:DescribeStacks と cloudformation:GetTemplate を許可してください。',
  ),
  nothing: message(
    (name: string) =>
      `Nothing is remembered of ${name} from before the last deploy, so it stays as it is. Check out the version that you want and run make deploy.`,
    (name) =>
      `${name} の前回のデプロイより前の記録がないため、何も変更していません。戻したいバージョンをチェックアウトして make deploy を実行してください。`,
  ),
  foreign: message(
    (name: string) => `The stack ${name} that is there now was not made by this project: it stays as it is.`,
    (name) => `いまあるスタック ${name} は、このプロジェクトで作成したものではないため、何も変更していません。`,
  ),
  first: message(
    (name: string) =>
      `There is no previous version of ${name}: this deploy was its first. It stays as it is; make destroy removes it.`,
    (name) =>
      `${name} は最初のデプロイのため、前のバージョンがありません。何も変更していません。削除するには make destroy を実行してください。`,
  ),
  unchanged: message(
    (name: string) => `The last deploy of ${name} changed nothing, so there is nothing to put back: it stays as it is.`,
    (name) => `${name} の前回のデプロイでは変更がなかったため、元に戻すものがありません。何も変更していません。`,
  ),
  done: message(
    (name: string, lostBatch: boolean) =>
      `Rolled back: ${name} is again what it was before the last deploy.${lostBatch ? ' The state machine of batches is gone, and its bucket stays if there are files in it.' : ''}`,
    (name, lostBatch) =>
      `${name} を前回のデプロイより前の状態に戻しました。${lostBatch ? 'バッチのステートマシンは削除され、ファイルのあるバケットは残ります。' : ''}`,
  ),
} as const;
