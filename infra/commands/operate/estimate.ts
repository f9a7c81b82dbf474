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
import { batchTier, type ModelRow, priceIn } from '../../lib/models/table.ts';
import type { Choice, ReadChoice } from '../../lib/settings/choice.ts';
import { BATCH_DEFAULTS } from '../../lib/settings/settings.ts';
import { message, localized, type Text } from '../../lib/text.ts';
import { announceNoTarget } from '../shared/target.ts';
import { type Column, columns, number, wantsJson } from '../shared/terminal.ts';

/** An upper bound for CALLS_PER_DAY, which catches typing errors. */
const MOST_CALLS_PER_DAY = 100_000_000;

/** An upper bound for PROMPTS, for the same reason. */
const MOST_PROMPTS = 10_000_000_000;

const texts = {
  otherRegion: message(
    (priced: string, region: string) =>
      `The prices of AWS's services beside Bedrock are those of ${priced}; ${region} may have others.`,
    (priced, region) => `Bedrock 以外のサービスの料金は ${priced} のものです。${region} では異なることがあります。`,
  ),
  capped: message(
    (concurrency: number | undefined, cap: string, seconds: number) =>
      `MAX_CONCURRENCY=${concurrency} lets at most ${cap} calls a day of ${seconds} s through; the rest are refused and cost nothing.`,
    (concurrency, cap, seconds) =>
      `MAX_CONCURRENCY=${concurrency} では、${seconds} 秒の呼び出しは 1 日に最大 ${cap} 回です。それを超えた呼び出しは拒否され、料金はかかりません。`,
  ),
  tooLarge: message(
    (rows: string, files: number) =>
      `${rows} prompts are more than one run of Step Functions reads (10 GB, 100 million rows). Make ${files} files.`,
    (rows, files) =>
      `${rows} 件は、Step Functions が 1 回の実行で読める量 (10 GB、1 億行) を超えます。${files} 個のファイルに分けてください。`,
  ),
  tooLong: message(
    (rows: string, days: number, concurrency: number, retentionDays: number) =>
      `${rows} prompts take ${days} days at ${concurrency} at once, and a batch ends after ${retentionDays}. Raise MAX_CONCURRENCY or BATCH_RETENTION_DAYS.`,
    (rows, days, concurrency, retentionDays) =>
      `${rows} 件は同時実行数 ${concurrency} で ${days} 日かかりますが、バッチは ${retentionDays} 日で終了します。MAX_CONCURRENCY か BATCH_RETENTION_DAYS を大きくしてください。`,
  ),
  eachPrompt: message(
    (input: number, output: number, seconds: number, memory: number, concurrency: number) =>
      `Each prompt: ${input} tokens in, ${output} out, ${seconds} s at ${memory} MB, ${concurrency} at once, none tried again. List prices, without taxes and free tiers.`,
    (input, output, seconds, memory, concurrency) =>
      `1 件あたり: 入力 ${input} トークン、出力 ${output} トークン、${seconds} 秒 (メモリ ${memory} MB)。同時実行数 ${concurrency}、再試行なし。料金は定価で、税金と無料利用枠は含みません。`,
  ),
  kept: message(
    (days: number, tokens: string) =>
      `S3 keeps rows and results for ${days} days. Bedrock's quota has to have ${tokens} tokens a minute.`,
    (days, tokens) =>
      `入力と結果は S3 に ${days} 日間残ります。Bedrock のクォータは 1 分あたり ${tokens} トークン必要です。`,
  ),
  eachCall: message(
    (input: number, output: number, seconds: number, memory: number) =>
      `Each call: ${input} tokens in, ${output} out, ${seconds} s at ${memory} MB. A month is 30 days. List prices, without taxes.`,
    (input, output, seconds, memory) =>
      `1 回あたり: 入力 ${input} トークン、出力 ${output} トークン、${seconds} 秒 (メモリ ${memory} MB)。1 か月は 30 日。料金は定価で、税金は含みません。`,
  ),
  freeTier: message(
    () => 'free tier: what it takes off in an account that uses it for nothing else.',
    () => 'free tier: 無料利用枠をほかに使っていないアカウントで差し引かれる額です。',
  ),
  read: message(
    (days: string) => `Prices of tokens were read on ${days}; models.json has their sources.`,
    (days) => `トークンの単価は ${days} に確認したものです。出典は models.json にあります。`,
  ),
  flex: message(
    (ids: string) =>
      `The tokens of ${ids} are those of the flexible tier, in which Bedrock may be slower, or refuse more.`,
    (ids) =>
      `${ids} のトークンの単価は Flex 階層のものです。Flex 階層では応答が遅くなったり、拒否が増えたりすることがあります。`,
  ),
  streamed: message(
    (kilobytes: string, free: number) =>
      `Streamed, an answer is some ${kilobytes} kB; Lambda charges for streamed bytes beyond the first ${free} MB of each, so nothing here.`,
    (kilobytes, free) =>
      `ストリーミングの応答は約 ${kilobytes} kB です。Lambda の料金がかかるのは 1 回の応答のうち ${free} MB を超えた分だけなので、ここでは 0 です。`,
  ),
  both: message(
    () => 'CALLS_PER_DAY is for a month and PROMPTS for a batch. Leave one of them out.',
    () => 'CALLS_PER_DAY は 1 か月分、PROMPTS はバッチの見積もりに使います。どちらか一方だけを指定してください。',
  ),
  orSeveral: message(
    (of: Text) => `${of.en}, or several, comma-separated`,
    (of) => `${of.ja}。カンマ区切りで複数指定可`,
  ),
  noWholeNumber: message(
    (name: string, most: number, of: Text, given: string) =>
      `${name} takes a whole number from 1 to ${most} ${of.en}; "${given}" was given.`,
    (name, most, of, given) =>
      `${name} には 1 から ${most} までの整数を指定してください (${of.ja})。"${given}" が指定されました。`,
  ),
  noSeconds: message(
    (most: number, given: string) =>
      `SECONDS takes a number above 0, up to TIMEOUT_SECONDS (${most}); "${given}" was given.`,
    (most, given) =>
      `SECONDS には 0 より大きく TIMEOUT_SECONDS (${most}) 以下の数を指定してください ("${given}" が指定されました)。`,
  ),
} as const;

