import { OVER_LIMIT_REMEDY, overLimit } from '../support/brake-state.ts';
import { message } from './finding.ts';

/** What the doctor says of the deployed stack. */
export const stackMessages = {
  absent: message(
    (name: string) => `Stack ${name} is not deployed yet`,
    (name) => `スタック ${name} はまだデプロイされていません`,
  ),
  absentRemedy: message(
    () => 'make deploy deploys it.',
    () => 'make deploy でデプロイできます。',
  ),
  settled: message(
    (name: string, status: string) => `Stack ${name}: ${status}`,
    (name, status) => `スタック ${name}: ${status}`,
  ),
  unborn: message(
    (name: string, status: string) => `Stack ${name} was never made whole: ${status}`,
    (name, status) => `スタック ${name} は作成が完了していません: ${status}`,
  ),
  unbornRemedy: message(
    () => 'make deploy makes it anew.',
    () => 'make deploy で作り直せます。',
  ),
  stopped: message(
    () => 'The function is stopped: its reserved concurrency is 0, every call is refused',
    () => '関数は停止中です (予約された同時実行数が 0 のため、すべての呼び出しが拒否されます)',
  ),
  stoppedRemedy: message(
    () => 'make status says why; make resume lets calls in again.',
    () => '理由は make status で確認でき、make resume で再開できます。',
  ),
  running: message(
    (concurrency: number | undefined) =>
      `The function takes calls${concurrency === undefined ? '' : `, ${concurrency} at once at most`}`,
    (concurrency) =>
      `関数は呼び出しを受け付けています${concurrency === undefined ? '' : ` (同時に最大 ${concurrency} 件)`}`,
  ),
  limit: message(
    (usd: number) => `The last 24 hours have cost less than the $${usd} at which the function is stopped`,
    (usd) => `直近 24 時間の推定料金は、関数を止める上限の $${usd} に達していません`,
  ),
  overLimit: message(
    overLimit,
    (usd) => `上限を超えているのに停止していません: 直近 24 時間の推定料金が $${usd} 以上です`,
  ),
  overLimitRemedy: message(
    () => OVER_LIMIT_REMEDY,
    () =>
      'ブレーキが働くのは、上限を超えてから数分以内の 1 回だけです。まだ止まっていなければ、make stop で止めるか、DAILY_LIMIT_USD を上げて make deploy を実行してください。',
  ),
  functionAbsent: message(
    (name: string) => `The stack is there, but its function ${name} is not`,
    (name) => `スタックはありますが、関数 ${name} がありません`,
  ),
  functionAbsentRemedy: message(
    () => 'Run make destroy, then make deploy.',
    () => 'make destroy、続けて make deploy を実行してください。',
  ),
  role: message(
    (id: string) => `The deployed role may call ${id} wherever it routes`,
    (id) => `デプロイ済みのロールは、${id} のすべての処理先を呼び出せます`,
  ),
  roleLacks: message(
    (id: string, arns: string) => `The deployed role may not call ${id} in ${arns}`,
    (id, arns) => `デプロイ済みのロールでは ${id} を ${arns} で呼び出せません`,
  ),
  roleRemedy: message(
    () => 'Run make models-refresh, then make deploy with the same MODEL.',
    () => 'make models-refresh、続けて同じ MODEL で make deploy を実行してください。',
  ),
  streams: message(
    () => 'The deployed function streams an answer that is asked for word by word',
    () => 'デプロイ済みの関数は、求められた回答をストリーミングで返します',
  ),
  streamsNot: message(
    () => 'STREAM=1 is not deployed yet: the deployed function returns whole answers',
    () => 'STREAM=1 はまだデプロイされていません (デプロイ済みの関数は回答をまとめて返します)',
  ),
  streamsNotRemedy: message(
    () => 'make deploy STREAM=1 lets it stream, and makes its Function URL stream.',
    () => 'make deploy STREAM=1 で、関数とその Function URL がストリーミングに対応します。',
  ),
  codeSame: message(
    () => 'The deployed function runs this build',
    () => 'デプロイ済みの関数は、手元のビルドと同じものです',
  ),
  codeOther: message(
    () => 'The deployed function runs another build than the one here',
    () => 'デプロイ済みの関数は、手元のビルドと異なります',
  ),
  codeChanged: message(
    () => "The deployed function's code was changed outside of the stack",
    () => 'デプロイ済みの関数のコードが、スタックの外で変更されています',
  ),
  codeRemedy: message(
    () => 'make deploy brings this build there.',
    () => 'make deploy で手元のビルドが反映されます。',
  ),
  codeUnknown: message(
    () => 'The deployed build was not compared: nothing is built here',
    () => '手元にビルドがないため、デプロイ済みのものと比較していません',
  ),
} as const;
