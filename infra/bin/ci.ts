import { BootstraplessSynthesizer, Stack } from 'aws-cdk-lib';
import { providerOf } from '../lib/ci/provider.ts';
import { readCiSettings } from '../lib/ci/settings.ts';
import { CiStack, ciStackName } from '../lib/ci/stack.ts';
import { newApp } from '../lib/constructs/app.ts';
import { exitOnError } from '../lib/errors.ts';
import { settingsFile } from '../lib/paths.ts';
import { purposeOf } from '../lib/settings/purpose.ts';
import { readSettings } from '../lib/settings/sources.ts';

// The CDK app of the pipeline's role. Its removal takes the stack's name alone, so that nobody has to say REPO again.
await exitOnError(() => {
  const { settings } = readSettings({ environment: process.env, file: settingsFile });
  const app = newApp();
  if (purposeOf(process.env) === 'existing')
    new Stack(app, ciStackName(settings.functionName), {
      env: { region: settings.region },
      synthesizer: new BootstraplessSynthesizer(),
    });
  else new CiStack(app, { deployed: settings, ci: readCiSettings(process.env), provider: providerOf(process.env) });
  app.synth();
});
