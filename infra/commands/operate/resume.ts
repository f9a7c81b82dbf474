import { exitOnError } from '../../lib/errors.ts';
import { brakeState } from '../shared/brake.ts';
import {
  concurrencyBeforeStop,
  forgetConcurrency,
  releaseConcurrency,
  reserveConcurrency,
  reservedConcurrency,
} from '../shared/function-state.ts';
import { requireOwnFunction } from '../shared/preconditions.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';

const texts = {
  notStopped: message(
    (name: string) => `${name} is not stopped: nothing was changed.`,
    (name) => `${name} は停止していないため、何も変更していません。`,
  ),
  resumed: message(
    (name: string, concurrency: number | undefined) =>
      `Resumed: ${name} takes calls${concurrency === undefined ? '' : `, ${concurrency} at once at most`}.`,
    (name, concurrency) =>
      `${name} を再開しました。呼び出しを受け付けます${concurrency === undefined ? '' : ` (同時実行数は ${concurrency} まで)`}。`,
  ),
  overLimit: message(
    () =>
      'The last 24 hours still cost more than DAILY_LIMIT_USD: the brake pulls once per crossing, and not again until they have cost less. Watch make cost, or deploy with a higher limit.',
    () =>
      '直近 24 時間の推定料金は、まだ DAILY_LIMIT_USD を超えています。ブレーキが動くのは上限を超えるたびに 1 回で、推定料金が上限を下回るまで再び動きません。make cost で確認するか、上限を上げてデプロイしてください。',
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('resuming the function of', 'existing');
  const reserved = await reservedConcurrency(target);
  const { settings } = await requireOwnFunction(target);
  if (reserved !== 0) return console.error(localized(texts.notStopped(target.stackName)));
  const { alarm } = await brakeState(target);
  const concurrency = await restoreConcurrency(target, settings.MAX_CONCURRENCY);
  console.error(localized(texts.resumed(target.stackName, concurrency)));
  if (alarm?.state === 'ALARM') console.error(localized(texts.overLimit()));
});

/** Restores the concurrency before the stop: one set by hand, or else the deployment's. */
async function restoreConcurrency(target: Target, deployed: string | undefined): Promise<number | undefined> {
  const byHand = await concurrencyBeforeStop(target);
  const concurrency = byHand ?? (deployed === undefined ? undefined : Number(deployed));
  if (concurrency === undefined) await releaseConcurrency(target);
  else await reserveConcurrency(target, concurrency);
  if (byHand !== undefined) await forgetConcurrency(target);
  return concurrency;
}
