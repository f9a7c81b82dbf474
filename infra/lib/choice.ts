import { type Choice, choose, chooseExisting } from './granted-models.ts';
import { readModels } from './models.ts';
import { modelsFile, settingsFile } from './paths.ts';
import type { Purpose } from './purpose.ts';
import { type Given, readSettings } from './settings-sources.ts';

/** A checked choice, and the settings of it that somebody gave. */
export interface ReadChoice extends Choice {
  readonly given: Given;
}

/** Reads the settings of this process and settles them against models.json. */
export function readChoice(purpose: Purpose): ReadChoice {
  const { settings, given } = readSettings({ environment: process.env, file: settingsFile });
  const table = readModels(modelsFile);
  const today = new Date().toISOString().slice(0, 10);
  return { given, ...(purpose === 'existing' ? chooseExisting(settings, table) : choose(settings, table, today)) };
}
