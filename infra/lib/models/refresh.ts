import { z } from 'zod';
import { type ModelRow, parseModels } from './table.ts';

/** The columns of a row that AWS gives. */
export interface RowUpdate {
  readonly id: string;
  readonly lifecycle: Pick<ModelRow['lifecycle'], 'status' | 'endOfLife' | 'confirmedOn'>;
  readonly destinationRegions: readonly string[];
  readonly answeredOn?: string | undefined;
}

/** The part of a row that an update changes. Checked and not parsed: zod would put these keys first. */
const row = z.object({ id: z.string(), lifecycle: z.record(z.string(), z.unknown()) });
const isRow = (value: unknown): value is z.infer<typeof row> => row.safeParse(value).success;

/**
 * models.json with the updates, and nothing else changed.
 *
 * @throws UserError when the result is not a valid table of models.
 */
export function withUpdates(text: string, updates: readonly RowUpdate[]): string {
  const refreshed: unknown = JSON.parse(text, (_key, value: unknown) => {
    const found = isRow(value) ? updates.find(({ id }) => id === value.id) : undefined;
    return found && isRow(value)
      ? { ...value, ...found, lifecycle: { ...value.lifecycle, ...found.lifecycle } }
      : value;
  });
  const written = `${JSON.stringify(refreshed, null, 2)}\n`;
  parseModels(written, 'models.json, refreshed,');
  return written;
}
