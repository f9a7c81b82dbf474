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

await exitOnError(async () => {
  const target = await announceTarget('resuming the function of', 'existing');
  const reserved = await reservedConcurrency(target);
  const { settings } = await requireOwnFunction(target);
  if (reserved !== 0) return console.error(`${target.stackName} is not stopped: nothing was changed.`);
  const { alarm } = await brakeState(target);
  const concurrency = await restoreConcurrency(target, settings.MAX_CONCURRENCY);
  console.error(
    `Resumed: ${target.stackName} takes calls${concurrency === undefined ? '' : `, ${concurrency} at once at most`}.`,
  );
  if (alarm?.state === 'ALARM') {
    console.error(
      'The last 24 hours still cost more than DAILY_LIMIT_USD: the brake pulls once per crossing, and not again until they have cost less. Watch make cost, or deploy with a higher limit.',
    );
  }
});

/** Puts back the concurrency that stood before the stop: one set by hand, or else the deployment's. */
async function restoreConcurrency(target: Target, deployed: string | undefined): Promise<number | undefined> {
  const byHand = await concurrencyBeforeStop(target);
  const concurrency = byHand ?? (deployed === undefined ? undefined : Number(deployed));
  if (concurrency === undefined) await releaseConcurrency(target);
  else await reserveConcurrency(target, concurrency);
  if (byHand !== undefined) await forgetConcurrency(target);
  return concurrency;
}
