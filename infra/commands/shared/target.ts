import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type ReadChoice, readChoice } from '../../lib/settings/choice.ts';
import type { Purpose } from '../../lib/settings/purpose.ts';
import type { Given } from '../../lib/settings/sources.ts';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions } from './aws.ts';
import { message, localized, type Text } from '../../lib/text.ts';

/** The account, region and stack of a command. */
export interface Target {
  readonly account: string;
  readonly region: string;
  /** Name of the stack, and of its function. */
  readonly stackName: string;
}

/**
 * Reads the settings, asks AWS which account the credentials belong to, and prints both before
 * anything is changed.
 *
 * @param doing what the command does.
 * @throws UserError when a setting, the region or the credentials are wrong.
 */
export async function announceTarget(doing: Doing | Text, purpose: Purpose): Promise<Target> {
  const { settings, given } = readChoice(purpose);
  refuseOtherRegion(settings.region, given);
  const target = {
    account: await knownAccount(settings.region),
    region: settings.region,
    stackName: settings.functionName,
  };
  console.error(
    localized(
      texts.target(target, typeof doing === 'string' ? { en: doing, ja: DOINGS[doing] } : doing, inWords(given)),
    ),
  );
  return target;
}

/** Prints the stack and region for a command that touches no account. */
export function announceNoTarget(): ReadChoice {
  const choice = readChoice('read');
  const { functionName, region } = choice.settings;
  console.error(localized(texts.noTarget(functionName, region, inWords(choice.given))));
  return choice;
}

function inWords(given: Given): string {
  return [...given].map(([name, value]) => `${name}=${value}`).join(', ');
}

/** Where the shell names another region than the settings, one of the two is probably a mistake. */
function refuseOtherRegion(region: string, given: Given): void {
  const other = otherRegion(region, given);
  if (other) throw new UserError(otherRegionText(other.name, other.ambient, region));
}

/** The sentence for a shell that names another region. */
export const otherRegionText = message(
  (name: string, ambient: string, region: string) =>
    `${name} is ${ambient}, but the stack goes to ${region}. Give REGION=${region} if that is meant, or unset ${name}.`,
  (name, ambient, region) =>
    `${name} は ${ambient} ですが、スタックのデプロイ先は ${region} です。それでよければ REGION=${region} を指定し、そうでなければ ${name} の設定を解除してください。`,
);

/** The shell's variable that names another region than the settings do, unless REGION is given. */
export function otherRegion(region: string, given: Given): { name: string; ambient: string } | undefined {
  const name = ['AWS_REGION', 'AWS_DEFAULT_REGION'].find((variable) => process.env[variable]);
  const ambient = name && process.env[name];
  return !ambient || ambient === region || given.has('REGION') ? undefined : { name, ambient };
}

async function knownAccount(region: string): Promise<string> {
  try {
    return await callerAccount(region);
  } catch (error) {
    throw asUserError(error, region);
  }
}

/** The account of the credentials. Errors are the SDK's own. */
export async function callerAccount(region: string, abortSignal?: AbortSignal): Promise<string> {
  const { Account } = await new STSClient(clientOptions(region)).send(new GetCallerIdentityCommand({}), {
    abortSignal,
  });
  if (!Account) throw new Error('AWS did not say whose credentials these are.');
  return Account;
}

/** What a command does to a stack: English for the commands' code, and its Japanese. */
const DOINGS = {
  deploying: 'をデプロイします',
  removing: 'を削除します',
  'rolling back': 'を前のバージョンに戻します',
  comparing: 'との差分を調べます',
  reading: 'の内容を読みます',
  'reading the state of': 'の状態を調べます',
  'reading the log of': 'のログを読みます',
  'adding up the estimated cost of': 'の推定料金を集計します',
  'stopping the function of': 'の関数を停止します',
  'resuming the function of': 'の関数を再開します',
  'setting up the CDK (bucket, roles: stack CDKToolkit) for':
    'のために CDK の初期設定 (S3 バケットと IAM ロール。スタック CDKToolkit) をします',
  "removing GitHub's role for": 'をデプロイする GitHub 用のロールを削除します',
  'removing throwaway stacks of make verify older than an hour, beside':
    'とは別に、make verify が残した 1 時間以上前の一時スタックを削除します',
  'proving on a throwaway beside': 'とは別の一時スタックで確認します',
} as const;

type Doing = keyof typeof DOINGS;

const texts = {
  target: message(
    ({ account, region, stackName }: Target, doing: Text, given: string) =>
      `Account ${account}, region ${region}: ${doing.en} stack ${stackName}${given && ` (with ${given})`}`,
    ({ account, region, stackName }, doing, given) =>
      `アカウント ${account}、リージョン ${region}: スタック ${stackName} ${doing.ja}${given && ` (指定: ${given})`}`,
  ),
  noTarget: message(
    (name: string, region: string, given: string) =>
      `No account is touched: stack ${name} as it would be in region ${region}${given && ` (with ${given})`}`,
    (name, region, given) =>
      `アカウントには触れません。リージョン ${region} に作られるスタック ${name} を表示します${given && ` (指定: ${given})`}`,
  ),
} as const;