await exitOnError(() => {
  const read = announceNoTarget();
  const workload = workloadOf(process.env, read);
  const choice = inTheTier(read, workload);
  const { region } = choice.settings;
  if (region !== PRICES.region) console.error(localized(texts.otherRegion(PRICES.region, region)));
  if (workload.prompts) estimateBatches(choice, workload.call, workload.prompts);
  else estimateMonths(choice, workload);
});

/** The choice with the prices of its tier: the one that is set or, of a batch where none is given, that of its rows. */
function inTheTier({ settings, models, given }: ReadChoice, { prompts }: Workload): Choice {
  const tierOf = (row: ModelRow) => (prompts && !given.has('SERVICE_TIER') ? batchTier(row) : settings.serviceTier);
  const priced = (row: ModelRow) => ({ ...row, pricePerMillionTokens: priceIn(row, tierOf(row)) });
  return { settings, models: models.map(priced) };
}

function estimateMonths(choice: Choice, { call, callsPerDay }: Workload): void {
  const { models, settings } = choice;
  const estimates = models.map((model) => callsPerDay.map((calls) => estimateOf(model, settings.memory, call, calls)));
  const cap = mostCallsPerDay(settings.maxConcurrency, call);
  if (callsPerDay.some((calls) => calls > cap))
    console.error(localized(texts.capped(settings.maxConcurrency, number(cap), call.seconds)));
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
  else console.log([...estimates.map(asBatchTable), batchAssumptions(models, run, call)].join('\n\n'));
}

/** The limits that such a batch would exceed. */
function obstacles({ prompts, seconds, files }: BatchEstimate, { concurrency, retentionDays }: BatchRun): string[] {
  const rows = number(prompts);
  const days = Math.ceil(seconds / 86_400);
  return [
    ...(files > 1 ? [texts.tooLarge(rows, files)] : []),
    ...(days > retentionDays ? [texts.tooLong(rows, days, concurrency, retentionDays)] : []),
  ].map(localized);
}

/** The most calls that the concurrency lets through in a day. */
function mostCallsPerDay(maxConcurrency = Number.POSITIVE_INFINITY, { seconds }: Call): number {
  return Math.floor((maxConcurrency * 86_400) / seconds);
}

/** Rounds to millionths of a dollar, beyond which floating point is not exact. */
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

