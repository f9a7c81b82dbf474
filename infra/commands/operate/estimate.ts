import { exitOnError, UserError } from '../../lib/errors.ts';
import {
  type Call,
  type Estimate,
  estimateOf,
  FREE_STREAMED_BYTES,
  PRICES,
  streamedBytes,
} from '../../lib/models/estimate.ts';
import { LONGEST_CONTEXT } from '../../lib/models/overrun.ts';
import type { Choice } from '../../lib/settings/choice.ts';
import type { Settings } from '../../lib/settings/settings.ts';
import { announceNoTarget } from '../shared/target.ts';
import { columns, wantsJson } from '../shared/terminal.ts';

/** An upper bound for CALLS_PER_DAY, which catches typing errors. */
const MOST_CALLS_PER_DAY = 100_000_000;

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

/** What is asked of the function. */
interface Workload {
  readonly call: Call;
  /** Calls a day: one estimate for each. */
  readonly callsPerDay: readonly number[];
}

/**
 * What is typed after `make estimate`: CALLS_PER_DAY (several, comma-separated), INPUT_TOKENS, OUTPUT_TOKENS, SECONDS.
 * The defaults are a question of a page and an answer of half a page.
 *
 * @throws UserError naming the first that is out of its bounds, or beyond what the settings allow.
 */
function workloadOf(environment: Readonly<Record<string, string | undefined>>, { settings, models }: Choice): Workload {
  const given = (name: string, otherwise: string): string => environment[name]?.trim() || otherwise;
  const callsPerDay = given('CALLS_PER_DAY', '10,1000,100000')
    .split(',')
    .map((count) =>
      wholeNumber('CALLS_PER_DAY', count.trim(), MOST_CALLS_PER_DAY, 'calls, or several, comma-separated'),
    );
  const call = {
    inputTokens: wholeNumber('INPUT_TOKENS', given('INPUT_TOKENS', '500'), LONGEST_CONTEXT, 'tokens'),
    outputTokens: wholeNumber(
      'OUTPUT_TOKENS',
      given('OUTPUT_TOKENS', '300'),
      Math.min(...models.map((model) => model.maxOutputTokens)),
      'tokens, the most of this model',
    ),
    seconds: seconds(given('SECONDS', '3'), settings.timeoutSeconds),
  };
  return { call, callsPerDay };
}

function wholeNumber(name: string, text: string, most: number, of: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most))
    throw new UserError(`${name} takes a whole number from 1 to ${most} ${of}; "${text}" was given.`);
  return value;
}

function seconds(text: string, timeoutSeconds: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= timeoutSeconds))
    throw new UserError(
      `SECONDS takes a number above 0, up to TIMEOUT_SECONDS (${timeoutSeconds}); "${text}" was given.`,
    );
  return value;
}
