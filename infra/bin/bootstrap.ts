import { BootstrapStack } from '../lib/bootstrap/stack.ts';
import { newApp } from '../lib/constructs/app.ts';
import { exitOnError } from '../lib/errors.ts';
import { settingsFile } from '../lib/paths.ts';
import { readSettings } from '../lib/settings/sources.ts';

// The CDK app of the policies that `make bootstrap` makes.
await exitOnError(() => {
  const app = newApp();
  new BootstrapStack(app, readSettings({ environment: process.env, file: settingsFile }).settings);
  app.synth();
});
