import { readChoice } from '../../lib/settings/choice.ts';
import { exitOnError } from '../../lib/errors.ts';
import { requireConcurrency } from '../shared/concurrency.ts';
import { recordDeployment } from '../shared/deployment-record.ts';
import { keepingStop } from '../shared/function-state.ts';
import { limitSentences } from '../shared/brake.ts';
import { requireBootstrap, requireDeployable } from '../shared/preconditions.ts';
import { announceTarget } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';
import { buildFunction, cdk, deployment, OWN_APP } from './programs.ts';
import { boundaryEnvironment } from './execution-policies.ts';
import { confirmPrevious, rememberPrevious } from './previous.ts';
import { returnsToDefault } from './returns-to-default.ts';

const deployed = message(
  (name: string) =>
    `Deployed ${name}. Next: make invoke (call it), make outputs (what was made), make destroy (remove it)`,
  (name) =>
    `${name} をデプロイしました。次は make invoke (呼び出し。料金がかかります)、make outputs (作成したものの一覧)、make destroy (削除)`,
);

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
  console.error(localized(deployed(target.stackName)));
});
