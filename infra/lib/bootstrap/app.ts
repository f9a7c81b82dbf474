import { App } from 'aws-cdk-lib';
import { recommendedFlags } from '../app.ts';
import { settingsFile } from '../paths.ts';
import { readSettings } from '../settings-sources.ts';
import { BootstrapStack } from './stack.ts';

/** The CDK app of the policies that `make bootstrap` makes. */
export function synthesizeBootstrap(): void {
  const app = new App({ context: recommendedFlags() });
  new BootstrapStack(app, readSettings({ environment: process.env, file: settingsFile }).settings);
  app.synth();
}
