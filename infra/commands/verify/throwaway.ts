import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  paginateDescribeStacks,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { UserError } from '../../lib/errors.ts';
import { THROWAWAY } from '../../lib/names.ts';
import { verifyDir } from '../../lib/paths.ts';
import { STACK_TAG, STACK_TAG_VARIABLE } from '../../lib/settings/purpose.ts';
import { settingNames } from '../../lib/settings/settings.ts';
import type { Given } from '../../lib/settings/sources.ts';
import type { Text } from '../../lib/text.ts';
import { asUserError, clientOptions, isDenied } from '../shared/aws.ts';
import type { Target } from '../shared/target.ts';

/** Whether `make verify` made the stack: its name and its tag both say so. One that was claimed alone has nothing in it, and no tag. */
export const isThrowaway = ({ StackName = '', StackStatus, Tags = [] }: Stack): boolean =>
  THROWAWAY.test(StackName) &&
  (StackStatus === 'REVIEW_IN_PROGRESS' || Tags.some(({ Key, Value }) => Key === STACK_TAG && Value === StackName));

/** The refusal of a stack that is there, whoever made it: what a run has not made, it does not remove. */
export const isTaken = ({ stackName, region }: Target): UserError =>
  new UserError({
    en: `The stack ${stackName} is there already. Choose another SUFFIX, or remove it by ${removalCommand(stackName, region)}. Nothing was made.`,
    ja: `スタック ${stackName} はすでにあります。別の SUFFIX を指定するか、${removalCommand(stackName, region)} で削除してください。何も作成していません。`,
  });

/**
 * Takes the name: of two runs at once CloudFormation lets one make a change set of this name. It makes an empty stack, and is gone once
 * that of the deploy is executed.
 *
 * @throws UserError where another run has the name.
 */
export async function claim(target: Target): Promise<void> {
  const TemplateBody = JSON.stringify({ Resources: { Claim: { Type: 'AWS::CloudFormation::WaitConditionHandle' } } });
  const change = {
    StackName: target.stackName,
    ChangeSetName: 'make-verify',
    ChangeSetType: 'CREATE',
    TemplateBody,
  } as const;
  try {
    await new CloudFormationClient(clientOptions(target.region)).send(new CreateChangeSetCommand(change));
  } catch (error) {
    // Whoever may deploy by the CDK's roles alone goes on without it.
    if (isDenied(error)) return;
    if (error instanceof Error && /already exists/.test(error.message)) throw isTaken(target);
    throw asUserError(error, target.region);
  }
}

/**
 * The throwaway stacks that are there, whoever made them. Errors are the SDK's own.
 *
 * @param StackName of the one that is asked for: whoever may read that stack alone may not list the others.
 */
export async function throwawayStacks(region: string, StackName?: string): Promise<Stack[]> {
  const stacks: Stack[] = [];
  const client = new CloudFormationClient(clientOptions(region));
  for await (const page of paginateDescribeStacks({ client }, { StackName })) stacks.push(...(page.Stacks ?? []));
  return stacks.filter(isThrowaway);
}

/** The command that removes it. */
export const removalCommand = (name: string, region: string): string =>
  `make destroy FUNCTION_NAME=${name} REGION=${region}`;

/** The resources that a removal has left, and the command that removes them. */
export const leftText = ({ stackName, region }: Target, left: readonly string[]): Text => ({
  en: `Left: ${left.join(', ')}. Remove it: ${removalCommand(stackName, region)}`,
  ja: `残っているもの: ${left.join('、')}。次のコマンドで削除できます: ${removalCommand(stackName, region)}`,
});

/** Settings that a throwaway leaves out, whatever the user's are: they would write to somebody, or belong to the account. */
const LEFT_OUT = new Set(['ALARM_EMAIL', 'MONTHLY_BUDGET_USD', 'DAILY_LIMIT_USD', 'DASHBOARD', 'MAX_CONCURRENCY']);

/** What its answers are short by, and its prompts: this is what bounds the cost of a run. */
export const LIMITS = { MAX_TOKENS: 64, MAX_TOKENS_LIMIT: 2000, MAX_PROMPT_CHARS: 2000 } as const;

/** The settings of a throwaway: the user's own, within the limits of a run. */
export const throwawaySettings = (given: Given, name: string, region: string): Map<string, string | number | boolean> =>
  new Map([
    ...[...given].filter(([setting]) => !LEFT_OUT.has(setting)),
    ...Object.entries({ ...LIMITS, FUNCTION_URL: true, FUNCTION_NAME: name, REGION: region }),
  ]);

/**
 * The environment of the targets that act on the throwaway. They keep what they record in a folder of their own, so that the user's
 * deployment stays the one that `make invoke` calls, and see no variable that was typed after `make verify`.
 */
export function throwawayEnvironment(name: string, settings: ReadonlyMap<string, unknown>): NodeJS.ProcessEnv {
  const directory = join(verifyDir, name);
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'settings.json');
  writeFileSync(file, JSON.stringify(Object.fromEntries(settings), null, 2));
  const isOfThisRun = (variable: string) => settingNames.has(variable) || /^(MAKE|MFLAGS|JSON$|YES$)/.test(variable);
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([variable]) => !isOfThisRun(variable))),
    BEDROCK_INFRA_STATE_DIR: directory,
    BEDROCK_INFRA_SETTINGS_FILE: file,
    [STACK_TAG_VARIABLE]: name,
    // Nobody answers a question of the CDK's in the middle of a run.
    CI: 'true',
  };
}
