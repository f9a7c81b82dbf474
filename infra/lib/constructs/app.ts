import { createRequire } from 'node:module';
import { App } from 'aws-cdk-lib';
import { z } from 'zod';

/** A CDK app with the behaviours that this version of the CDK recommends to a new one, from the library's own list. */
export function newApp(): App {
  const flags: unknown = createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json');
  return new App({ context: z.record(z.string(), z.unknown()).parse(flags) });
}
