import { exitOnError, UserError } from '../../lib/errors.ts';
import {
  type BatchEstimate,
  type BatchRun,
  batchEstimateOf,
  tokensPerMinute,
} from '../../lib/models/batch-estimate.ts';
import {
  type Call,
  type Estimate,
  estimateOf,
  FREE_STREAMED_BYTES,
  PRICES,
  streamedBytes,
} from '../../lib/models/estimate.ts';
import { LONGEST_CONTEXT } from '../../lib/models/overrun.ts';
import { type ModelRow, priceIn } from '../../lib/models/table.ts';
import type { Choice } from '../../lib/settings/choice.ts';
import { BATCH_DEFAULTS, type Settings } from '../../lib/settings/settings.ts';
import { announceNoTarget } from '../shared/target.ts';
import { type Column, columns, number, wantsJson } from '../shared/terminal.ts';

/** An upper bound for CALLS_PER_DAY, which catches typing errors. */
const MOST_CALLS_PER_DAY = 100_000_000;

/** An upper bound for PROMPTS, for the same reason. */
const MOST_PROMPTS = 10_000_000_000;

await exitOnError(() => {
  const choice = inTheTier(announceNoTarget());
  const workload = workloadOf(process.env, choice);
  const { region } = choice.settings;
  if (region !== PRICES.region)
    console.error(
      `The prices of AWS's services beside Bedrock are those of ${PRICES.region}; ${region} may have others.`,
    );
  if (workload.prompts) estimateBatches(choice, workload.call, workload.prompts);
  else estimateMonths(choice, workload);
});

/** The choice with the prices of its tier. */
function inTheTier({ settings, models }: Choice): Choice {
  const priced = (row: ModelRow) => ({ ...row, pricePerMillionTokens: priceIn(row, settings.serviceTier) });
  return { settings, models: models.map(priced) };
}

function estimateMonths(choice: Choice, { call, callsPerDay }: Workload): void {
  const { models, settings } = choice;
  const estimates = models.map((model) => callsPerDay.map((calls) => estimateOf(model, settings.memory, call, calls)));
  const cap = mostCallsPerDay(settings.maxConcurrency, call);
  if (callsPerDay.some((calls) => calls > cap))
    console.error(
      `MAX_CONCURRENCY=${settings.maxConcurrency} lets at most ${number(cap)} calls a day of ${call.seconds} s through; the rest are refused and cost nothing.`,
    );
  if (wantsJson()) console.log(JSON.stringify(estimates.flat(), rounded, 2));
  else console.log([...estimates.map(asTable), assumptions(choice, call)].join('\n\n'));
}

function estimateBatches({ models, settings }: Choice, call: Call, prompts: readonly number[]): void {
  const run = {
    memory: settings.memory,
    concurrency: settings.maxConcurrency ?? BATCH_DEFAULTS.maxConcurrency,
    retentionDays: settings.batchRetentionDays ?? BATCH_DEFAULTS.batchRetentionDays,
  };
  const estimates = models.map((model) => prompts.map((rows) => batchEstimateOf(model, run, call, rows)));
  // A model changes neither time nor size.
  for (const one of estimates[0] ?? []) for (const sentence of obstacles(one, run)) console.error(sentence);
  if (wantsJson()) console.log(JSON.stringify(estimates.flat(), rounded, 2));
  else console.log([...estimates.map(asBatchTable), batchAssumptions(settings, run, call)].join('\n\n'));
}

/** What ends such a batch before its last row. */
function obstacles({ prompts, seconds, files }: BatchEstimate, { concurrency, retentionDays }: BatchRun): string[] {
  const rows = number(prompts);
  const days = Math.ceil(seconds / 86_400);
  return [
    ...(files > 1
      ? [
          `${rows} prompts are more than one run of Step Functions reads (10 GB, 100 million rows): make ${files} files.`,
        ]
      : []),
    ...(days > retentionDays
      ? [
          `${rows} prompts take ${days} days at ${concurrency} at once, and a batch ends after ${retentionDays}: raise MAX_CONCURRENCY or BATCH_RETENTION_DAYS.`,
        ]
      : []),
  ];
}

/** Of 86,400 seconds. */
function mostCallsPerDay(maxConcurrency = Number.POSITIVE_INFINITY, { seconds }: Call): number {
  return Math.floor((maxConcurrency * 86_400) / seconds);
}

