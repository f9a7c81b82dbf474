import { exitOnError } from '../../lib/errors.ts';
import { batchName } from '../../lib/names.ts';
import { endExecutions, sfnClient } from '../batch/execution.ts';
import { asUserError } from '../shared/aws.ts';
import { rememberConcurrency, reserveConcurrency, reservedConcurrency } from '../shared/function-state.ts';
import { requireOwnFunction } from '../shared/preconditions.ts';
import { announceTarget, type Target } from '../shared/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('stopping the function of', 'existing');
  const before = await reservedConcurrency(target);
  const { settings } = await requireOwnFunction(target);
  await reserveConcurrency(target, 0);
  console.error(
    `Stopped: ${target.stackName} refuses every call (reserved concurrency 0). Calls under way run to their end. Next: make resume lets calls in again; a deploy does not.`,
  );
  if (before && String(before) !== settings.MAX_CONCURRENCY) {
    // After the stop, which must not wait for a permission to tag.
    await rememberConcurrency(target, before);
    console.error(`A reserved concurrency of ${before} was set by hand: make resume puts it back.`);
  }
  if (settings.BATCH === '1') await endBatches(target);
});

/** Without this a batch would try each of its rows again and again, in vain. */
async function endBatches({ account, region, stackName }: Target): Promise<void> {
  const stateMachineArn = `arn:aws:states:${region}:${account}:stateMachine:${batchName(stackName)}`;
  try {
    const ended = await endExecutions(sfnClient(region), stateMachineArn, 'make stop');
    if (ended > 0) console.error(`Ended ${ended} ${ended === 1 ? 'batch' : 'batches'} too: what was answered is kept.`);
  } catch (error) {
    throw asUserError(error, region, ['states:ListExecutions', 'states:StopExecution']);
  }
}
