import { isBuilt } from '../lib/paths.ts';
import { cdk } from './support/cdk.ts';
import { exitOnError } from './support/exit.ts';
import { announceNoTarget } from './support/target.ts';

await exitOnError(async () => {
  const { settings } = announceNoTarget();
  if (!isBuilt()) console.error('The function is not built: S3Key is that of a placeholder until `make build`.');
  await cdk('read', settings.region, ['synth']);
});
