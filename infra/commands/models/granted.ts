import { lifeProblems } from '../../lib/models/life.ts';
import { type ModelTable, readModels } from '../../lib/models/table.ts';
import { modelsFile, settingsFile } from '../../lib/paths.ts';
import { readSettings } from '../../lib/settings/sources.ts';
import { UserError } from '../../lib/errors.ts';

/** The table, and the ids in it that the settings grant. */
export interface GrantedTable {
  readonly table: ModelTable;
  readonly granted: readonly string[];
  /** An ISO date, in UTC as Bedrock's are. */
  readonly today: string;
}

/** Reads the table without checking the settings' models, whose problems these commands show. */
export function readGrantedTable(): GrantedTable {
  const { settings } = readSettings({ environment: process.env, file: settingsFile });
  const table = readModels(modelsFile);
  return { table, granted: settings.model ?? [table.default], today: new Date().toISOString().slice(0, 10) };
}

/**
 * The problems of the table, one sentence each.
 *
 * @throws UserError when a granted model is not in the table.
 */
export function grantedProblems({ table, granted, today }: GrantedTable): string[] {
  const missing = granted.filter((id) => !table.models.some((row) => row.id === id));
  if (missing.length > 0)
    throw new UserError({
      en: `MODEL ${missing.join(', ')} is not in models.json: \`make models\` lists what is.`,
      ja: `MODEL に指定された ${missing.join(', ')} は models.json にありません。\`make models\` で一覧を確認できます。`,
    });
  return lifeProblems(table.models, granted, today);
}
