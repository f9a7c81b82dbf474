import { isBuilt } from '../lib/paths.ts';
import { cdk } from './support/cdk.ts';
import { exitOnError } from './support/exit.ts';
import { requireBootstrap } from './support/preconditions.ts';
import { announceTarget } from './support/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('comparing', 'read');
  await requireBootstrap(target);
  if (!isBuilt()) console.error('The function is not built: its code shows as changed until `make build`.');
  // By templates: a change set would be exact, but is written to the account.
  await cdk('read', target.region, ['diff', '--method=template']);
});
