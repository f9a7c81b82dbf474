import { exitOnError } from '../../lib/errors.ts';
import { rememberConcurrency, reserveConcurrency, reservedConcurrency } from '../shared/function-state.ts';
import { requireOwnFunction } from '../shared/preconditions.ts';
import { announceTarget } from '../shared/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('stopping the function of', 'existing');
  const before = await reservedConcurrency(target);
  const { settings } = await requireOwnFunction(target);
  await reserveConcurrency(target, 0);
  console.error(
    `Stopped: ${target.stackName} refuses every call (reserved concurrency 0). Calls under way run to their end. Next: make resume lets calls in again; a deploy does not.`,
  );
  if (!before || String(before) === settings.MAX_CONCURRENCY) return;
  // After the stop, which must not wait for a permission to tag.
  await rememberConcurrency(target, before);
  console.error(`A reserved concurrency of ${before} was set by hand: make resume puts it back.`);
});
