import { exitOnError } from './support/exit.ts';
import { stop } from './support/function-state.ts';
import { announceTarget } from './support/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('stopping the function of', 'existing');
  await stop(target);
  console.error(
    `Stopped: ${target.stackName} refuses every call (reserved concurrency 0). Calls under way run to their end. Next: make resume lets calls in again; a deploy does not.`,
  );
});
