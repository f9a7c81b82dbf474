import { BedrockClient, GetFoundationModelAvailabilityCommand } from '@aws-sdk/client-bedrock';
import { BedrockRuntimeServiceException, ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { daysBetween, LEAST_DAYS_TO_LIVE } from '../../lib/models/life.ts';
import type { ModelRow } from '../../lib/models/table.ts';
import { bedrockRuntime, clientOptions } from '../shared/aws.ts';
import { type Ask, lifeAtAws, profileArns, regionsIn } from '../shared/bedrock-facts.ts';
import { message } from '../../lib/text.ts';
import { type Check, failure, type Finding, ok, warning } from './check.ts';

/** Checks that compare a model at AWS with its row in models.json. */
export function modelChecks(row: ModelRow, region: string, today: string): Check[] {
  const bedrock = new BedrockClient(clientOptions(region));
  const asked = (id: string, permission: string, run: (ask: Ask) => Promise<Finding[]>): Check => ({
    id,
    essential: true,
    permissions: [permission],
    run: (signal) => run({ bedrock, signal }),
  });
  return [
    asked('model-life', 'bedrock:GetFoundationModel', (ask) => life(ask, row, region, today)),
    ...(row.reach === 'in-region'
      ? []
      : [asked('model-destinations', 'bedrock:GetInferenceProfile', (ask) => destinations(ask, row, region))]),
    asked('model-access', 'bedrock:GetFoundationModelAvailability', (ask) => access(ask, row, region)),
  ];
}

async function life(ask: Ask, row: ModelRow, region: string, today: string): Promise<Finding[]> {
  const found = await lifeAtAws(ask, row.foundationModel);
  if (!found) return [failure(texts.absent(row.foundationModel, region), texts.absentRemedy())];
  const { status, endOfLife } = found;
  if (status === 'ended' || (endOfLife !== null && endOfLife <= today))
    return [failure(texts.ended(row.foundationModel), texts.endedRemedy())];
  if (endOfLife !== null && daysBetween(today, endOfLife) <= LEAST_DAYS_TO_LIVE)
    return [warning(texts.ends(row.foundationModel, endOfLife), texts.soonRemedy())];
  return [
    status === 'legacy'
      ? warning(texts.legacy(row.foundationModel), texts.soonRemedy())
      : ok(texts.alive(row.foundationModel)),
  ];
}

async function destinations(ask: Ask, row: ModelRow, region: string): Promise<Finding[]> {
  const arns = await profileArns(ask, row.id);
  if (!arns) return [failure(texts.absent(row.id, region), texts.absentRemedy())];
  if (row.reach === 'global-profile') return [ok(texts.destinationsAnywhere(row.id))];
  const regions = regionsIn(arns);
  const more = regions.filter((name) => !row.destinationRegions.includes(name));
  const fewer = row.destinationRegions.filter((name) => !regions.includes(name));
  if (more.length > 0) return [failure(texts.destinationsMore(row.id, more.join(', ')), texts.destinationsRemedy())];
  return [
    fewer.length > 0
      ? warning(texts.destinationsFewer(row.id, fewer.join(', ')), texts.destinationsRemedy())
      : ok(texts.destinations(row.id, regions.join(', '))),
  ];
}

async function access({ bedrock, signal }: Ask, row: ModelRow, region: string): Promise<Finding[]> {
  const modelId = row.foundationModel;
  const found = await bedrock.send(new GetFoundationModelAvailabilityCommand({ modelId }), { abortSignal: signal });
  const agreement = found.agreementAvailability?.status;
  if (found.regionAvailability === 'NOT_AVAILABLE')
    return [failure(texts.regionMissing(modelId, region), texts.absentRemedy())];
  if (found.authorizationStatus === 'NOT_AUTHORIZED')
    return [failure(texts.unauthorized(modelId), texts.unauthorizedRemedy())];
  if (agreement === 'PENDING') return [warning(texts.accessPending(modelId), texts.accessPendingRemedy())];
  if (agreement === 'NOT_AVAILABLE' || agreement === 'ERROR')
    return [failure(texts.agreementMissing(modelId), texts.agreementRemedy(row.access === 'marketplace-and-form'))];
  if (found.entitlementAvailability === 'NOT_AVAILABLE')
    return [failure(texts.notEntitled(modelId), texts.unauthorizedRemedy())];
  return [ok(texts.access(modelId))];
}

/** A real call with the caller's own credentials. 16 tokens are enough for a model that reasons before it answers. */
export function callCheck(row: ModelRow, region: string): Check {
  return {
    id: 'call',
    essential: true,
    permissions: ['bedrock:InvokeModel'],
    run: (signal) => call(row, region, signal),
  };
}

const QUESTION = 'Answer with the one word: yes';

async function call(
  { id, pricePerMillionTokens: price }: ModelRow,
  region: string,
  abortSignal: AbortSignal,
): Promise<Finding[]> {
  const messages = [{ role: 'user' as const, content: [{ text: QUESTION }] }];
  try {
    const { usage } = await bedrockRuntime(region).send(
      new ConverseCommand({ modelId: id, messages, inferenceConfig: { maxTokens: 16 } }),
      { abortSignal },
    );
    const [input, output] = [usage?.inputTokens ?? 0, usage?.outputTokens ?? 0];
    return [ok(texts.called(id, input + output, ((input * price.input + output * price.output) / 1e6).toFixed(6)))];
  } catch (error) {
    if (error instanceof BedrockRuntimeServiceException)
      return [failure(texts.callRefused(id, error.name), texts.callRemedy(error.name))];
    throw error;
  }
}

const texts = {
  alive: message(
    (id: string) => `AWS has ${id} as active`,
    (id) => `AWS での ${id} の状態: 提供中`,
  ),
  ends: message(
    (id: string, date: string) => `AWS has ${id} as ending on ${date}`,
    (id, date) => `AWS での ${id} の状態: ${date} に提供終了`,
  ),
  legacy: message(
    (id: string) => `AWS has ${id} as legacy`,
    (id) => `AWS での ${id} の状態: レガシー`,
  ),
  soonRemedy: message(
    () => 'Run make models-refresh, and choose a successor in time.',
    () => 'make models-refresh で一覧を更新し、早めに後継のモデルを選んでください。',
  ),
  ended: message(
    (id: string) => `AWS has ended ${id}: every call is refused`,
    (id) => `AWS は ${id} の提供を終了しています (すべての呼び出しが拒否されます)`,
  ),
  endedRemedy: message(
    () => 'Run make models-refresh, choose another model (make models), and make deploy MODEL=….',
    () =>
      'make models-refresh で一覧を更新し、別のモデルを選んで (make models)、make deploy MODEL=… を実行してください。',
  ),
  absent: message(
    (id: string, region: string) => `AWS does not have ${id} in ${region}`,
    (id, region) => `${region} の AWS に ${id} はありません`,
  ),
  absentRemedy: message(
    () => 'Choose another model: make models lists them.',
    () => '別のモデルを選んでください (make models で確認できます)。',
  ),
  destinations: message(
    (id: string, regions: string) => `${id} routes as models.json says: ${regions}`,
    (id, regions) => `${id} の処理先リージョンは models.json のとおりです: ${regions}`,
  ),
  destinationsAnywhere: message(
    (id: string) => `${id} routes to any commercial region, as models.json says`,
    (id) => `${id} は models.json のとおり、どの商用リージョンでも処理されます`,
  ),
  destinationsMore: message(
    (id: string, regions: string) =>
      `${id} also routes to ${regions}, which models.json lacks: calls that go there are refused`,
    (id, regions) => `${id} は models.json にない ${regions} でも処理されます。そこへの呼び出しは拒否されます`,
  ),
  destinationsFewer: message(
    (id: string, regions: string) => `${id} no longer routes to ${regions}, which models.json still has`,
    (id, regions) => `${id} は、models.json にある ${regions} では処理されなくなりました`,
  ),
  destinationsRemedy: message(
    () => 'Run make models-refresh, then make deploy.',
    () => 'make models-refresh、続けて make deploy を実行してください。',
  ),
  access: message(
    (id: string) => `The account may use ${id}`,
    (id) => `このアカウントで ${id} を利用できます`,
  ),
  accessPending: message(
    (id: string) => `AWS is still setting up the agreement for ${id}`,
    (id) => `${id} の契約を AWS が処理中です`,
  ),
  accessPendingRemedy: message(
    () => 'Try again in 15 minutes.',
    () => '15 分ほど待ってから、やり直してください。',
  ),
  agreementMissing: message(
    (id: string) => `The account has no agreement for ${id}`,
    (id) => `このアカウントには ${id} の契約 (agreement) がありません`,
  ),
  agreementRemedy: message(
    (form: boolean) =>
      `Call the model once as someone who may aws-marketplace:Subscribe and ViewSubscriptions${form ? ", after Anthropic's use case form in the Bedrock console" : ''}; the function itself needs neither.`,
    (form) =>
      `${form ? 'Bedrock コンソールで Anthropic の利用目的フォームを提出したうえで、' : ''}aws-marketplace:Subscribe と ViewSubscriptions の権限を持つユーザーで一度モデルを呼び出してください (関数自体にはこれらの権限は不要です)。`,
  ),
  unauthorized: message(
    (id: string) => `AWS does not authorize this account for ${id}`,
    (id) => `このアカウントには ${id} の利用が許可されていません`,
  ),
  unauthorizedRemedy: message(
    () => "Check the organization's policies (SCPs) for Bedrock, then ask AWS Support.",
    () => '組織のポリシー (SCP) で Bedrock が制限されていないか確認し、なければ AWS サポートに問い合わせてください。',
  ),
  notEntitled: message(
    (id: string) => `The account is not entitled to ${id}`,
    (id) => `このアカウントには ${id} の利用資格がありません`,
  ),
  regionMissing: message(
    (id: string, region: string) => `${id} is not available in ${region} to this account`,
    (id, region) => `このアカウントでは ${region} で ${id} を利用できません`,
  ),
  called: message(
    (id: string, tokens: number, usd: string) => `A call of ${id} was answered: ${tokens} tokens, about $${usd}`,
    (id, tokens, usd) => `${id} の呼び出しに成功しました: ${tokens} トークン、約 $${usd}`,
  ),
  callRefused: message(
    (id: string, name: string) => `A call of ${id} was refused: ${name}`,
    (id, name) => `${id} の呼び出しが拒否されました: ${name}`,
  ),
  callRemedy: message(
    (name: string) => callRemedies[name]?.en ?? 'See "What can go wrong" in README.md.',
    (name) => callRemedies[name]?.ja ?? 'README.ja.md の「うまくいかないとき」を参照してください。',
  ),
} as const;

/** The remedies, by the name of Bedrock's error. */
const callRemedies: Readonly<Record<string, { readonly en: string; readonly ja: string }>> = {
  AccessDeniedException: {
    en: 'Allow bedrock:InvokeModel on the model to these credentials; a model of another provider also takes an agreement.',
    ja: 'この認証情報にモデルへの bedrock:InvokeModel を許可してください。他社のモデルでは契約 (agreement) も必要です。',
  },
  ResourceNotFoundException: {
    en: "The model has ended, or the provider's form is missing. See the lines above.",
    ja: 'モデルの提供終了か、提供元のフォームの未提出です。上の行を確認してください。',
  },
  ThrottlingException: {
    en: 'Too many calls just now. Try again in a minute.',
    ja: '呼び出しが集中しています。1 分ほど待ってから、やり直してください。',
  },
  ValidationException: {
    en: "Bedrock does not take the model's id in this region. See the lines above.",
    ja: 'このリージョンの Bedrock はこのモデル ID を受け付けません。上の行を確認してください。',
  },
};
