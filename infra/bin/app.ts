import { synthesize } from '../lib/app.ts';
import { exitOnError } from '../commands/support/exit.ts';

await exitOnError(synthesize);
