import { type Call, type Estimate, estimateOf, FREE_STREAMED_BYTES, streamedBytes } from '../lib/estimate.ts';
import { PRICES } from '../lib/prices.ts';
import type { Settings } from '../lib/settings.ts';
import { columns } from './support/columns.ts';
import { exitOnError } from './support/exit.ts';
import { wantsJson } from './support/options.ts';
import { announceNoTarget } from './support/target.ts';
import { workloadOf } from './support/workload.ts';

await exitOnError(() => {
  const choice = announceNoTarget();
  const { call, callsPerDay } = workloadOf(process.env, choice);
  const { memory, region } = choice.settings;
  const estimates = choice.models.map((model) => callsPerDay.map((calls) => estimateOf(model, memory, call, calls)));
  if (region !== PRICES.region)
    console.error(`The prices of Lambda and CloudWatch are those of ${PRICES.region}; ${region} may have others.`);
  const cap = mostCallsPerDay(choice.settings.maxConcurrency, call);
  if (callsPerDay.some((calls) => calls > cap))
    console.error(
      `MAX_CONCURRENCY=${choice.settings.maxConcurrency} lets at most ${cap.toLocaleString('en-US')} calls a day of ${call.seconds} s through; the rest are refused and cost nothing.`,
    );
  if (wantsJson()) console.log(JSON.stringify(estimates.flat(), rounded, 2));
  else console.log([...estimates.map(asTable), assumptions(choice.settings, call)].join('\n\n'));
});

/** Of 86,400 seconds. */
function mostCallsPerDay(maxConcurrency = Number.POSITIVE_INFINITY, { seconds }: Call): number {
  return Math.floor((maxConcurrency * 86_400) / seconds);
}

/** To millionths of a dollar: floating point says no more. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(6)) : value;
}

function asTable(estimates: readonly Estimate[]): string {
  const headings = ['calls a day', 'tokens', 'Lambda', 'logs', 'alarms, metrics', 'USD a month', 'free tier'].map(
    (heading) => ({ heading, right: true }),
  );
  const rows = estimates.map((one) => [
    one.callsPerDay.toLocaleString('en-US'),
    ...[one.tokensUsd, one.lambdaUsd, one.logsUsd, one.alarmsAndMetricsUsd, one.totalUsd, -one.freeTierUsd].map(
      dollars,
    ),
  ]);
  return `${estimates[0]?.modelId ?? ''}\n${columns(headings, rows)}`;
}

function dollars(usd: number): string {
  if (usd > 0 && usd < 0.005) return '<0.01';
  return usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

function assumptions({ memory, stream }: Settings, { inputTokens, outputTokens, seconds }: Call): string {
  return [
    `Each call: ${inputTokens} tokens in, ${outputTokens} out, ${seconds} s at ${memory} MB. A month is 30 days. List prices, without taxes.`,
    'free tier: what it takes off in an account that uses it for nothing else.',
    ...(stream ? [streamed(outputTokens)] : []),
  ].join('\n');
}

/** Lambda's charge for streamed answers is nothing: what is free of each is more than any model of models.json puts out. */
function streamed(outputTokens: number): string {
  const kilobytes = Math.ceil(streamedBytes(outputTokens) / 1000).toLocaleString('en-US');
  return `Streamed, an answer is some ${kilobytes} kB; Lambda charges for streamed bytes beyond the first ${FREE_STREAMED_BYTES / 1e6} MB of each, so nothing here.`;
}