/** The time in the largest unit of which there are at least two. */
function duration(seconds: number): string {
  const units: [string, number][] = [
    ['days', 86_400],
    ['h', 3600],
    ['min', 60],
  ];
  const [unit, size] = units.find(([, size]) => seconds >= 2 * size) ?? ['s', 1];
  return `${Math.ceil(seconds / size)} ${unit}`;
}

function batchAssumptions(
  models: readonly ModelRow[],
  { memory, concurrency, retentionDays }: BatchRun,
  call: Call,
): string {
  const { inputTokens, outputTokens, seconds } = call;
  return [
    texts.eachPrompt(inputTokens, outputTokens, seconds, memory, concurrency),
    texts.kept(retentionDays, number(Math.ceil(tokensPerMinute(call, concurrency)))),
    ...tier(models),
  ]
    .map(localized)
    .join('\n');
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

/** The models whose prices are those of the flexible tier. */
function tier(models: readonly ModelRow[]): Text[] {
  const flex = models.filter((row) => row.pricePerMillionTokens === row.flexPricePerMillionTokens);
  return flex.length > 0 ? [texts.flex(flex.map(({ id }) => id).join(', '))] : [];
}

function assumptions({ settings, models }: Choice, { inputTokens, outputTokens, seconds }: Call): string {
  const { memory, stream } = settings;
  return [
    texts.eachCall(inputTokens, outputTokens, seconds, memory),
    texts.freeTier(),
    texts.read([...new Set(models.map(({ confirmedOn }) => confirmedOn))].join(', ')),
    ...tier(models),
    ...(stream ? [streamed(outputTokens)] : []),
  ]
    .map(localized)
    .join('\n');
}

/** Lambda's charge for streamed answers is nothing: what is free of each is more than any model of models.json puts out. */
function streamed(outputTokens: number): Text {
  return texts.streamed(number(Math.ceil(streamedBytes(outputTokens) / 1000)), FREE_STREAMED_BYTES / 1e6);
}

/** The calls to estimate. */
interface Workload {
  readonly call: Call;
  /** Calls a day: one estimate of a month for each. */
  readonly callsPerDay: readonly number[];
  /** Prompts of a batch: one estimate for each, in place of those of months. */
  readonly prompts?: readonly number[];
}

/**
 * Reads the variables of `make estimate`: CALLS_PER_DAY or PROMPTS (several, comma-separated), INPUT_TOKENS, OUTPUT_TOKENS, SECONDS.
 * The defaults are a question of a page and an answer of half a page.
 *
 * @throws UserError naming the first that is out of its bounds, or beyond what the settings allow.
 */
function workloadOf(environment: Readonly<Record<string, string | undefined>>, { settings, models }: Choice): Workload {
  const given = (name: string, otherwise: string): string => environment[name]?.trim() || otherwise;
  const several = (name: string, text: string, most: number, of: Text): number[] =>
    text.split(',').map((each) => wholeNumber(name, each.trim(), most, texts.orSeveral(of)));
  const [months, batches] = [given('CALLS_PER_DAY', ''), given('PROMPTS', '')];
  if (months && batches) throw new UserError(texts.both());
  const callsPerDay = several('CALLS_PER_DAY', months || '10,1000,100000', MOST_CALLS_PER_DAY, {
    en: 'calls',
    ja: '回',
  });
  const call = {
    inputTokens: wholeNumber('INPUT_TOKENS', given('INPUT_TOKENS', '500'), LONGEST_CONTEXT, {
      en: 'tokens',
      ja: 'トークン',
    }),
    outputTokens: wholeNumber(
      'OUTPUT_TOKENS',
      given('OUTPUT_TOKENS', '300'),
      Math.min(...models.map((model) => model.maxOutputTokens)),
      { en: 'tokens, the most of this model', ja: 'トークン。上限はこのモデルのもの' },
    ),
    seconds: seconds(given('SECONDS', '3'), settings.timeoutSeconds),
  };
  return batches
    ? { call, callsPerDay, prompts: several('PROMPTS', batches, MOST_PROMPTS, { en: 'prompts', ja: '件' }) }
    : { call, callsPerDay };
}

function wholeNumber(name: string, text: string, most: number, of: Text): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 1 && value <= most)) throw new UserError(texts.noWholeNumber(name, most, of, text));
  return value;
}

function seconds(text: string, timeoutSeconds: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value <= timeoutSeconds)) throw new UserError(texts.noSeconds(timeoutSeconds, text));
  return value;
}
