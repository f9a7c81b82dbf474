import { exitOnError } from '../../lib/errors.ts';
import { throwawayName } from '../../lib/names.ts';
import { readChoice } from '../../lib/settings/choice.ts';
import { asUserError, unlessMissing } from '../shared/aws.ts';
import { localized } from '../../lib/text.ts';
import { announceTarget } from '../shared/target.ts';
import { removeThrowaway } from './clean.ts';
import { contextOf, isEmulated, makeIn } from './context.ts';
import { leftText, removalCommand, throwawayEnvironment, throwawaySettings, throwawayStacks } from './throwaway.ts';

/** A younger one may be of a run that is under way. */
const OLD_MS = 3_600_000;

await exitOnError(async () => {
  const user = await announceTarget('removing throwaway stacks of make verify older than an hour, beside', 'existing');
  const choice = readChoice('existing');
  const suffix = process.env.SUFFIX?.trim() || undefined;
  const name = suffix && throwawayName(user.stackName, suffix);
  const found = await unlessMissing(throwawayStacks(user.region, name)).catch((error: unknown) => {
    throw asUserError(error, user.region, ['cloudformation:DescribeStacks']);
  });
  const stacks = found ?? [];
  const old = stacks.filter(({ CreationTime }) => Date.now() - (CreationTime?.getTime() ?? Date.now()) > OLD_MS);
  for (const { StackName = '' } of stacks.filter((stack) => !old.includes(stack)))
    console.error(
      localized({
        en: `${StackName} is younger than an hour: it stays. To remove it: ${removalCommand(StackName, user.region)}`,
        ja: `${StackName} は作成から 1 時間たっていないため、削除しません。次のコマンドで削除できます: ${removalCommand(StackName, user.region)}`,
      }),
    );
  for (const { StackName: stackName = '' } of old) {
    const target = { ...user, stackName };
    const environment = throwawayEnvironment(stackName, throwawaySettings(choice.given, stackName, user.region));
    const context = contextOf({
      target,
      choice,
      isEmulated: isEmulated(process.env),
      make: makeIn(environment, stackName),
    });
    const { outcome, left } = await removeThrowaway(context);
    console.log(`${stackName}: ${outcome.seen}`);
    if (left.length === 0) continue;
    process.exitCode = 1;
    console.error(localized(leftText(target, left)));
  }
  if (old.length === 0)
    console.error(
      localized({
        en: 'There is no throwaway stack older than an hour.',
        ja: '1 時間以上前の一時スタックはありません。',
      }),
    );
});
