import { synthesizeCi } from '../lib/ci/app.ts';
import { exitOnError } from '../commands/support/exit.ts';

await exitOnError(synthesizeCi);
