import { App, BootstraplessSynthesizer, Stack } from 'aws-cdk-lib';
import { recommendedFlags } from '../app.ts';
import { settingsFile } from '../paths.ts';
import { purposeOf } from '../purpose.ts';
import { readSettings } from '../settings-sources.ts';
import { providerOf } from './provider.ts';
import { readCiSettings } from './settings.ts';
import { CiStack, ciStackName } from './stack.ts';

/** The CDK app of the pipeline's role. To remove the stack, its name is all that is needed: nobody has to say REPO again. */
export function synthesizeCi(): void {
  const { settings } = readSettings({ environment: process.env, file: settingsFile });
  const app = new App({ context: recommendedFlags() });
  if (purposeOf(process.env) === 'existing')
    new Stack(app, ciStackName(settings.functionName), {
      env: { region: settings.region },
      synthesizer: new BootstraplessSynthesizer(),
    });
  else new CiStack(app, { deployed: settings, ci: readCiSettings(process.env), provider: providerOf(process.env) });
  app.synth();
}
