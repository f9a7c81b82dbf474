import { readChoice } from '../../lib/settings/choice.ts';
import { exitOnError } from '../../lib/errors.ts';
import { type BrakeState, brakeState, overLimitSentences, overrunSentences } from '../shared/brake.ts';
import { reservedConcurrency } from '../shared/function-state.ts';
import { wantsJson } from '../shared/terminal.ts';
import { announceTarget } from '../shared/target.ts';
import { message, localized, type Text } from '../../lib/text.ts';

const texts = {
  stopped: message(
    (why: Text) =>
      `Stopped: every call is refused (reserved concurrency 0). ${why.en} make resume lets calls in again.`,
    (why) =>
      `停止中です。すべての呼び出しを拒否します (予約された同時実行数 0)。${why.ja}再開するには make resume を実行してください。`,
  ),
  running: message(
    (reserved: number | undefined) =>
      `Running: calls are taken${reserved === undefined ? '' : `, ${reserved} at once at most (reserved concurrency)`}.`,
    (reserved) =>
      `稼働中です。呼び出しを受け付けます${reserved === undefined ? '' : ` (予約された同時実行数 ${reserved} まで)`}。`,
  ),
  noBrake: message(
    () => 'No brake: DAILY_LIMIT_USD was not set at the last deploy.',
    () => '自動停止 (ブレーキ) はありません。前回のデプロイで DAILY_LIMIT_USD が指定されていません。',
  ),
  batchMayRun: message(
    () => 'A batch may run on. See Step Functions in the console.',
    () => 'バッチが動き続けている可能性があります。コンソールの Step Functions で確認してください。',
  ),
  failedToStop: message(
    (time: string) =>
      `The brake could not stop the function at ${time}. See Step Functions in the console, and make stop.`,
    (time) =>
      `ブレーキは ${time} に関数を停止できませんでした。コンソールの Step Functions を確認し、make stop を実行してください。`,
  ),
  pulledAndFailed: message(
    (time: string) =>
      `The brake pulled at ${time} and failed: it stopped the function before that, or somebody did (make stop, or the console).`,
    (time) =>
      `ブレーキは ${time} に動いて失敗しました。関数は、その前にブレーキが、または誰かが (make stop かコンソールで) 停止しています。`,
  ),
  pulled: message(
    (time: string, stillOver: boolean) =>
      `The brake pulled at ${time}${stillOver ? ', and the last 24 hours still cost more than the limit' : ''}.`,
    (time, stillOver) =>
      `ブレーキが ${time} に停止しました。${stillOver ? '直近 24 時間の推定料金は、まだ上限を超えています。' : ''}`,
  ),
  byHand: message(
    () => 'The brake did not do it: it was done by hand (make stop, or the console).',
    () => 'ブレーキではなく、手動 (make stop かコンソール) で停止されています。',
  ),
  limit: message(
    (limitUsd: number, state: Text, since: string) =>
      `Limit: $${limitUsd} of estimated cost in 24 hours, ${state.en}${since && ` since ${since}`}.`,
    (limitUsd, state, since) => `上限: 24 時間の推定料金 $${limitUsd}、${state.ja}${since && ` (${since} から)`}。`,
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('reading the state of', 'existing');
  const [reserved, brake] = [await reservedConcurrency(target), await brakeState(target)];
  if (wantsJson()) console.log(JSON.stringify(forPrograms(reserved, brake), null, 2));
  else for (const sentence of await sentences(reserved, brake)) console.log(sentence);
});

function forPrograms(reserved: number | undefined, { alarm, pulled, failed = false }: BrakeState) {
  const maxConcurrency = reserved || undefined;
  return {
    stopped: reserved === 0,
    maxConcurrency,
    brake: alarm ? { ...alarm, pulled: pulled ?? null, failed } : null,
  };
}

async function sentences(reserved: number | undefined, brake: BrakeState): Promise<string[]> {
  const state = localized(reserved === 0 ? texts.stopped(why(brake)) : texts.running(reserved));
  if (!brake.alarm) return [state, localized(texts.noBrake())];
  const failure = brake.failed
    ? [localized(reserved === 0 ? texts.batchMayRun() : texts.failedToStop(timeOf(brake.pulled)))]
    : [];
  return [
    state,
    ...overLimitSentences(brake, reserved),
    localized(alarmText(brake.alarm)),
    ...failure,
    ...(await overrunSentences(readChoice('existing'), brake.alarm.limitUsd, reserved || undefined)),
  ];
}

function why({ alarm, pulled, failed }: BrakeState): Text {
  if (pulled && failed) return texts.pulledAndFailed(timeOf(pulled));
  return pulled ? texts.pulled(timeOf(pulled), alarm?.state === 'ALARM') : texts.byHand();
}

function timeOf(date: Date | undefined): string {
  return date?.toISOString() ?? '';
}

function alarmText({ state, limitUsd, since }: NonNullable<BrakeState['alarm']>): Text {
  const words: Readonly<Record<string, Text>> = {
    ALARM: { en: 'crossed', ja: '超過' },
    OK: { en: 'not reached', ja: '未到達' },
    INSUFFICIENT_DATA: { en: 'not measured yet', ja: '未測定' },
  };
  return texts.limit(limitUsd, words[state] ?? { en: state, ja: state }, timeOf(since));
}
