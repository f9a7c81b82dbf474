import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { isMissing } from '../support/aws-errors.ts';
import { clientOptions } from '../support/clients.ts';
import { accountConcurrency, concurrencyObstacle } from '../support/concurrency.ts';
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
export function accountChecks(target: Target, maxConcurrency: number | undefined): Check[] {
  const { account, region } = target;
  return [
    { id: 'identity', run: () => [ok(says.identity(account, region))] },
    { id: 'bootstrap', essential: true, permissions: ['ssm:GetParameter'], run: (signal) => bootstrap(region, signal) },
    {
      id: 'concurrency',
      permissions: ['lambda:GetAccountSettings', 'lambda:GetFunctionConcurrency'],
      run: (signal) => concurrency(target, maxConcurrency, signal),
    },
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

async function concurrency(
  target: Target,
  maxConcurrency: number | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const account = await accountConcurrency(target.region, signal);
  const { limit, unreserved } = account;
  if (maxConcurrency !== undefined) {
    const obstacle = await concurrencyObstacle(target, account, maxConcurrency, signal);
    return [obstacle ? failure(obstacle.text, obstacle.remedy) : ok(says.concurrencyReserved(maxConcurrency, limit))];
  }
  if (unreserved === 0) return [failure(says.concurrencyNone(), says.concurrencyNoneRemedy())];
  return [
    limit < LOW_CONCURRENCY
      ? warning(says.concurrencyLow(limit), says.concurrencyLowRemedy())
      : ok(says.concurrency(limit)),
  ];
}
