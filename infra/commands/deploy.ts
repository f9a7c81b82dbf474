import { readChoice } from '../lib/choice.ts';
import { buildFunction } from './support/build.ts';
import { cdk, deployment, OWN_APP } from './support/cdk.ts';
import { requireConcurrency } from './support/concurrency.ts';
import { recordDeployment } from './support/deployment-record.ts';
import { boundaryEnvironment } from './support/execution-policies.ts';
import { exitOnError } from './support/exit.ts';
import { keepingStop } from './support/function-state.ts';
import { limitSentences } from './support/overrun.ts';
import { confirmPrevious, rememberPrevious } from './support/previous.ts';
import { requireBootstrap, requireDeployable } from './support/preconditions.ts';
import { returnsToDefault } from './support/returns-to-default.ts';
import { announceTarget } from './support/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('deploying', 'deploy');
  await requireBootstrap(target);
  await requireDeployable(target);
  const environment = await boundaryEnvironment(target);
  const choice = readChoice('deploy');
  await requireConcurrency(target, choice.settings.maxConcurrency);
  for (const sentence of returnsToDefault(await rememberPrevious(target), choice)) console.error(sentence);
  await buildFunction();
  await keepingStop(target, () => cdk('deploy', target.region, deployment(), { ...OWN_APP, environment }));
  recordDeployment(target, choice.settings.stream);
  confirmPrevious();
  for (const sentence of await limitSentences(target, choice)) console.error(sentence);
  console.error(
    `Deployed ${target.stackName}. Next: make invoke (call it), make outputs (what was made), make destroy (remove it)`,
  );
});
