import { type Provider, PROVIDER_VARIABLE } from '../../lib/ci/provider.ts';
import { ciAssemblyDir } from '../../lib/paths.ts';
import type { CdkApp } from './cdk.ts';

/** The app of the pipeline's role. */
export const ciApp = (provider?: Provider): CdkApp => ({
  app: ['--app', 'node --import tsx bin/ci.ts', '--output', ciAssemblyDir],
  environment: provider ? { [PROVIDER_VARIABLE]: provider } : {},
});
