import { message, localized } from '../text.ts';
import type { ModelRow } from './table.ts';

const DAY_MS = 86_400_000;

/** Days from one ISO date to another; negative when `to` lies before `from`. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS);
}

/** Whether Bedrock refuses every call to the model on that day. */
export function hasEnded({ lifecycle }: ModelRow, today: string): boolean {
  return lifecycle.status === 'ended' || (lifecycle.endOfLife !== null && lifecycle.endOfLife <= today);
}

/** Days until the announced end, or undefined when none is announced. */
export function daysToEnd({ lifecycle }: ModelRow, today: string): number | undefined {
  return lifecycle.endOfLife === null ? undefined : daysBetween(today, lifecycle.endOfLife);
}

/** The days before its end at which a granted model needs care: AWS gives as little as 45 days' notice, and a change takes time. */
export const LEAST_DAYS_TO_LIVE = 60;

/**
 * Days after which the lifecycle of a granted model counts as stale. AWS gives as little as 45 days' notice: an end announced on the
 * day after the last confirmation is then still 15 days away.
 */
export const MOST_DAYS_LIFE_UNCONFIRMED = 30;

/** Days after which the price and the maximum output of a row count as stale. */
export const MOST_DAYS_UNCONFIRMED = 120;

/**
 * The problems with the lifecycle of the models in use, one sentence each, in the language of whoever runs the command.
 *
 * @param granted ids of the models that the function may call.
 * @param today an ISO date.
 */
export function lifeProblems(rows: readonly ModelRow[], granted: readonly string[], today: string): string[] {
  return rows.flatMap((row) => [
    ...(granted.includes(row.id) ? [...endProblems(row, today), ...staleLifeProblems(row, today)] : []),
    ...staleProblems(row, today),
  ]);
}

function endProblems(row: ModelRow, today: string): string[] {
  if (hasEnded(row, today)) return [localized(texts.ended(row.id))];
  const days = daysToEnd(row, today);
  if (days !== undefined && days <= LEAST_DAYS_TO_LIVE)
    return [localized(texts.ends(row.id, days, row.lifecycle.endOfLife))];
  if (row.lifecycle.status === 'legacy') return [localized(texts.legacy(row.id))];
  return [];
}

function staleLifeProblems({ id, lifecycle }: ModelRow, today: string): string[] {
  const days = daysBetween(lifecycle.confirmedOn, today);
  if (lifecycle.status === 'ended' || days <= MOST_DAYS_LIFE_UNCONFIRMED) return [];
  return [localized(texts.staleLife(id, days, lifecycle.confirmedOn))];
}

/** The row of an ended model does not go stale, because the model changes no more. */
function staleProblems({ id, lifecycle, confirmedOn }: ModelRow, today: string): string[] {
  const days = daysBetween(confirmedOn, today);
  if (lifecycle.status === 'ended' || days <= MOST_DAYS_UNCONFIRMED) return [];
  return [localized(texts.stale(id, days, confirmedOn))];
}

const texts = {
  ended: message(
    (id: string) => `${id} has reached its end of life: Bedrock refuses every call to it. Set MODEL to another one.`,
    (id) =>
      `${id} は提供が終了しています。Bedrock は呼び出しをすべて拒否します。MODEL に別のモデルを指定してください。`,
  ),
  ends: message(
    (id: string, days: number, date: string | null) =>
      `${id} ends in ${days} days, on ${date}. Set MODEL to another one before that.`,
    (id, days, date) =>
      `${id} はあと ${days} 日で提供が終了します (${date})。その前に MODEL に別のモデルを指定してください。`,
  ),
  legacy: message(
    (id: string) => `${id} is legacy: Bedrock refuses it to accounts that do not use it. Set MODEL to an active one.`,
    (id) =>
      `${id} はレガシーモデルです。使っていないアカウントからの呼び出しを Bedrock は拒否します。MODEL に提供中 (Active) のモデルを指定してください。`,
  ),
  staleLife: message(
    (id: string, days: number, date: string) =>
      `${id}: AWS was last asked ${days} days ago, on ${date}, whether it ends. Run \`make models-refresh\`.`,
    (id, days, date) =>
      `${id} の提供終了日を AWS で最後に確認したのは ${days} 日前 (${date}) です。\`make models-refresh\` を実行してください。`,
  ),
  stale: message(
    (id: string, days: number, date: string) =>
      `${id}: what no API tells, such as its price, was last confirmed ${days} days ago, on ${date}. Read it again at AWS, and write the day into the row's confirmedOn.`,
    (id, days, date) =>
      `${id} の料金など、API で取得できない項目を最後に確認したのは ${days} 日前 (${date}) です。AWS のページで確認し、その日付を confirmedOn に書いてください。`,
  ),
} as const;

/** Kinds of access, from the one that asks for nothing to the one that asks for most. */
const ACCESS: readonly ModelRow['access'][] = ['none', 'marketplace', 'marketplace-and-form'];

/** Whether the model is active and stays so for as long as `make models-check` asks for. */
export function staysActive(row: ModelRow, today: string): boolean {
  const days = daysToEnd(row, today);
  return row.lifecycle.status === 'active' && (days === undefined || days > LEAST_DAYS_TO_LIVE);
}

/**
 * The model nearest in price to the old one, of those that stay active, keep prompts where they are now and ask for no more
 * access; undefined when there is none.
 */
export function replacementOf(old: ModelRow, rows: readonly ModelRow[], today: string): ModelRow | undefined {
  const fit = rows.filter(
    (row) =>
      staysActive(row, today) &&
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
