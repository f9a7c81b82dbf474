import { exitOnError, UserError } from '../../lib/errors.ts';
import { findStack, stackResources } from '../shared/stack-state.ts';
import { announceTarget } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';

const texts = {
  absent: message(
    (name: string) =>
      `There is no stack ${name} in that account and region. Run \`make deploy\` first, or check REGION, FUNCTION_NAME and AWS_PROFILE.`,
    (name) =>
      `このアカウントとリージョンにスタック ${name} はありません。先に \`make deploy\` を実行するか、REGION、FUNCTION_NAME、AWS_PROFILE を確認してください。`,
  ),
  noOutputs: message(
    () => 'CloudFormation reports no outputs, as some emulators do: the resources below are what it made.',
    () =>
      'CloudFormation の出力がありません (一部のエミュレーターではこうなります)。作成されたリソースは次のとおりです。',
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('reading', 'existing');
  const stack = await findStack(target);
  if (!stack) throw new UserError(texts.absent(target.stackName));
  const outputs = new Map((stack.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey ?? '', OutputValue]));
  if (outputs.size === 0) console.error(localized(texts.noOutputs()));
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
