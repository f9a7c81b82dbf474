import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { type ReadChoice, readChoice } from '../../lib/settings/choice.ts';
import type { Purpose } from '../../lib/settings/purpose.ts';
import type { Given } from '../../lib/settings/sources.ts';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions } from './aws.ts';

/** What a command is about to touch. */
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
 * @param doing what the command does, as in "deploying".
 * @throws UserError when a setting, the region or the credentials are wrong.
 */
export async function announceTarget(doing: string, purpose: Purpose): Promise<Target> {
  const { settings, given } = readChoice(purpose);
  refuseOtherRegion(settings.region, given);
  const target = {
    account: await knownAccount(settings.region),
    region: settings.region,
    stackName: settings.functionName,
  };
  console.error(
    `Account ${target.account}, region ${target.region}: ${doing} stack ${target.stackName}${inWords(given)}`,
  );
  return target;
}

/** Prints the stack and region for a command that touches no account. */
export function announceNoTarget(): ReadChoice {
  const choice = readChoice('read');
  console.error(
    `No account is touched: stack ${choice.settings.functionName} as it would be in region ${choice.settings.region}${inWords(choice.given)}`,
  );
  return choice;
}

function inWords(given: Given): string {
  return given.size === 0 ? '' : ` (with ${[...given].map(([name, value]) => `${name}=${value}`).join(', ')})`;
}

/** Where the shell names another region than the settings, one of the two is probably a mistake. */
function refuseOtherRegion(region: string, given: Given): void {
  const other = otherRegion(region, given);
  if (other)
    throw new UserError(
      `${other.name} is ${other.ambient}, but the stack goes to ${region}: give REGION=${region} if that is meant, or unset ${other.name}.`,
    );
}

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
