import { z } from 'zod';
import { type ModelRow, parseModels } from './models.ts';

/** What AWS said of a row. */
export interface RowNews {
  readonly id: string;
  readonly lifecycle: Pick<ModelRow['lifecycle'], 'status' | 'endOfLife'>;
  readonly destinationRegions: readonly string[];
  /** An ISO date. */
  readonly confirmedOn: string;
}

/** As much of a row as the news is put into. Checked and not parsed: zod would put these keys first. */
const row = z.object({ id: z.string(), lifecycle: z.record(z.string(), z.unknown()) });
const isRow = (value: unknown): value is z.infer<typeof row> => row.safeParse(value).success;

/**
 * models.json with the news put in, and all else as it was.
 *
 * @throws UserError when the result would be no table of models.
 */
export function withNews(text: string, news: readonly RowNews[]): string {
  const refreshed: unknown = JSON.parse(text, (_key, value: unknown) => {
    const found = isRow(value) ? news.find(({ id }) => id === value.id) : undefined;
    return found && isRow(value)
      ? { ...value, ...found, lifecycle: { ...value.lifecycle, ...found.lifecycle } }
      : value;
  });
  const written = `${JSON.stringify(refreshed, null, 2)}\n`;
  parseModels(written, 'models.json, refreshed,');
  return written;
}
