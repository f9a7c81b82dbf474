import { createRequire } from 'node:module';
import { App } from 'aws-cdk-lib';
import { z } from 'zod';
import { artifactCode } from './artifact.ts';
import { type Choice, choose, chooseToRemove } from './granted-models.ts';
import { readModels } from './models.ts';
import { modelsFile, settingsFile } from './paths.ts';
import { type Purpose, purposeOf } from './purpose.ts';
import { type Given, readSettings } from './settings-sources.ts';
import { BedrockStack } from './stack.ts';

/** A checked choice, and the settings of it that somebody gave. */
export interface ReadChoice extends Choice {
  readonly given: Given;
}

/** Reads the settings of this process and settles them against models.json. */
export function readChoice(purpose: Purpose): ReadChoice {
  const { settings, given } = readSettings({ environment: process.env, file: settingsFile });
  const table = readModels(modelsFile);
  const today = new Date().toISOString().slice(0, 10);
  return { given, ...(purpose === 'remove' ? chooseToRemove(settings, table) : choose(settings, table, today)) };
}

/** The CDK app as the CLI runs it. */
export function synthesize(): void {
  const purpose = purposeOf(process.env);
  const app = new App({ context: recommendedFlags() });
  new BedrockStack(app, { choice: readChoice(purpose), code: artifactCode(purpose !== 'deploy') });
  app.synth();
}

/** The behaviours that this version of the CDK recommends to a new app, from the library's own list. */
export function recommendedFlags(): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json'));
}
