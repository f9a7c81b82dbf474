import { UserError } from '../lib/user-error.ts';
import { exitOnError } from './support/exit.ts';
import { rollBack } from './support/rollback.ts';
import { announceTarget } from './support/target.ts';

await exitOnError(async () => {
  const { done, sentence } = await rollBack(await announceTarget('rolling back', 'existing'));
  if (!done) throw new UserError(sentence);
  console.error(sentence);
});
