import { createRequire } from 'node:module';
import { App, CliCredentialsStackSynthesizer } from 'aws-cdk-lib';
import { z } from 'zod';
import { artifactCode } from './artifact.ts';
import { readChoice } from './choice.ts';
import { asCaller, isBounded, purposeOf } from './purpose.ts';
import { BedrockStack } from './stack.ts';

/** The CDK app as the CLI runs it. */
export function synthesize(): void {
  const purpose = purposeOf(process.env);
  const app = new App({ context: recommendedFlags() });
  new BedrockStack(app, {
    choice: readChoice(purpose),
    code: artifactCode(purpose !== 'deploy'),
    isBounded: isBounded(process.env),
    ...(asCaller(process.env) && { synthesizer: new CliCredentialsStackSynthesizer() }),
  });
  app.synth();
}

/** The behaviours that this version of the CDK recommends to a new app, from the library's own list. */
export function recommendedFlags(): Record<string, unknown> {
  return z
    .record(z.string(), z.unknown())
    .parse(createRequire(import.meta.url)('aws-cdk-lib/recommended-feature-flags.json'));
}
