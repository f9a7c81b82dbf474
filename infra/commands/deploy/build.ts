import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { bootstrapFile, workspaceDir } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { message, localized } from '../../lib/text.ts';
import { buildFunction } from './programs.ts';

const built = message(
  (file: string, megabytes: string) => `Built ${file}: ${megabytes} MB. Next: make deploy`,
  (file, megabytes) => `${file} をビルドしました (${megabytes} MB)。次は make deploy`,
);

await exitOnError(async () => {
  await buildFunction();
  const megabytes = (statSync(bootstrapFile).size / 1e6).toFixed(1);
  console.error(localized(built(relative(workspaceDir, bootstrapFile), megabytes)));
});
