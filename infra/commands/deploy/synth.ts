import { isBuilt } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { announceNoTarget } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';
import { cdk } from './programs.ts';

const notBuilt = message(
  () => 'The function is not built: S3Key is that of a placeholder until `make build`.',
  () => '関数がビルドされていません。`make build` を実行するまで、S3Key は仮の値です。',
);

await exitOnError(async () => {
  const { settings } = announceNoTarget();
  if (!isBuilt()) console.error(localized(notBuilt()));
  await cdk('read', settings.region, ['synth']);
});
