import type { ReadChoice } from '../../lib/settings/choice.ts';
import { settingNames, typedSettings } from '../../lib/settings/settings.ts';
import { readDeployedStack } from '../shared/deployed-stack.ts';
import { message, localized, type Text } from '../../lib/text.ts';

/**
 * The settings that a deploy resets, because they were not given again: a typed setting holds for one deploy.
 *
 * @param template the deployed one; undefined where there is none.
 * @returns a sentence for each setting.
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
    .map(([name, value]) => localized(texts.notGiven(name, consequence(name, value, next))));
}

function consequence(name: string, value: string, next: Readonly<Record<string, string>>): Text {
  switch (name) {
    case 'DAILY_LIMIT_USD':
      return texts.brake();
    case 'MODEL':
      return texts.model(value, next.MODEL ?? '');
    case 'STREAM':
      return texts.stream(next.FUNCTION_URL !== '1');
    case 'BATCH':
      return texts.batch();
    // A pipeline's log may be public.
    case 'ALARM_EMAIL':
      return texts.email();
    default:
      return texts.other(value, next[name]);
  }
}

const texts = {
  notGiven: message(
    (name: string, consequence: Text) =>
      `! ${name} is not given: ${consequence.en}. To keep it, type ${name} again, or write it to infra/settings.json.`,
    (name, consequence) =>
      `! ${name} の指定がありません。${consequence.ja}。変えない場合は、もう一度 ${name} を指定するか、infra/settings.json に書いてください。`,
  ),
  brake: message(
    () => 'this deploy takes the brake off',
    () => 'このデプロイで自動停止 (ブレーキ) がなくなります',
  ),
  model: message(
    (before: string, after: string) => `the function calls ${before} now, and ${after} after this deploy`,
    (before, after) => `関数が呼び出すモデルは、このデプロイで ${before} から ${after} に変わります`,
  ),
  stream: message(
    (losesUrl: boolean) =>
      `answers come whole after this deploy${losesUrl ? ', and it takes the Function URL away' : ''}`,
    (losesUrl) => `このデプロイの後、回答は一度にまとめて返ります${losesUrl ? '。Function URL もなくなります' : ''}`,
  ),
  batch: message(
    () => 'this deploy takes the state machine away, and leaves the bucket behind if there are files in it',
    () => 'このデプロイでステートマシンがなくなり、ファイルのあるバケットは残ります',
  ),
  email: message(
    () => 'this deploy takes the address off',
    () => 'このデプロイで通知先のメールアドレスがなくなります',
  ),
  other: message(
    (before: string, after: string | undefined) => `it is ${before} now, and ${after ?? 'not set'} after this deploy`,
    (before, after) => `このデプロイで ${before} から${after === undefined ? '未設定' : ` ${after} `}に変わります`,
  ),
} as const;
