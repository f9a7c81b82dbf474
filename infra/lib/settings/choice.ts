import { UserError } from '../errors.ts';
import { hasEnded } from '../models/life.ts';
import { type ModelRow, type ModelTable, readModels } from '../models/table.ts';
import { modelsFile, settingsFile } from '../paths.ts';
import { environmentOf, LAMBDA_ENVIRONMENT_BYTES } from './function-environment.ts';
import type { Purpose } from './purpose.ts';
import type { Settings } from './settings.ts';
import { type Given, readSettings } from './sources.ts';

/** Settings whose parts were seen to agree, with the rows of the models they grant. */
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
export function chooseExisting(settings: Settings, table: ModelTable): Choice {
  const rowsOf = (ids: readonly string[]) => table.models.filter((row) => ids.includes(row.id));
  const named = rowsOf(settings.model ?? []);
  return { settings, models: named.length > 0 ? named : rowsOf([table.default]) };
}

function usableModel(id: string, region: string, table: ModelTable, today: string): ModelRow {
  const model = table.models.find((row) => row.id === id);
  if (!model) throw new UserError(`MODEL ${id} is not in models.json; it has ${idsOf(livingModels(table, today))}.`);
  if (hasEnded(model, today))
    throw new UserError(
      `MODEL ${id} has reached its end of life${endDate(model)}: Bedrock refuses every call to it. Use ${replacement(table, today)} instead.`,
    );
  if (region !== table.sourceRegion && model.reach !== 'global-profile')
    throw new UserError(wrongRegion(model, region, table, today));
  return model;
}

function endDate({ lifecycle }: ModelRow): string {
  return lifecycle.endOfLife === null ? '' : ` (${lifecycle.endOfLife})`;
}

function livingModels(table: ModelTable, today: string): ModelRow[] {
  return table.models.filter((row) => !hasEnded(row, today));
}

/** The table's default, or the first model still alive if that one has ended too. */
function replacement(table: ModelTable, today: string): string {
  const living = livingModels(table, today);
  return (living.find((row) => row.id === table.default) ?? living[0])?.id ?? 'a model that you add to models.json';
}

function wrongRegion(model: ModelRow, region: string, table: ModelTable, today: string): string {
  const global = livingModels(table, today).filter((row) => row.reach === 'global-profile');
  return `REGION ${region} cannot call ${model.id}, which models.json has as called from ${table.sourceRegion}; use REGION=${table.sourceRegion}, or a model that every region calls: MODEL=${idsOf(global)}.`;
}

const idsOf = (rows: readonly ModelRow[]): string => rows.map((row) => row.id).join(', ');

function checkMaxTokens({ maxTokens, maxTokensLimit }: Settings, models: readonly ModelRow[]): void {
  if (maxTokens !== undefined && maxTokensLimit !== undefined && maxTokens > maxTokensLimit) {
    throw new UserError(
      `MAX_TOKENS takes at most what MAX_TOKENS_LIMIT allows, ${maxTokensLimit}; "${maxTokens}" was given.`,
    );
  }
  const model = models.find((row) => maxTokens !== undefined && maxTokens > row.maxOutputTokens);
  if (model)
    throw new UserError(
      `MAX_TOKENS takes at most ${model.maxOutputTokens} with ${model.id}; "${maxTokens}" was given.`,
    );
}

/** The function refuses an event for a model that is not served in the tier. */
function checkServiceTier({ serviceTier }: Settings, models: readonly ModelRow[], table: ModelTable): void {
  const hasFlex = (row: ModelRow) => row.flexPricePerMillionTokens !== null;
  const model = models.find((row) => serviceTier === 'flex' && !hasFlex(row));
  if (model)
    throw new UserError(
      `SERVICE_TIER=flex needs models that Bedrock serves in its flexible tier, and ${model.id} is none: leave it out, or grant only ${idsOf(table.models.filter(hasFlex))}.`,
    );
}

/** A budget without an address warns nobody. */
function checkBudget({ monthlyBudgetUsd, alarmEmail }: Settings): void {
  if (monthlyBudgetUsd !== undefined && alarmEmail === undefined) {
    throw new UserError('MONTHLY_BUDGET_USD needs ALARM_EMAIL, the address to warn; none was given.');
  }
}

/** Less than the five minutes of an Express workflow (Step Functions quotas) by the time that its other parts may take. */
const LONGEST_BATCH_TIMEOUT_SECONDS = 240;

/** A row has the time of an Express workflow, in which the function has to have answered. */
function checkBatch({ batch, batchRetentionDays, timeoutSeconds }: Settings): void {
  if (batchRetentionDays !== undefined && !batch)
    throw new UserError('BATCH_RETENTION_DAYS needs BATCH=1, whose files it is about; leave it out, or give both.');
  if (batch && timeoutSeconds > LONGEST_BATCH_TIMEOUT_SECONDS)
    throw new UserError(
      `TIMEOUT_SECONDS takes at most ${LONGEST_BATCH_TIMEOUT_SECONDS} with BATCH=1, because a row of a batch has five minutes; "${timeoutSeconds}" was given.`,
    );
}

function checkEnvironmentSize(settings: Settings, models: readonly ModelRow[]): void {
  const bytes = Object.entries(environmentOf(settings, models)).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name + value),
    0,
  );
  if (bytes > LAMBDA_ENVIRONMENT_BYTES) {
    throw new UserError(
      `MODEL grants ${models.length} models, whose description takes ${bytes} bytes of the function's environment; Lambda allows ${LAMBDA_ENVIRONMENT_BYTES}. Grant fewer.`,
    );
  }
}

/** A checked choice, and the settings of it that somebody gave. */
export interface ReadChoice extends Choice {
  readonly given: Given;
}

/** Reads the settings of this process and settles them against models.json. */
export function readChoice(purpose: Purpose): ReadChoice {
  const { settings, given } = readSettings({ environment: process.env, file: settingsFile });
  const table = readModels(modelsFile);
  const today = new Date().toISOString().slice(0, 10);
  return { given, ...(purpose === 'existing' ? chooseExisting(settings, table) : choose(settings, table, today)) };
}
