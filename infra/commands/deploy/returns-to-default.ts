import type { ReadChoice } from '../../lib/settings/choice.ts';
import { settingNames, typedSettings } from '../../lib/settings/settings.ts';
import { readDeployedStack } from '../shared/deployed-stack.ts';

/**
 * What a deploy takes back because nobody gave the setting again: a setting that is typed holds for one deploy.
 *
 * @param template of the stack as it is deployed; undefined where none is.
 * @returns a sentence for each.
 */
export function returnsToDefault(
  template: string | undefined,
  { given, settings, models }: Pick<ReadChoice, 'given' | 'settings' | 'models'>,
): string[] {
  const deployed = template === undefined ? undefined : readDeployedStack(template);
  if (!deployed) return [];
  const next = typedSettings({ ...settings, model: models.map(({ id }) => id) });
  return Object.entries(deployed.settings)
    .filter(([name, value]) => settingNames.has(name) && !given.has(name) && next[name] !== value)
    .map(
      ([name, value]) =>
        `! ${name} is not given: ${consequence(name, value, next)}. To keep it, type ${name} again, or write it to infra/settings.json.`,
    );
}

function consequence(name: string, value: string, next: Readonly<Record<string, string>>): string {
  switch (name) {
    case 'DAILY_LIMIT_USD':
      return 'this deploy takes the brake off';
    case 'MODEL':
      return `the function calls ${value} now, and ${next.MODEL} after this deploy`;
    case 'STREAM':
      return next.FUNCTION_URL === '1'
        ? 'answers come whole after this deploy'
        : 'answers come whole after this deploy, and it takes the Function URL away';
    case 'BATCH':
      return 'this deploy takes the state machine away, and leaves the bucket behind if there are files in it';
    // A pipeline's log may be public.
    case 'ALARM_EMAIL':
      return 'this deploy takes the address off';
    default:
      return `it is ${value} now, and ${next[name] ?? 'not set'} after this deploy`;
  }
}
