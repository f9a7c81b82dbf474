import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { z } from 'zod';
import type { Text } from '../text.ts';

/** The retentions of CloudWatch Logs, without the infinite one, with which the bill would grow for ever. */
const retentionDays = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** Commercial regions: in China and GovCloud, other models, ids and partitions apply. */
const commercialRegions = RegionInfo.regions.filter(({ partition }) => partition === 'aws').map(({ name }) => name);

const number = z.preprocess(
  (given) => (typeof given === 'string' && /^-?\d+(\.\d+)?$/.test(given) ? Number(given) : given),
  z.number(),
);
const wholeNumber = (from: number, to: number) => number.pipe(z.int().min(from).max(to));
const numberBetween = (from: number, to: number) => number.pipe(z.number().min(from).max(to));
const yesOrNo = z.union([
  z.boolean(),
  z.literal(['1', 'true']).transform(() => true),
  z.literal(['0', 'false']).transform(() => false),
]);
const listOfIds = z
  .string()
  .transform((text) => text.split(',').map((id) => id.trim()))
  .pipe(z.array(z.string().min(1)).refine((ids) => new Set(ids).size === ids.length));

/** The region of the walkthrough. */
export const DEFAULT_REGION = 'ap-northeast-1';

/**
 * Defaults of a batch. The concurrency is that of `make batch` on one's own machine; a new account runs 10 functions at once.
 */
export const BATCH_DEFAULTS = { maxConcurrency: 8, batchRetentionDays: 7 } as const;

/**
 * Every setting: its default, its bounds, and its description, with which a message says what it takes. On the command line and in settings.json it has the
 * name that `nameOf` gives it: `logRetentionDays` is `LOG_RETENTION_DAYS`.
 */
export const settingsSchema = z.strictObject({
  region: z.enum(commercialRegions).default(DEFAULT_REGION).describe('a commercial AWS region such as ap-northeast-1'),
  model: listOfIds
    .optional()
    .describe('ids from models.json, comma-separated, none twice; the first is the one used by default'),
  functionName: z
    .string()
    // Lambda's rule (64 of letters, digits, - and _) and CloudFormation's for stacks, which begin with a letter and have no _.
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/)
    .default('bedrock-titan-function')
    .describe('1 to 64 letters, digits and hyphens, beginning with a letter'),
  memory: wholeNumber(128, 10_240).default(128).describe('a whole number of MB from 128 to 10240'),
  timeoutSeconds: wholeNumber(1, 900).default(60).describe('a whole number of seconds from 1 to 900'),
  logRetentionDays: number
    .pipe(z.literal(retentionDays))
    .default(RetentionDays.ONE_MONTH)
    .describe(`one of ${retentionDays.join(', ')} (days)`),
  alarmEmail: z.email().optional().describe('an e-mail address'),
  monthlyBudgetUsd: numberBetween(1, 1_000_000).optional().describe('US dollars a month, from 1 to 1000000'),
  dailyLimitUsd: numberBetween(0.01, 1_000_000).optional().describe('US dollars in 24 hours, from 0.01 to 1000000'),
  dashboard: yesOrNo.default(false).describe('1 or 0'),
  functionUrl: yesOrNo.default(false).describe('1 or 0'),
  // `false` becomes undefined: the template then stays what it was before this setting was added.
  stream: yesOrNo
    .transform((on): boolean | undefined => on || undefined)
    .optional()
    .describe('1 or 0'),
  // Absent where off, as above.
  batch: yesOrNo
    .transform((on): boolean | undefined => on || undefined)
    .optional()
    .describe('1 or 0'),
  batchRetentionDays: wholeNumber(1, 365).optional().describe('a whole number of days from 1 to 365'),
  maxConcurrency: wholeNumber(1, 1000).optional().describe('a whole number of calls at once from 1 to 1000'),
  maxTokens: wholeNumber(1, 1_000_000)
    .optional()
    .describe('a whole number of tokens from 1 to what the model can put out'),
  maxTokensLimit: wholeNumber(1, 1_000_000).optional().describe('a whole number of tokens from 1 to 1000000'),
  temperature: numberBetween(0, 1).optional().describe('a number from 0 to 1'),
  // Absent where it is the default one, as above.
  serviceTier: z
    .enum(['default', 'flex'])
    .transform((tier) => (tier === 'flex' ? tier : undefined))
    .optional()
    .describe('default or flex'),
  // 6 MB is Lambda's largest event.
  maxPromptChars: wholeNumber(1, 6_000_000).optional().describe('a whole number of characters from 1 to 6000000'),
});

/** The settings of one deployment, each within its bounds. */
export type Settings = z.infer<typeof settingsSchema>;

type SettingKey = keyof Settings;

/** `logRetentionDays` → `LOG_RETENTION_DAYS`. */
function nameOf(key: SettingKey): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

const isSettingKey = (text: string): text is SettingKey => text in settingsSchema.shape;

/** Each setting's name and its key, in the order of the schema. */
export const settingNames: ReadonlyMap<string, SettingKey> = new Map(
  Object.keys(settingsSchema.shape)
    .filter(isSettingKey)
    .map((key) => [nameOf(key), key]),
);

/** The settings that have a value, by name and as a person would type them. */
export function typedSettings(settings: Settings): Record<string, string> {
  return Object.fromEntries(
    [...settingNames].flatMap(([name, key]) => {
      const value = settings[key];
      return value === undefined ? [] : [[name, typeof value === 'boolean' ? String(Number(value)) : String(value)]];
    }),
  );
}

/** The metadata of a template with the settings that it was made with. */
export const SETTINGS_METADATA = 'BedrockOnLambda::Settings';

const YES_OR_NO_JA = '1 または 0';

/** What each setting takes, in the words of a Japanese message; the schema has the English ones. */
const TAKES_JA: Readonly<Record<SettingKey, string>> = {
  region: 'ap-northeast-1 などの AWS の商用リージョン',
  model: 'models.json にあるモデル ID (カンマ区切り、重複なし。先頭が既定のモデル)',
  functionName: '英字で始まる、1 〜 64 文字の英数字とハイフン',
  memory: '128 から 10240 までの整数 (MB)',
  timeoutSeconds: '1 から 900 までの整数 (秒)',
  logRetentionDays: `${retentionDays.join('、')} のいずれか (日)`,
  alarmEmail: 'メールアドレス',
  monthlyBudgetUsd: '1 から 1000000 までの数 (月額、米ドル)',
  dailyLimitUsd: '0.01 から 1000000 までの数 (24 時間の米ドル)',
  dashboard: YES_OR_NO_JA,
  functionUrl: YES_OR_NO_JA,
  stream: YES_OR_NO_JA,
  batch: YES_OR_NO_JA,
  batchRetentionDays: '1 から 365 までの整数 (日)',
  maxConcurrency: '1 から 1000 までの整数 (同時実行数)',
  maxTokens: '1 からモデルの最大出力トークン数までの整数',
  maxTokensLimit: '1 から 1000000 までの整数 (トークン)',
  temperature: '0 から 1 までの数',
  serviceTier: 'default または flex',
  maxPromptChars: '1 から 6000000 までの整数 (文字)',
};

/** The description of a setting's values. */
export function takes(key: SettingKey): Text {
  return { en: settingsSchema.shape[key].description ?? '', ja: TAKES_JA[key] };
}
