import { exitOnError } from '../../lib/errors.ts';
import { batchName } from '../../lib/names.ts';
import { endExecutions, sfnClient } from '../batch/execution.ts';
import { asUserError } from '../shared/aws.ts';
import { rememberConcurrency, reserveConcurrency, reservedConcurrency } from '../shared/function-state.ts';
import { requireOwnFunction } from '../shared/preconditions.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';

const texts = {
  stopped: message(
    (name: string) =>
      `Stopped: ${name} refuses every call (reserved concurrency 0). Calls under way run to their end. Next: make resume lets calls in again; a deploy does not.`,
    (name) =>
      `${name} を停止しました。すべての呼び出しを拒否します (予約された同時実行数 0)。処理中の呼び出しは最後まで実行されます。再開するには make resume を実行してください。デプロイしても再開しません。`,
  ),
  byHand: message(
    (concurrency: number) => `A reserved concurrency of ${concurrency} was set by hand: make resume puts it back.`,
    (concurrency) => `手動で設定された予約された同時実行数 ${concurrency} は、make resume で元に戻ります。`,
  ),
  ended: message(
    (batches: number) => `Ended ${batches} ${batches === 1 ? 'batch' : 'batches'} too: what was answered is kept.`,
    (batches) => `バッチも ${batches} 件終了しました。届いた回答は残っています。`,
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('stopping the function of', 'existing');
  const before = await reservedConcurrency(target);
  const { settings } = await requireOwnFunction(target);
  await reserveConcurrency(target, 0);
  console.error(localized(texts.stopped(target.stackName)));
  if (before && String(before) !== settings.MAX_CONCURRENCY) {
    // After the stop, which must not fail for want of a permission to tag.
    await rememberConcurrency(target, before);
    console.error(localized(texts.byHand(before)));
  }
  if (settings.BATCH === '1') await endBatches(target);
});

/** Ends the batches, which would otherwise retry each row in vain. */
async function endBatches({ account, region, stackName }: Target): Promise<void> {
  const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${batchName(stackName)}`;
  try {
    const ended = await endExecutions(sfnClient(region), stateMachineArn, 'make stop');
    if (ended > 0) console.error(localized(texts.ended(ended)));
  } catch (error) {
    throw asUserError(error, region, ['states:ListExecutions', 'states:StopExecution']);
  }
}
