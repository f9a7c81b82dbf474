import { exitOnError, UserError } from '../../lib/errors.ts';
import { forgetDeployment } from '../shared/deployment-record.ts';
import { requireOwnStack } from '../shared/preconditions.ts';
import { findStack } from '../shared/stack-state.ts';
import { announceTarget } from '../shared/target.ts';
import { clearBatch } from './clear-batch.ts';
import { cdk, removal } from './programs.ts';
import { forgetPrevious } from './previous.ts';

await exitOnError(async () => {
  const target = await announceTarget('removing', 'existing');
  const stack = await findStack(target);
  if (!stack) {
    throw new UserError(
      `There is no stack ${target.stackName} in that account and region: check REGION, FUNCTION_NAME and AWS_PROFILE. Nothing was removed.`,
    );
  }
  await requireOwnStack(target, stack);
  const asked = await clearBatch(target, stack);
  await cdk('existing', target.region, removal(asked));
  if (await findStack(target))
    throw new Error(`Stack ${target.stackName} is still there: nothing was recorded as removed.`);
  forgetDeployment(target);
  forgetPrevious(target);
  console.error(
    `Removed ${target.stackName}: function, role, log group and its lines, alarms. Of the stack nothing is left.`,
  );
  console.error(
    "What stays is not the stack's: the CDK's own bootstrap stack (CDKToolkit), and in its bucket the uploaded code (cents a year).",
  );
  console.error(
    `In infra, \`npx cdk gc aws://${target.account}/${target.region} --unstable=gc\` removes from it what no stack uses and is over a day old.`,
  );
});
