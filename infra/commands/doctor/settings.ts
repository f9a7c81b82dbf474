import { UserError } from '../../lib/errors.ts';
import { daysToEnd, hasEnded, LEAST_DAYS_TO_LIVE } from '../../lib/models/life.ts';
import {
  countriesOf,
  type ModelRow,
  type ModelTable,
  ModelTableError,
  priceIn,
  readModels,
} from '../../lib/models/table.ts';
import { modelsFile, settingsFile } from '../../lib/paths.ts';
import { choose } from '../../lib/settings/choice.ts';
import type { Settings } from '../../lib/settings/settings.ts';
import { type ReadSettings, readSettings } from '../../lib/settings/sources.ts';
import { message } from '../../lib/text.ts';
import { failure, type Finding, ok, warning } from './check.ts';

/** The settings and the findings about them. Without `choice` the account is not asked. */
export interface Examined {
  readonly findings: readonly Finding[];
  readonly choice?: ReadSettings & { readonly models: readonly ModelRow[] };
}

/** Examines the settings, and the models that they name. */
export function examineSettings(today: string): Examined {
  try {
    const read = readSettings({ environment: process.env, file: settingsFile });
    return examineModels(read, readModels(modelsFile), today);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const finding =
      error instanceof ModelTableError
        ? failure(texts.tableWrong(error.message), texts.tableRemedy())
        : failure(texts.settingsWrong(error.message), texts.settingsRemedy());
    return { findings: [finding] };
  }
}

function examineModels(read: ReadSettings, table: ModelTable, today: string): Examined {
  const named = (read.settings.model ?? [table.default]).map((id) => ({
    id,
    row: table.models.find((row) => row.id === id),
  }));
  const findings = named.flatMap(({ id, row }) =>
    row ? usable(row, read.settings, table, today) : [failure(texts.modelUnknown(id), texts.modelUnknownRemedy())],
  );
  if (findings.some(({ mark }) => mark === 'failure')) return { findings };
  const { models } = choose(read.settings, table, today);
  const given = [...read.given].map(([name, value]) => `${name}=${value}`).join(', ');
  return { findings: [ok(texts.settings(given)), ...findings], choice: { ...read, models } };
}

function usable(row: ModelRow, { region, stream, serviceTier }: Settings, table: ModelTable, today: string): Finding[] {
  if (hasEnded(row, today))
    return [failure(texts.modelEnded(row.id, row.lifecycle.endOfLife ?? ''), texts.modelEndedRemedy(table.default))];
  if (region !== table.sourceRegion && row.reach !== 'global-profile')
    return [
      failure(texts.modelRegion(row.id, region, table.sourceRegion), texts.modelRegionRemedy(table.sourceRegion)),
    ];
  return [
    life(row, today),
    ok(texts.reach(row.reach, row.destinationRegions.join(', '), countriesOf(row).join(', '))),
    ok(texts.price(priceOfThousandCalls(priceIn(row, serviceTier)))),
    ...(stream && !row.responseStreaming ? [warning(texts.modelWhole(row.id))] : []),
  ];
}

function life(row: ModelRow, today: string): Finding {
  const days = daysToEnd(row, today);
  if (row.lifecycle.status === 'legacy') return warning(texts.modelLegacy(row.id), texts.modelSoonRemedy());
  if (days === undefined) return ok(texts.modelAlive(row.id));
  const text = texts.modelEnds(row.id, days, row.lifecycle.endOfLife ?? '');
  return days <= LEAST_DAYS_TO_LIVE ? warning(text, texts.modelSoonRemedy()) : ok(text);
}

/** The price of 1,000 calls of 1,000 tokens in and 500 out: a page of text, and half a page of answer. */
function priceOfThousandCalls({ input, output }: ModelRow['pricePerMillionTokens']): string {
  return ((1000 * (1000 * input + 500 * output)) / 1e6).toFixed(2);
}

