import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { bootstrapFile, workspaceDir } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { buildFunction } from './programs.ts';

await exitOnError(async () => {
  await buildFunction();
  const megabytes = (statSync(bootstrapFile).size / 1e6).toFixed(1);
  console.error(`Built ${relative(workspaceDir, bootstrapFile)}: ${megabytes} MB. Next: make deploy`);
});
