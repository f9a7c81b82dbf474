import { synthesizeBootstrap } from '../lib/bootstrap/app.ts';
import { exitOnError } from '../commands/support/exit.ts';

await exitOnError(synthesizeBootstrap);
