import { UserError, exitOnError } from '../../lib/errors.ts';
import { announceTarget } from '../shared/target.ts';
import { rollBack } from './previous.ts';

await exitOnError(async () => {
  const { done, sentence } = await rollBack(await announceTarget('rolling back', 'existing'));
  if (!done) throw new UserError(sentence);
  console.error(sentence);
});
