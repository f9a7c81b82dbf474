import type { ReadChoice } from '../../lib/choice.ts';
import { readDeployedStack } from './deployed-stack.ts';

/**
 * What a deploy takes back because nobody gave the setting again: settings that are typed hold for one deploy. Nobody should
 * lose the brake, or call another model, without a word.
 *
 * @param template of the stack as it is deployed; undefined where none is.
 * @returns a sentence for each.
 */
export function returnsToDefault(
  template: string | undefined,
  { given, models }: Pick<ReadChoice, 'given' | 'models'>,
): string[] {
  const deployed = template === undefined ? undefined : readDeployedStack(template);
  if (!deployed) return [];
  const now = models.map(({ id }) => id).join(',');
  const keep = (name: string): string => `type ${name} again, or write it to infra/settings.json`;
  return [
    ...(deployed.hasBrake && !given.has('DAILY_LIMIT_USD')
      ? [`! DAILY_LIMIT_USD is not given: this deploy takes the brake off. To keep it, ${keep('DAILY_LIMIT_USD')}.`]
      : []),
    ...(deployed.models !== now && !given.has('MODEL')
      ? [
          `! MODEL is not given: the function calls ${deployed.models} now, and ${now} after this deploy. To keep it, ${keep('MODEL')}.`,
        ]
      : []),
  ];
}
