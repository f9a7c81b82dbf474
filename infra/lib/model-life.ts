import type { ModelRow } from './models.ts';

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

/** A granted model must live on for as long: AWS gives as little as 45 days' notice, and a change takes its time. */
export const LEAST_DAYS_TO_LIVE = 60;

/** Days after which a row of the table counts as stale. */
export const MOST_DAYS_UNCONFIRMED = 120;

/**
 * What is wrong with the life of the models in use, one sentence each.
 *
 * @param granted ids of the models that the function may call.
 * @param today an ISO date.
 */
export function lifeProblems(rows: readonly ModelRow[], granted: readonly string[], today: string): string[] {
  return rows.flatMap((row) => [
    ...(granted.includes(row.id) ? endProblems(row, today) : []),
    ...staleProblems(row, today),
  ]);
}

function endProblems(row: ModelRow, today: string): string[] {
  if (hasEnded(row, today))
    return [`${row.id} has reached its end of life: Bedrock refuses every call to it. Set MODEL to another one.`];
  const days = daysToEnd(row, today);
  if (days !== undefined && days <= LEAST_DAYS_TO_LIVE)
    return [`${row.id} ends in ${days} days, on ${row.lifecycle.endOfLife}: set MODEL to another one before that.`];
  if (row.lifecycle.status === 'legacy')
    return [`${row.id} is legacy: Bedrock refuses it to accounts that do not use it. Set MODEL to an active one.`];
  return [];
}

/** An ended model changes no more. */
function staleProblems(row: ModelRow, today: string): string[] {
  const days = daysBetween(row.confirmedOn, today);
  if (row.lifecycle.status === 'ended' || days <= MOST_DAYS_UNCONFIRMED) return [];
  return [
    `${row.id} was last confirmed ${days} days ago, on ${row.confirmedOn}: run \`make models-refresh\`, and check its price.`,
  ];
}