const texts = {
  settings: message(
    (given: string) => `Settings are valid${given && `: ${given}`}`,
    (given) => `設定に問題はありません${given && `: ${given}`}`,
  ),
  settingsWrong: message(
    (sentence: string) => `A setting is wrong: ${sentence}`,
    (sentence) => `設定に誤りがあります: ${sentence}`,
  ),
  settingsRemedy: message(
    () => 'Correct it on the command line (make doctor NAME=value), in the environment or in infra/settings.json.',
    () => 'コマンドライン (make doctor 名前=値)、環境変数、または infra/settings.json で修正してください。',
  ),
  tableWrong: message(
    (sentence: string) => `The table of models cannot be read: ${sentence}`,
    (sentence) => `モデル一覧を読み込めません: ${sentence}`,
  ),
  tableRemedy: message(
    () => 'Undo the last change of models.json (git diff models.json).',
    () => 'models.json の直前の変更を元に戻してください (git diff models.json で確認できます)。',
  ),
  modelUnknown: message(
    (id: string) => `Model ${id} is not in models.json`,
    (id) => `モデル ${id} は models.json にありません`,
  ),
  modelUnknownRemedy: message(
    () => 'Choose one that make models lists: MODEL=….',
    () => 'make models の一覧にあるモデルを MODEL=… で指定してください。',
  ),
  modelEnded: message(
    (id: string, date: string) =>
      `Model ${id} has reached its end of life${date && ` (${date})`}: Bedrock refuses every call to it`,
    (id, date) => `モデル ${id} は提供を終了しています${date && ` (${date})`}。Bedrock はすべての呼び出しを拒否します`,
  ),
  modelEndedRemedy: message(
    (id: string) => `Use another one: MODEL=${id}.`,
    (id) => `別のモデルを指定してください: MODEL=${id}`,
  ),
  modelRegion: message(
    (id: string, region: string, source: string) =>
      `Model ${id} cannot be called from ${region}: models.json has it as called from ${source}`,
    (id, region, source) =>
      `モデル ${id} は ${region} からは呼び出せません (models.json では ${source} から呼び出すモデルです)`,
  ),
  modelRegionRemedy: message(
    (source: string) => `Use REGION=${source}, or a global model (make models).`,
    (source) => `REGION=${source} とするか、グローバルのモデルを選んでください (make models で確認できます)。`,
  ),
  modelAlive: message(
    (id: string) => `Model ${id}: active, no end announced`,
    (id) => `モデル ${id}: 提供中 (終了予定の発表はありません)`,
  ),
  modelEnds: message(
    (id: string, days: number, date: string) => `Model ${id}: ends in ${days} days (${date})`,
    (id, days, date) => `モデル ${id}: あと ${days} 日 (${date}) で提供を終了します`,
  ),
  modelLegacy: message(
    (id: string) => `Model ${id} is legacy: refused to accounts that do not use it`,
    (id) => `モデル ${id} はレガシーです (利用実績のないアカウントからは呼び出せません)`,
  ),
  modelSoonRemedy: message(
    () => 'Choose its successor in time: make models, then make deploy MODEL=….',
    () => '早めに後継のモデルへ切り替えてください (make models で選び、make deploy MODEL=… で反映します)。',
  ),
  reach: message(
    (kind: 'in-region' | 'geographic-profile' | 'global-profile', regions: string, countries: string) =>
      ({
        'in-region': `Called in the region, processed in ${countries} (${regions})`,
        'geographic-profile': `Called through a geographic profile, processed in ${countries} (${regions})`,
        'global-profile': 'Called through a global profile, processed in any commercial region',
      })[kind],
    (kind, regions) =>
      ({
        'in-region': `リージョン内で呼び出します。処理されるリージョン: ${regions}`,
        'geographic-profile': `地域の推論プロファイルで呼び出します。処理されるリージョン: ${regions}`,
        'global-profile': 'グローバルの推論プロファイルで呼び出します。どの商用リージョンでも処理されることがあります',
      })[kind],
  ),
  price: message(
    (usd: string) => `1,000 calls of 1,000 tokens in and 500 out cost about $${usd} of Bedrock`,
    (usd) => `入力 1,000 トークン・出力 500 トークンの呼び出し 1,000 回で、Bedrock の料金は約 $${usd} です`,
  ),
  modelWhole: message(
    (id: string) => `Model ${id} does not stream: also with STREAM=1, its answers come whole`,
    (id) => `モデル ${id} はストリーミングに対応していないため、STREAM=1 でも回答はまとめて返ります`,
  ),
} as const;
