import { isBuilt } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { announceNoTarget } from '../shared/target.ts';
import { cdk } from './programs.ts';

await exitOnError(async () => {
  const { settings } = announceNoTarget();
  if (!isBuilt()) console.error('The function is not built: S3Key is that of a placeholder until `make build`.');
  await cdk('read', settings.region, ['synth']);
});
