import { UserError } from '../errors.ts';
import { hasEnded } from '../models/life.ts';
import { type ModelRow, type ModelTable, readModels } from '../models/table.ts';
import { modelsFile, settingsFile } from '../paths.ts';
import { environmentOf, LAMBDA_ENVIRONMENT_BYTES } from './function-environment.ts';
import { message, type Text } from '../text.ts';
import type { Purpose } from './purpose.ts';
import type { Settings } from './settings.ts';
import { type Given, readSettings } from './sources.ts';

/** Settings that were checked against one another and the table, with the rows of the models that they grant. */
export interface Choice {
  readonly settings: Settings;
  /** At least one; the first is the default one. */
  readonly models: readonly ModelRow[];
}

/**
 * Finds the models that the settings name and checks the settings against them.
 *
 * @param today an ISO date: a model whose end has come by then is refused.
 * @throws UserError naming the setting that does not fit, and what would.
 */
export function choose(settings: Settings, table: ModelTable, today: string): Choice {
  const ids = settings.model ?? [table.default];
  const models = ids.map((id) => usableModel(id, settings.region, table, today));
  checkMaxTokens(settings, models);
  checkServiceTier(settings, models, table);
  checkBudget(settings);
  checkBatch(settings);
  checkEnvironmentSize(settings, models);
  return { settings, models };
}

/**
 * The choice for a stack that exists, with those of its models that the table still has, or else the default one. The
 * models are not checked: a function whose model has ended can still be looked at and removed.
 */
function chooseExisting(settings: Settings, table: ModelTable): Choice {
  const rowsOf = (ids: readonly string[]) => table.models.filter((row) => ids.includes(row.id));
  const named = rowsOf(settings.model ?? []);
  return { settings, models: named.length > 0 ? named : rowsOf([table.default]) };
}

function usableModel(id: string, region: string, table: ModelTable, today: string): ModelRow {
  const model = table.models.find((row) => row.id === id);
  if (!model) throw new UserError(texts.noModel(id, idsOf(servedModels(table, today))));
  if (hasEnded(model, today)) throw new UserError(texts.ended(id, endDate(model), replacement(table, today)));
  if (region !== table.sourceRegion && model.reach !== 'global-profile')
    throw new UserError(wrongRegion(model, region, table, today));
  return model;
}

function endDate({ lifecycle }: ModelRow): string {
  return lifecycle.endOfLife === null ? '' : ` (${lifecycle.endOfLife})`;
}

function servedModels(table: ModelTable, today: string): ModelRow[] {
  return table.models.filter((row) => !hasEnded(row, today));
}

/** The table's default, or, where that has ended too, the first model that has not. */
function replacement(table: ModelTable, today: string): string | undefined {
  const active = servedModels(table, today);
  return (active.find((row) => row.id === table.default) ?? active[0])?.id;
}

function wrongRegion(model: ModelRow, region: string, table: ModelTable, today: string): Text {
  const global = servedModels(table, today).filter((row) => row.reach === 'global-profile');
  return texts.wrongRegion(region, model.id, table.sourceRegion, idsOf(global));
}

const idsOf = (rows: readonly ModelRow[]): string => rows.map((row) => row.id).join(', ');

function checkMaxTokens({ maxTokens, maxTokensLimit }: Settings, models: readonly ModelRow[]): void {
  if (maxTokens !== undefined && maxTokensLimit !== undefined && maxTokens > maxTokensLimit) {
    throw new UserError(texts.aboveLimit(maxTokens, maxTokensLimit));
  }
  const model = models.find((row) => maxTokens !== undefined && maxTokens > row.maxOutputTokens);
  if (model) throw new UserError(texts.aboveModel(maxTokens, model.maxOutputTokens, model.id));
}

/** The function refuses an event for a model that is not served in the tier. */
function checkServiceTier({ serviceTier }: Settings, models: readonly ModelRow[], table: ModelTable): void {
  const hasFlex = (row: ModelRow) => row.flexPricePerMillionTokens !== null;
  const model = models.find((row) => serviceTier === 'flex' && !hasFlex(row));
  if (model) throw new UserError(texts.noFlex(model.id, idsOf(table.models.filter(hasFlex))));
}

/** A budget without an address warns nobody. */
function checkBudget({ monthlyBudgetUsd, alarmEmail }: Settings): void {
  if (monthlyBudgetUsd !== undefined && alarmEmail === undefined) {
    throw new UserError(texts.noAddress());
  }
}

/** Less than the five minutes of an Express workflow (Step Functions quotas) by the time that its other parts may take. */
const LONGEST_BATCH_TIMEOUT_SECONDS = 240;

/** The function has to answer a row within the time of an Express workflow. */
function checkBatch({ batch, batchRetentionDays, timeoutSeconds }: Settings): void {
  if (batchRetentionDays !== undefined && !batch) throw new UserError(texts.noBatch());
  if (batch && timeoutSeconds > LONGEST_BATCH_TIMEOUT_SECONDS)
    throw new UserError(texts.tooLong(LONGEST_BATCH_TIMEOUT_SECONDS, timeoutSeconds));
}

