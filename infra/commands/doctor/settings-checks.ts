import { choose } from '../../lib/granted-models.ts';
import { daysToEnd, hasEnded, LEAST_DAYS_TO_LIVE } from '../../lib/model-life.ts';
import { type ModelRow, type ModelTable, readModels } from '../../lib/models.ts';
import { modelsFile, settingsFile } from '../../lib/paths.ts';
import { countriesOf } from '../../lib/residency.ts';
import type { Settings } from '../../lib/settings.ts';
import { type ReadSettings, readSettings } from '../../lib/settings-sources.ts';
import { UserError } from '../../lib/user-error.ts';
import { failure, type Finding, ok, type Text, warning } from './finding.ts';
import { machineMessages as says } from './machine-messages.ts';

/** The settings and the findings about them. Without `choice` the account is not asked. */
export interface Examined {
  readonly findings: readonly Finding[];
  readonly choice?: ReadSettings & { readonly models: readonly ModelRow[] };
}

/** Examines the settings, and the models that they name. */
export function examineSettings(today: string): Examined {
  try {
    const read = readSettings({ environment: process.env, file: settingsFile });
    return examineModels(
      read,
      orFailure(() => readModels(modelsFile), says.tableWrong, says.tableRemedy()),
      today,
    );
  } catch (error) {
    if (error instanceof Wrong) return { findings: [error.finding] };
    if (error instanceof UserError) return { findings: [wrongSetting(error)] };
    throw error;
  }
}

/** A failure after which no other check makes sense. */
class Wrong extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.text.en);
    this.finding = finding;
  }
}

function orFailure<T>(act: () => T, text: (sentence: string) => Text, remedy: Text): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof UserError ? new Wrong(failure(text(error.message), remedy)) : error;
  }
}

const wrongSetting = (error: UserError): Finding => failure(says.settingsWrong(error.message), says.settingsRemedy());

function examineModels(read: ReadSettings, table: ModelTable, today: string): Examined {
  const named = (read.settings.model ?? [table.default]).map((id) => ({
    id,
    row: table.models.find((row) => row.id === id),
  }));
  const findings = named.flatMap(({ id, row }) =>
    row ? usable(row, read.settings, table, today) : [failure(says.modelUnknown(id), says.modelUnknownRemedy())],
  );
  if (findings.some(({ mark }) => mark === 'failure')) return { findings };
  const { models } = choose(read.settings, table, today);
  const given = [...read.given].map(([name, value]) => `${name}=${value}`).join(', ');
  return { findings: [ok(says.settings(given)), ...findings], choice: { ...read, models } };
}

function usable(row: ModelRow, { region, stream }: Settings, table: ModelTable, today: string): Finding[] {
  if (hasEnded(row, today))
    return [failure(says.modelEnded(row.id, row.lifecycle.endOfLife ?? ''), says.modelEndedRemedy(table.default))];
  if (region !== table.sourceRegion && row.reach !== 'global-profile')
    return [failure(says.modelRegion(row.id, region, table.sourceRegion), says.modelRegionRemedy(table.sourceRegion))];
  return [
    life(row, today),
    ok(says.reach(row.reach, row.destinationRegions.join(', '), countriesOf(row).join(', '))),
    ok(says.price(priceOfThousandCalls(row))),
    ...(stream && !row.responseStreaming ? [warning(says.modelWhole(row.id))] : []),
  ];
}

function life(row: ModelRow, today: string): Finding {
  const days = daysToEnd(row, today);
  if (row.lifecycle.status === 'legacy') return warning(says.modelLegacy(row.id), says.modelSoonRemedy());
  if (days === undefined) return ok(says.modelAlive(row.id));
  const text = says.modelEnds(row.id, days, row.lifecycle.endOfLife ?? '');
  return days <= LEAST_DAYS_TO_LIVE ? warning(text, says.modelSoonRemedy()) : ok(text);
}

/** Calls of 1,000 tokens in and 500 out: a page of text, and half a page of answer. */
function priceOfThousandCalls({ pricePerMillionTokens: { input, output } }: ModelRow): string {
  return ((1000 * (1000 * input + 500 * output)) / 1e6).toFixed(2);
}
