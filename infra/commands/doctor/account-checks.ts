import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { isMissing } from '../support/aws-errors.ts';
import { clientOptions } from '../support/clients.ts';
import { BOOTSTRAP_VERSION } from '../support/preconditions.ts';
import type { Target } from '../support/target.ts';
import { accountMessages as says } from './account-messages.ts';
import type { Check } from './check.ts';
import { failure, type Finding, ok, warning } from './finding.ts';

/** What the CDK's assemblies ask of a bootstrap (MIN_BOOTSTRAP_STACK_VERSION of its DefaultStackSynthesizer). */
const LEAST_BOOTSTRAP = 6;

/** New accounts have 10; ordinary ones 1000 (Lambda quotas). */
const LOW_CONCURRENCY = 100;

/** What the account as a whole has to have. */
export function accountChecks({ account, region }: Target): Check[] {
  return [
    { id: 'identity', run: () => [ok(says.identity(account, region))] },
    { id: 'bootstrap', essential: true, permissions: ['ssm:GetParameter'], run: (signal) => bootstrap(region, signal) },
    { id: 'concurrency', permissions: ['lambda:GetAccountSettings'], run: (signal) => concurrency(region, signal) },
  ];
}

async function bootstrap(region: string, abortSignal: AbortSignal): Promise<Finding[]> {
  try {
    const { Parameter } = await new SSMClient(clientOptions(region)).send(
      new GetParameterCommand({ Name: BOOTSTRAP_VERSION }),
      { abortSignal },
    );
    const version = Parameter?.Value ?? '0';
    return [
      Number(version) >= LEAST_BOOTSTRAP
        ? ok(says.bootstrap(version))
        : failure(says.bootstrapOld(version, LEAST_BOOTSTRAP), says.bootstrapRemedy()),
    ];
  } catch (error) {
    if (isMissing(error)) return [failure(says.bootstrapMissing(), says.bootstrapRemedy())];
    throw error;
  }
}

async function concurrency(region: string, abortSignal: AbortSignal): Promise<Finding[]> {
  const { AccountLimit } = await new LambdaClient(clientOptions(region)).send(new GetAccountSettingsCommand({}), {
    abortSignal,
  });
  const limit = AccountLimit?.ConcurrentExecutions ?? 0;
  if (AccountLimit?.UnreservedConcurrentExecutions === 0)
    return [failure(says.concurrencyNone(), says.concurrencyNoneRemedy())];
  return [
    limit < LOW_CONCURRENCY
      ? warning(says.concurrencyLow(limit), says.concurrencyLowRemedy())
      : ok(says.concurrency(limit)),
  ];
}
