import { environmentOf } from '../lib/function-environment.ts';
import { readModels } from '../lib/models.ts';
import { modelsFile } from '../lib/paths.ts';
import { exitOnError } from './support/exit.ts';

/** Prints, as JSON, the environment of a function that is deployed with no settings: what a benchmark gives to its process. */
await exitOnError(() => {
  const table = readModels(modelsFile);
  console.log(JSON.stringify(environmentOf({}, table.models.filter((row) => row.id === table.default)), null, 2));
});
