import { daysToEnd, LEAST_DAYS_TO_LIVE } from './model-life.ts';
import type { ModelRow } from './models.ts';

/** What a model asks for before the first call, from nothing to most. */
const ACCESS: readonly ModelRow['access'][] = ['none', 'marketplace', 'marketplace-and-form'];

/** Whether the model is active and stays so for as long as `make models-check` asks for. */
export function livesOn(row: ModelRow, today: string): boolean {
  const days = daysToEnd(row, today);
  return row.lifecycle.status === 'active' && (days === undefined || days > LEAST_DAYS_TO_LIVE);
}

/**
 * The model nearest in price to the old one, of those that live on, keep prompts where they are now and ask for no more
 * access; undefined when there is none.
 */
export function replacementOf(old: ModelRow, rows: readonly ModelRow[], today: string): ModelRow | undefined {
  const fit = rows.filter(
    (row) =>
      livesOn(row, today) &&
      staysWithin(row, old.destinationRegions) &&
      ACCESS.indexOf(row.access) <= ACCESS.indexOf(old.access),
  );
  const distance = (row: ModelRow): number => Math.abs(price(row) - price(old));
  return fit.toSorted((one, other) => distance(one) - distance(other))[0];
}

/** Whether prompts to the model go to no region but these. A global profile names none, and goes anywhere. */
function staysWithin({ destinationRegions }: ModelRow, regions: readonly string[]): boolean {
  if (regions.length === 0) return true;
  return destinationRegions.length > 0 && destinationRegions.every((region) => regions.includes(region));
}

/** US dollars for a million tokens in and as many out. */
const price = ({ pricePerMillionTokens: { input, output } }: ModelRow): number => input + output;
