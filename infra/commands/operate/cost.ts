import { exitOnError } from '../../lib/errors.ts';
import { readModels } from '../../lib/models/table.ts';
import { modelsFile } from '../../lib/paths.ts';
import { message, localized } from '../../lib/text.ts';
import { columns, wantsJson } from '../shared/terminal.ts';
import { announceTarget } from '../shared/target.ts';
import { type Spent, spentOf, spentSince } from './spent.ts';

const texts = {
  // The Japanese titles have no wide character, which would be counted as one column and take two.
  today: message(
    (day: string) => `Today, ${day} (UTC)`,
    (day) => `${day} (UTC)`,
  ),
  month: message(
    (month: string) => `This month, ${month}`,
    (month) => month,
  ),
  noCalls: message(
    (title: string) => `${title}: no calls.`,
    (title) => `${title}: 呼び出しはありません。`,
  ),
  notIncluded: message(
    () =>
      [
        'Estimates: tokens as Bedrock counted them, at the prices of models.json when the function was deployed.',
        'Not included: Lambda, CloudWatch and other services, taxes and discounts; calls whose answer never came back (time-outs,',
        'retries); calls that do not go through this function; the last minutes. The bill itself is in AWS Billing.',
      ].join('\n'),
    () =>
      [
        '推定料金です。Bedrock が数えたトークン数に、デプロイ時の models.json の単価を掛けています。',
        '次の料金は含みません: Lambda や CloudWatch など他のサービス、税金と割引、回答が届かなかった呼び出し',
        '(タイムアウト、再試行)、この関数を通らない呼び出し、直近数分の呼び出し。実際の請求額は AWS Billing で確認できます。',
      ].join('\n'),
  ),
} as const;

await exitOnError(async () => {
  const target = await announceTarget('adding up the estimated cost of', 'existing');
  const now = new Date();
  const midnight = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()));
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const spending = await spentSince(
    target,
    readModels(modelsFile).models.map((row) => row.id),
    first,
    now,
  );
  const sums = { today: spentOf(spending, midnight), month: spentOf(spending, first) };
  if (wantsJson()) return console.log(JSON.stringify(sums, null, 2));
  console.log(
    [
      section(localized(texts.today(midnight.toISOString().slice(0, 10))), sums.today),
      section(localized(texts.month(midnight.toISOString().slice(0, 7))), sums.month),
      localized(texts.notIncluded()),
    ].join('\n\n'),
  );
});

function section(title: string, spent: readonly Spent[]): string {
  if (spent.length === 0) return localized(texts.noCalls(title));
  const total: Spent = {
    modelId: 'total',
    calls: sum(spent, 'calls'),
    inputTokens: sum(spent, 'inputTokens'),
    outputTokens: sum(spent, 'outputTokens'),
    costUsd: sum(spent, 'costUsd'),
  };
  const headings = [
    { heading: title },
    ...['calls', 'tokens in', 'tokens out', 'USD'].map((heading) => ({ heading, right: true })),
  ];
  return columns(
    headings,
    [...spent, total].map((one) => [
      one.modelId ?? 'not in models.json',
      ...[one.calls, one.inputTokens, one.outputTokens].map((count) => count?.toLocaleString('en-US') ?? '-'),
      one.costUsd.toFixed(4),
    ]),
  );
}

function sum(spent: readonly Spent[], key: Exclude<keyof Spent, 'modelId'>): number {
  return spent.reduce((total, one) => total + (one[key] ?? 0), 0);
}
