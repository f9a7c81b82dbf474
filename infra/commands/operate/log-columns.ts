import { z } from 'zod';
import { parseJson } from '../shared/json.ts';

/** The function's line of an invocation (crates/bedrock-function/src/record/mod.rs). */
const invocation = z.object({
  timestamp: z.string(),
  message: z.literal('invocation'),
  requestId: z.string(),
  outcome: z.string(),
  coldStart: z.boolean().optional(),
  modelId: z.string().optional(),
  inputTokens: z.number().optional(),
  outputTokens: z.number().optional(),
  costUsd: z.number().optional(),
  durationMs: z.number(),
});

const cells = (
  time: string,
  request: string,
  model: string,
  tokens: readonly [string, string],
  cost: string,
  duration: string,
  outcome: string,
): string =>
  [
    time.padEnd(19),
    request.padEnd(8),
    model.padEnd(30),
    tokens[0].padStart(7),
    tokens[1].padStart(7),
    cost.padStart(9),
    duration.padStart(7),
    outcome,
  ].join('  ');

/** The columns' headings. */
export const HEADING = cells('time', 'request', 'model', ['in', 'out'], 'USD', 'ms', 'outcome');

/** Lambda's own lines about an invocation, which the function's line makes redundant. */
const ROUTINE = /^(START|END|REPORT|INIT_START) /;

/** A log line as it is shown to a person, or undefined for a routine line of Lambda's. Any other line is shown as it is. */
export function readable(message: string, time: number): string | undefined {
  const line = invocation.safeParse(parseJson(message));
  if (line.success) return ofInvocation(line.data);
  return ROUTINE.test(message) ? undefined : `${local(new Date(time))}  ${message.trimEnd()}`;
}

function ofInvocation({
  timestamp,
  requestId,
  modelId,
  inputTokens,
  outputTokens,
  costUsd,
  durationMs,
  outcome,
  coldStart,
}: z.infer<typeof invocation>): string {
  const count = (value: number | undefined): string => value?.toString() ?? '-';
  return cells(
    local(new Date(timestamp)),
    requestId.slice(0, 8),
    modelId ?? '-',
    [count(inputTokens), count(outputTokens)],
    costUsd?.toFixed(6) ?? '-',
    count(durationMs),
    outcome + (coldStart ? ' (cold start)' : ''),
  );
}

/** Local time, as 2026-11-23 09:00:00. */
function local(date: Date): string {
  return Number.isNaN(date.getTime()) ? '-' : date.toLocaleString('sv-SE').slice(0, 19);
}