function checkEnvironmentSize(settings: Settings, models: readonly ModelRow[]): void {
  const bytes = Object.entries(environmentOf(settings, models)).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name + value),
    0,
  );
  if (bytes > LAMBDA_ENVIRONMENT_BYTES) {
    throw new UserError(texts.tooMany(models.length, bytes, LAMBDA_ENVIRONMENT_BYTES));
  }
}

/** A checked choice, and the settings of it that somebody gave. */
export interface ReadChoice extends Choice {
  readonly given: Given;
}

/** Reads the settings of this process and checks them against models.json. */
export function readChoice(purpose: Purpose): ReadChoice {
  const { settings, given } = readSettings({ environment: process.env, file: settingsFile });
  const table = readModels(modelsFile);
  const today = new Date().toISOString().slice(0, 10);
  return { given, ...(purpose === 'existing' ? chooseExisting(settings, table) : choose(settings, table, today)) };
}

const texts = {
  noModel: message(
    (id: string, ids: string) => `MODEL ${id} is not in models.json; it has ${ids}.`,
    (id, ids) => `MODEL に指定された ${id} は models.json にありません。使えるのは ${ids} です。`,
  ),
  ended: message(
    (id: string, date: string, other: string | undefined) =>
      `MODEL ${id} has reached its end of life${date}: Bedrock refuses every call to it. Use ${other ?? 'a model that you add to models.json'} instead.`,
    (id, date, other) =>
      `MODEL に指定された ${id} は提供が終了しています${date}。Bedrock は呼び出しをすべて拒否します。${other ?? 'models.json に追加したモデル'} を使ってください。`,
  ),
  wrongRegion: message(
    (region: string, id: string, source: string, ids: string) =>
      `REGION ${region} cannot call ${id}, which models.json has as called from ${source}; use REGION=${source}, or a model that every region calls: MODEL=${ids}.`,
    (region, id, source, ids) =>
      `models.json の ${id} は ${source} から呼び出すモデルで、REGION ${region} からは呼び出せません。REGION=${source} にするか、どのリージョンからも呼び出せるモデルを MODEL=${ids} から選んでください。`,
  ),
  aboveLimit: message(
    (given: number, limit: number) =>
      `MAX_TOKENS takes at most what MAX_TOKENS_LIMIT allows, ${limit}; "${given}" was given.`,
    (given, limit) => `MAX_TOKENS は MAX_TOKENS_LIMIT の ${limit} 以下にしてください ("${given}" が指定されました)。`,
  ),
  aboveModel: message(
    (given: number | undefined, most: number, id: string) =>
      `MAX_TOKENS takes at most ${most} with ${id}; "${given}" was given.`,
    (given, most, id) => `${id} では MAX_TOKENS を ${most} 以下にしてください ("${given}" が指定されました)。`,
  ),
  noFlex: message(
    (id: string, ids: string) =>
      `SERVICE_TIER=flex needs models that Bedrock serves in its flexible tier, and ${id} is none. Leave it out, or grant only ${ids}.`,
    (id, ids) =>
      `${id} は SERVICE_TIER=flex (Flex 階層) に対応していません。指定をやめるか、MODEL を ${ids} だけにしてください。`,
  ),
  noAddress: message(
    () => 'MONTHLY_BUDGET_USD needs ALARM_EMAIL, the address to warn; none was given.',
    () => 'MONTHLY_BUDGET_USD には通知先のメールアドレスが必要です。ALARM_EMAIL も指定してください。',
  ),
  noBatch: message(
    () => 'BATCH_RETENTION_DAYS needs BATCH=1, whose files it is about; leave it out, or give both.',
    () =>
      'BATCH_RETENTION_DAYS は BATCH=1 で作られるファイルの保持日数です。BATCH=1 も指定するか、指定をやめてください。',
  ),
  tooLong: message(
    (most: number, given: number) =>
      `TIMEOUT_SECONDS takes at most ${most} with BATCH=1, because a row of a batch has five minutes; "${given}" was given.`,
    (most, given) =>
      `バッチの 1 行は 5 分以内に終わる必要があるため、BATCH=1 では TIMEOUT_SECONDS を ${most} 以下にしてください ("${given}" が指定されました)。`,
  ),
  tooMany: message(
    (models: number, bytes: number, most: number) =>
      `MODEL grants ${models} models, whose description takes ${bytes} bytes of the function's environment; Lambda allows ${most}. Grant fewer.`,
    (models, bytes, most) =>
      `MODEL に指定された ${models} 個のモデルの情報は関数の環境変数で ${bytes} バイトになり、Lambda の上限 ${most} バイトを超えます。モデルを減らしてください。`,
  ),
} as const;
