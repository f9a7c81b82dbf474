import { readFileSync, writeFileSync } from 'node:fs';
import { BedrockClient } from '@aws-sdk/client-bedrock';
import { type RowUpdate, withUpdates } from '../../lib/models/refresh.ts';
import { hasEnded } from '../../lib/models/life.ts';
import { type ModelRow, parseModels } from '../../lib/models/table.ts';
import { modelsFile, verifiedDir } from '../../lib/paths.ts';
import { exitOnError } from '../../lib/errors.ts';
import { localized } from '../../lib/text.ts';
import { asUserError, clientOptions } from '../shared/aws.ts';
import { type Ask, lifeAtAws, profileArns, regionsIn } from '../shared/bedrock-facts.ts';
import { type Report, readReports } from '../verify/report.ts';

await exitOnError(async () => {
  const before = readFileSync(modelsFile, 'utf8');
  const { sourceRegion, models } = parseModels(before, 'models.json');
  const today = new Date().toISOString().slice(0, 10);
  console.error(
    localized({
      en: `Asking Bedrock in ${sourceRegion} about the models of models.json`,
      ja: `${sourceRegion} の Bedrock に models.json のモデルを問い合わせます`,
    }),
  );
  const ask = { bedrock: new BedrockClient(clientOptions(sourceRegion)) };
  const reports = readReports(verifiedDir).filter(({ region }) => region === sourceRegion);
  const updates = await inTurn(
    models.filter((row) => !hasEnded(row, today)),
    (row) => updateOf(ask, row, { today, region: sourceRegion, reports }),
  );
  const after = withUpdates(before, updates);
  if (after !== before) writeFileSync(modelsFile, after);
  console.log(
    localized(
      after === before
        ? { en: 'Nothing changed.', ja: '変更はありません。' }
        : {
            en: 'Changed: git diff models.json shows what.',
            ja: '変更しました。内容は git diff models.json で確認できます。',
          },
    ),
  );
  console.error(
    localized({
      en: 'Confirmed are the life and the regions of each model. Prices and maximum outputs are not in this API: check them by hand. Next: make models-check, and make deploy if a granted row changed.',
      ja: '各モデルの提供状況とリージョンを確認しました。料金と最大出力は API で取得できないため、手動で確認してください。次に make models-check を実行し、許可しているモデルの行が変わった場合は make deploy を実行してください。',
    }),
  );
});

/** What the rows are updated from, beside AWS. */
interface Source {
  readonly today: string;
  readonly region: string;
  /** Those of the region. */
  readonly reports: readonly Report[];
}

async function updateOf(ask: Ask, row: ModelRow, { today, region, reports }: Source): Promise<RowUpdate[]> {
  try {
    const life = await lifeAtAws(ask, row.foundationModel);
    const destinationRegions = life?.status === 'ended' ? row.destinationRegions : await destinations(ask, row);
    if (!life || !destinationRegions) return unknown(row, region);
    return [
      {
        id: row.id,
        lifecycle: { ...life, endOfLife: life.endOfLife ?? row.lifecycle.endOfLife, confirmedOn: today },
        destinationRegions,
        answeredOn: answeredOn(row, reports),
      },
    ];
  } catch (error) {
    throw asUserError(error, region, ['bedrock:GetFoundationModel', 'bedrock:GetInferenceProfile']);
  }
}

/** The later of the row's day and that of the reports in which a call of it was answered. */
function answeredOn({ id, answeredOn: known }: ModelRow, reports: readonly Report[]): string | undefined {
  const answered = reports.filter(({ steps }) => steps.some(({ name, result }) => name === id && result === 'passed'));
  return [...answered.map(({ date }) => date), ...(known ? [known] : [])].toSorted().at(-1);
}

/** The regions that the row's profile routes to, or undefined when AWS does not have the profile. The table lists none of a global profile. */
async function destinations(ask: Ask, row: ModelRow): Promise<readonly string[] | undefined> {
  if (row.reach === 'in-region') return row.destinationRegions;
  const arns = await profileArns(ask, row.id);
  return arns && (row.reach === 'global-profile' ? [] : regionsIn(arns));
}

/** Reports a model that AWS does not have, though it has not ended. The row is left as it is. */
function unknown(row: ModelRow, region: string): RowUpdate[] {
  console.error(
    localized({
      en: `! AWS does not have ${row.id} in ${region}: the row is left as it is. Take it out of models.json if that stays so.`,
      ja: `! ${region} の AWS に ${row.id} がありません。行は変更していません。この状態が続く場合は models.json から削除してください。`,
    }),
  );
  process.exitCode = 1;
  return [];
}

/** One after another: the control plane allows a few requests a second. */
async function inTurn<T, U>(items: readonly T[], act: (item: T) => Promise<U[]>): Promise<U[]> {
  const results: U[] = [];
  for (const item of items) results.push(...(await act(item)));
  return results;
}
