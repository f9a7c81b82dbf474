import { exitOnError } from './support/exit.ts';
import { brakeState } from './support/brake-state.ts';
import { resume } from './support/function-state.ts';
import { announceTarget } from './support/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('resuming the function of', 'existing');
  const { alarm } = await brakeState(target);
  await resume(target);
  console.error(`Resumed: ${target.stackName} takes calls.`);
  if (alarm?.state === 'ALARM') {
    console.error(
      'The last 24 hours still cost more than DAILY_LIMIT_USD: the brake pulls once per crossing, and not again until they have cost less. Watch make cost, or deploy with a higher limit.',
    );
  }
});
