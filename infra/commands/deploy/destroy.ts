import { exitOnError, UserError } from '../../lib/errors.ts';
import { forgetDeployment } from '../shared/deployment-record.ts';
import { requireOwnStack } from '../shared/preconditions.ts';
import { findStack } from '../shared/stack-state.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { message, localized } from '../../lib/text.ts';
import { clearBatch } from './clear-batch.ts';
import { cdk, removal } from './programs.ts';
import { forgetPrevious } from './previous.ts';

const texts = {
  absent: message(
    ({ stackName }: Target) =>
      `There is no stack ${stackName} in that account and region. Check REGION, FUNCTION_NAME and AWS_PROFILE. Nothing was removed.`,
    ({ stackName }) =>
      `このアカウントとリージョンにスタック ${stackName} はありません。REGION、FUNCTION_NAME、AWS_PROFILE を確認してください。何も削除していません。`,
  ),
  stillThere: message(
    ({ stackName }: Target) => `Stack ${stackName} is still there: nothing was recorded as removed.`,
    ({ stackName }) => `スタック ${stackName} が残っているため、削除済みとは記録していません。`,
  ),
  removed: message(
    ({ stackName }: Target) =>
      `Removed ${stackName}: function, role, log group and its lines, alarms. Of the stack nothing is left.`,
    ({ stackName }) => `${stackName} を削除しました。関数、ロール、ロググループとその内容、アラームは残っていません。`,
  ),
  stays: message(
    () =>
      "What stays is not the stack's: the CDK's own bootstrap stack (CDKToolkit), and in its bucket the uploaded code (cents a year).",
    () =>
      'スタックのものではない CDK の初期設定のスタック (CDKToolkit) と、そのバケットにアップロードしたコードは残ります (年に数セント)。',
  ),
  collect: message(
    ({ account, region }: Target) =>
      `In infra, \`npx cdk gc aws://${account}/${region} --unstable=gc\` removes from it what no stack uses and is over a day old.`,
    ({ account, region }) =>
      `infra フォルダーで \`npx cdk gc aws://${account}/${region} --unstable=gc\` を実行すると、どのスタックも使っていない 1 日以上前のものがバケットから削除されます。`,
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('removing', 'existing');
  const stack = await findStack(target);
  if (!stack) throw new UserError(texts.absent(target));
  await requireOwnStack(target, stack);
  const asked = await clearBatch(target, stack);
  await cdk('existing', target.region, removal(asked));
  if (await findStack(target)) throw new Error(localized(texts.stillThere(target)));
  forgetDeployment(target);
  forgetPrevious(target);
  for (const text of [texts.removed(target), texts.stays(), texts.collect(target)]) console.error(localized(text));
});
