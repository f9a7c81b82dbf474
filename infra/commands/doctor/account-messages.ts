import { explanation, type Trouble } from '../support/aws-errors.ts';
import { message } from './finding.ts';

/** What the doctor says of credentials, and of a check that could not run. */
export const accountMessages = {
  trouble: message(
    (trouble: Trouble, region: string) => explanation(trouble, region),
    (trouble, region) =>
      ({
        expired:
          'AWS の認証情報の有効期限が切れています。もう一度サインインしてから (`aws sso login` または新しいキー)、やり直してください。',
        absent:
          'AWS の認証情報が見つかりません。サインインして (`aws sso login`) AWS_PROFILE にプロファイル名を指定するか、AWS_ACCESS_KEY_ID と AWS_SECRET_ACCESS_KEY を設定してから、やり直してください。',
        refused: `${region} の AWS がこの認証情報を受け付けません。キーが正しく有効であること、アカウントでこのリージョンが有効になっていることを確認してください。`,
        unreachable: `${region} の AWS に接続できません。ネットワーク、プロキシ、AWS_ENDPOINT_URL を確認してから、やり直してください。`,
      })[trouble],
  ),
  otherRegion: message(
    (name: string, ambient: string, region: string) =>
      `${name} is ${ambient}, but the stack goes to ${region}: give REGION=${region} if that is meant, or unset ${name}.`,
    (name, ambient, region) =>
      `${name} は ${ambient} ですが、スタックのデプロイ先は ${region} です。それでよければ REGION=${region} を指定し、そうでなければ ${name} の設定を解除してください。`,
  ),
  notAsked: message(
    () => 'The account was not asked: first put right what is marked with ✗.',
    () => 'アカウントの確認は行っていません。先に ✗ の項目を修正してください。',
  ),
  identity: message(
    (account: string, region: string) => `Account ${account}, region ${region}`,
    (account, region) => `アカウント ${account}、リージョン ${region}`,
  ),
  slow: message(
    (check: string, seconds: number) => `${check}: AWS did not answer within ${seconds} s`,
    (check, seconds) => `${check}: AWS から ${seconds} 秒以内に応答がありませんでした`,
  ),
  slowRemedy: message(
    () => 'Try again; if it stays so, check the network and the proxy.',
    () => 'やり直しても変わらなければ、ネットワークとプロキシを確認してください。',
  ),
  denied: message(
    (check: string, permissions: string) => `${check}: not checked, these credentials lack ${permissions}`,
    (check, permissions) => `${check}: 権限 ${permissions} がないため確認できません`,
  ),
  deniedRemedy: message(
    (permissions: string) => `Allow ${permissions} to these credentials.`,
    (permissions) => `この認証情報に ${permissions} を許可してください。`,
  ),
  unanswered: message(
    (check: string, name: string) => `${check}: not checked, AWS answered with ${name}`,
    (check, name) => `${check}: AWS が ${name} を返したため確認できません`,
  ),
  unansweredRemedy: message(
    () => 'Try again; if it stays so, look at that service in the console.',
    () => 'やり直しても変わらなければ、コンソールでそのサービスを確認してください。',
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