/** To millionths of a dollar: floating point says no more. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toFixed(6)) : value;
}

function numbers(...headings: string[]): Column[] {
  return headings.map((heading) => ({ heading, right: true }));
}

function asBatchTable(estimates: readonly BatchEstimate[]): string {
  const headings = numbers('prompts', 'tokens', 'Step Functions', 'Lambda', 'logs', 'S3', 'USD', 'time');
  const rows = estimates.map((one) => [
    number(one.prompts),
    ...[one.tokensUsd, one.stepFunctionsUsd, one.lambdaUsd, one.logsUsd, one.s3Usd, one.totalUsd].map(dollars),
    duration(one.seconds),
  ]);
  return `${estimates[0]?.modelId ?? ''}\n${columns(headings, rows)}`;
}

/** In the largest unit of which there are two. */
function duration(seconds: number): string {
  const units: [string, number][] = [
    ['days', 86_400],
    ['h', 3600],
    ['min', 60],
  ];
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ['s', 1];
  return `${Math.ceil(seconds / size)} ${unit}`;
}

function batchAssumptions(settings: Settings, { memory, concurrency, retentionDays }: BatchRun, call: Call): string {
  const { inputTokens, outputTokens, seconds } = call;
  return [
    `Each prompt: ${inputTokens} tokens in, ${outputTokens} out, ${seconds} s at ${memory} MB, ${concurrency} at once, none tried again. List prices, without taxes and free tiers.`,
    `S3 keeps rows and results for ${retentionDays} days. Bedrock's quota has to have ${number(Math.ceil(tokensPerMinute(call, concurrency)))} tokens a minute.`,
    ...tier(settings),
  ].join('\n');
}

function asTable(estimates: readonly Estimate[]): string {
  const headings = numbers('calls a day', 'tokens', 'Lambda', 'logs', 'alarms, metrics', 'USD a month', 'free tier');
  const rows = estimates.map((one) => [
    number(one.callsPerDay),
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

/** In which tier the tokens are priced, where that is not the standard one. */
function tier({ serviceTier }: Settings): string[] {
  return serviceTier
    ? ['The tokens are those of the flexible tier, in which Bedrock may be slower, or refuse more.']
    : [];
}

function assumptions({ settings, models }: Choice, { inputTokens, outputTokens, seconds }: Call): string {
  const { memory, stream } = settings;
  return [
    `Each call: ${inputTokens} tokens in, ${outputTokens} out, ${seconds} s at ${memory} MB. A month is 30 days. List prices, without taxes.`,
    'free tier: what it takes off in an account that uses it for nothing else.',
    `Prices of tokens were read on ${[...new Set(models.map(({ confirmedOn }) => confirmedOn))].join(', ')}; models.json has their sources.`,
    ...tier(settings),
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
  /** Calls a day: one estimate of a month for each. */
  readonly callsPerDay: readonly number[];
  /** Prompts of a batch: one estimate for each, in place of those of months. */
  readonly prompts?: readonly number[];
}

/**
 * What is typed after `make estimate`: CALLS_PER_DAY or PROMPTS (several, comma-separated), INPUT_TOKENS, OUTPUT_TOKENS, SECONDS.
 * The defaults are a question of a page and an answer of half a page.
 *
 * @throws UserError naming the first that is out of its bounds, or beyond what the settings allow.
 */
function workloadOf(environment: Readonly<Record<string, string | undefined>>, { settings, models }: Choice): Workload {
  const given = (name: string, otherwise: string): string => environment[name]?.trim() || otherwise;
  const several = (name: string, text: string, most: number, of: string): number[] =>
    text.split(',').map((each) => wholeNumber(name, each.trim(), most, `${of}, or several, comma-separated`));
  const [months, batches] = [given('CALLS_PER_DAY', ''), given('PROMPTS', '')];
  if (months && batches)
    throw new UserError('CALLS_PER_DAY is for a month and PROMPTS for a batch. Leave one of them out.');
  const callsPerDay = several('CALLS_PER_DAY', months || '10,1000,100000', MOST_CALLS_PER_DAY, 'calls');
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
  return batches
    ? { call, callsPerDay, prompts: several('PROMPTS', batches, MOST_PROMPTS, 'prompts') }
    : { call, callsPerDay };
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
