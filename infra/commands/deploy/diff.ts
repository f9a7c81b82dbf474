import { AS_CALLER_VARIABLE } from '../../lib/settings/purpose.ts';
import { isBuilt } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { isDenied } from '../shared/aws.ts';
import { requireBootstrap } from '../shared/preconditions.ts';
import { deployedTemplate, hasWorked } from '../shared/stack-state.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';
import { cdk, OWN_APP } from './programs.ts';
import { boundaryEnvironment } from './execution-policies.ts';

const notBuilt = message(
  () => 'The function is not built: its code shows as changed until `make build`.',
  () => '関数がビルドされていません。`make build` を実行するまで、コードは変更ありと表示されます。',
);

await exitOnError(async () => {
  const target = await announceTarget('comparing', 'read');
  await requireBootstrap(target);
  if (!isBuilt()) console.error(localized(notBuilt()));
  // By templates: a change set would be exact, but is written to the account.
  await cdk('read', target.region, ['diff', '--method=template'], {
    ...OWN_APP,
    environment: {
      ...((await mayRead(target)) && { [AS_CALLER_VARIABLE]: '1' }),
      ...(await boundaryEnvironment(target)),
    },
  });
});

/** Whether the caller may read the stack. A pull request's role may; it cannot assume the CDK's roles, which may read the whole account. */
async function mayRead(target: Target): Promise<boolean> {
  try {
    return (await hasWorked(target)) && (await deployedTemplate(target)) !== '';
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}
