import { CliCredentialsStackSynthesizer } from 'aws-cdk-lib';
import { newApp } from '../lib/constructs/app.ts';
import { artifactCode } from '../lib/constructs/artifact.ts';
import { BedrockStack } from '../lib/constructs/stack.ts';
import { exitOnError } from '../lib/errors.ts';
import { readChoice } from '../lib/settings/choice.ts';
import { asCaller, isBounded, purposeOf } from '../lib/settings/purpose.ts';

// The CDK app of the function's stack.
await exitOnError(() => {
  const purpose = purposeOf(process.env);
  const app = newApp();
  new BedrockStack(app, {
    choice: readChoice(purpose),
    code: artifactCode(purpose !== 'deploy'),
    isBounded: isBounded(process.env),
    ...(asCaller(process.env) && { synthesizer: new CliCredentialsStackSynthesizer() }),
  });
  app.synth();
});
