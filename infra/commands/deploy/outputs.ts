import { exitOnError, UserError } from '../../lib/errors.ts';
import { findStack, stackResources } from '../shared/stack-state.ts';
import { announceTarget } from '../shared/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('reading', 'existing');
  const stack = await findStack(target);
  if (!stack)
    throw new UserError(
      `There is no stack ${target.stackName} in that account and region: run \`make deploy\` first, or check REGION, FUNCTION_NAME and AWS_PROFILE.`,
    );
  const outputs = new Map((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue]));
  if (outputs.size === 0)
    console.error('CloudFormation reports no outputs, as some emulators do: the resources below are what it made.');
  console.log(
    JSON.stringify(
      {
        stackName: target.stackName,
        status: stack.StackStatus,
        outputs: Object.fromEntries(outputs),
        resources: await stackResources(target),
      },
      null,
      2,
    ),
  );
});
