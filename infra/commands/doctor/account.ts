import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { clientOptions, isMissing } from '../shared/aws.ts';
import { accountConcurrency, concurrencyObstacle } from '../shared/concurrency.ts';
import { BOOTSTRAP_VERSION } from '../shared/preconditions.ts';
import type { Target } from '../shared/target.ts';
import { message } from '../../lib/text.ts';
import { type Check, failure, type Finding, ok, warning } from './check.ts';

/** The version of the bootstrap that the CDK's assemblies require (MIN_BOOTSTRAP_STACK_VERSION of its DefaultStackSynthesizer). */
const LEAST_BOOTSTRAP = 6;

/** New accounts have 10; ordinary ones 1000 (Lambda quotas). */
const LOW_CONCURRENCY = 100;

/** Checks of the account as a whole. */
export function accountChecks(target: Target, maxConcurrency: number | undefined): Check[] {
  const { account, region } = target;
  return [
    { id: 'identity', run: () => [ok(texts.identity(account, region))] },
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
        ? ok(texts.bootstrap(version))
        : failure(texts.bootstrapOld(version, LEAST_BOOTSTRAP), texts.bootstrapRemedy()),
    ];
  } catch (error) {
    if (isMissing(error)) return [failure(texts.bootstrapMissing(), texts.bootstrapRemedy())];
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
    return [obstacle ? failure(obstacle.text, obstacle.remedy) : ok(texts.concurrencyReserved(maxConcurrency, limit))];
  }
  if (unreserved === 0) return [failure(texts.concurrencyNone(), texts.concurrencyNoneRemedy())];
  return [
    limit < LOW_CONCURRENCY
      ? warning(texts.concurrencyLow(limit), texts.concurrencyLowRemedy())
      : ok(texts.concurrency(limit)),
  ];
}

const texts = {
  identity: message(
    (account: string, region: string) => `Account ${account}, region ${region}`,
    (account, region) => `アカウント ${account}、リージョン ${region}`,
  ),
  bootstrap: message(
    (version: string) => `The CDK is set up here, version ${version}`,
    (version) => `CDK のセットアップ (bootstrap) 済みです (バージョン ${version})`,
  ),
  bootstrapMissing: message(
    () => 'The CDK is not set up in this account and region',
    () => 'このアカウントとリージョンでは CDK のセットアップ (bootstrap) が済んでいません',
  ),
  bootstrapOld: message(
    (version: string, wanted: number) =>
      `The CDK's setup here is of version ${version}; a deploy takes ${wanted} or newer`,
    (version, wanted) =>
      `CDK のセットアップ (bootstrap) がバージョン ${version} です。デプロイには ${wanted} 以降が必要です`,
  ),
  bootstrapRemedy: message(
    () => 'Run make bootstrap, once.',
    () => 'make bootstrap を一度実行してください。',
  ),
  concurrency: message(
    (limit: number) => `The account runs up to ${limit} invocations at once`,
    (limit) => `アカウントの同時実行数の上限は ${limit} です`,
  ),
  concurrencyReserved: message(
    (wanted: number, limit: number) => `MAX_CONCURRENCY=${wanted} can be reserved, of the account's ${limit}`,
    (wanted, limit) => `MAX_CONCURRENCY=${wanted} を予約できます (アカウントの上限は ${limit})`,
  ),
  concurrencyLow: message(
    (limit: number) => `The account runs no more than ${limit} invocations at once`,
    (limit) => `アカウントの同時実行数の上限が ${limit} と少なめです`,
  ),
  concurrencyLowRemedy: message(
    () => 'Enough to try it; ask for more under Service Quotas, Lambda, Concurrent executions.',
    () => '試すには十分です。足りなければ Service Quotas の Lambda「同時実行数」で引き上げを申請してください。',
  ),
  concurrencyNone: message(
    () => "Other functions have reserved all of the account's concurrency",
    () => 'アカウントの同時実行数は、ほかの関数の予約で使い切られています',
  ),
  concurrencyNoneRemedy: message(
    () => 'Lower the reservation of another function, or ask for more under Service Quotas.',
    () => 'ほかの関数の予約を減らすか、Service Quotas で引き上げを申請してください。',
  ),
} as const;
