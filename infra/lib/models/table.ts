import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { message } from '../text.ts';

const dollars = z.number().nonnegative();
const price = z.strictObject({ input: dollars, output: dollars });
const inferenceParameter = z.enum(['maxTokens', 'temperature', 'topP', 'stopSequences']);

const modelRow = z.strictObject({
  /** What the function sends as `modelId`: a foundation model's id, or an inference profile's. */
  id: z.string().min(1),
  name: z.string().min(1),
  provider: z.string().min(1),
  /** The foundation model that answers; the id itself when it is called in-region. */
  foundationModel: z.string().min(1),
  reach: z.enum(['in-region', 'geographic-profile', 'global-profile']),
  /** Where a request may be answered. Empty for a global profile: any commercial region. */
  destinationRegions: z.array(z.string().min(1)),
  /** The operation by which it is called. */
  api: z.enum(['Converse', 'InvokeModel']),
  /** Whether it is called by ConverseStream too. */
  responseStreaming: z.boolean(),
  /** How it is brought to answer with JSON that satisfies a schema. */
  structuredOutput: z.enum(['native', 'tool', 'none']),
  /** US dollars. */
  pricePerMillionTokens: price,
  /** US dollars, in Bedrock's flexible tier; null where the model is not served in it. */
  flexPricePerMillionTokens: price.nullable(),
  maxOutputTokens: z.int().positive(),
  refusedParameters: z.array(inferenceParameter),
  exclusiveParameters: z.array(inferenceParameter),
  access: z.enum(['none', 'marketplace', 'marketplace-and-form']),
  lifecycle: z.strictObject({
    status: z.enum(['active', 'legacy', 'ended']),
    endOfLife: z.iso.date().nullable(),
    endOfLifeNoSoonerThan: z.iso.date().nullable(),
    /** When AWS, or its documentation, was last asked about the life and the destination regions. */
    confirmedOn: z.iso.date(),
  }),
  source: z.string().min(1),
  /** When a person last read all the rest, the price and the maximum output among it, against its source. */
  confirmedOn: z.iso.date(),
  unconfirmed: z.array(z.string()),
  /** When a call of it was last answered, by the reports of `make verify MODELS=all`. */
  answeredOn: z.iso.date().optional(),
});

const modelTable = z
  .strictObject({
    default: z.string(),
    /** The region that every row was written for. */
    sourceRegion: z.string(),
    models: z.array(modelRow).min(1),
  })
  .superRefine((table, context) => {
    for (const message of contradictions(table)) context.addIssue({ code: 'custom', message });
  });

/** One row of models.json. */
export type ModelRow = z.infer<typeof modelRow>;

/** models.json as a whole. */
export type ModelTable = z.infer<typeof modelTable>;

/** models.json is not a valid table. */
export class ModelTableError extends UserError {}

/** Contradictions between fields, which the schema of a single field cannot find. */
function contradictions(table: { default: string; models: ModelRow[] }): string[] {
  const ids = table.models.map((row) => row.id);
  return [
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `${id} has two rows`),
    ...(ids.includes(table.default) ? [] : [`the default ${table.default} has no row`]),
    ...table.models
      .filter((row) => !reachIsConsistent(row))
      .map((row) => `${row.id}: reach, foundationModel and destinationRegions disagree`),
    ...table.models
      .filter((row) => row.api === 'InvokeModel' && row.responseStreaming)
      .map((row) => `${row.id}: a model that is called by InvokeModel does not stream`),
    ...table.models
      .filter((row) => row.api === 'InvokeModel' && row.structuredOutput !== 'none')
      .map((row) => `${row.id}: a model that is called by InvokeModel has no structured output`),
    ...table.models
      .filter((row) => row.api === 'InvokeModel' && row.flexPricePerMillionTokens !== null)
      .map((row) => `${row.id}: a model that is called by InvokeModel is not served in the flexible tier`),
  ];
}

/** The policy is derived from these three fields, so a row that mixes them up would grant the wrong thing. */
function reachIsConsistent({ id, foundationModel, reach, destinationRegions }: ModelRow): boolean {
  switch (reach) {
    case 'in-region':
      return id === foundationModel && destinationRegions.length === 1;
    case 'geographic-profile':
      return id.endsWith(`.${foundationModel}`) && destinationRegions.length > 0;
    case 'global-profile':
      return id === `global.${foundationModel}` && destinationRegions.length === 0;
  }
}

/** Parses the text of models.json. `name` is its name in a message. */
export function parseModels(text: string, name: string): ModelTable {
  const result = modelTable.safeParse(parseJson(text, name));
  if (result.success) return result.data;
  const [first] = result.error.issues;
  throw new ModelTableError(texts.noTable(name, first?.path.join('.') ?? '', first?.message ?? 'unknown reason'));
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelTableError(texts.noJson(name, String(error)));
  }
}

const texts = {
  noTable: message(
    (name: string, place: string, problem: string) =>
      `${name} is not a table of models${place && ` at ${place}`}: ${problem}.`,
    (name, place, problem) => `${name} をモデルの表として読み込めません。${place && `${place}: `}${problem}。`,
  ),
  noJson: message(
    (name: string, problem: string) => `${name} is not JSON: ${problem}.`,
    (name, problem) => `${name} は JSON ではありません: ${problem}。`,
  ),
} as const;

/** Reads and checks the table at `path`. */
export function readModels(path: string): ModelTable {
  return parseModels(readFileSync(path, 'utf8'), 'models.json');
}

/** How a mark in `unconfirmed` begins that is about the flexible tier. */
const FLEX_MARK = 'flexible tier:';

/** The tier of a batch's rows that name none: the flexible one of a model that is confirmed for it (crates/models/src/row.rs). */
export function batchTier({ flexPricePerMillionTokens, unconfirmed }: ModelRow): 'flex' | undefined {
  const isMarked = unconfirmed.some((mark) => mark.startsWith(FLEX_MARK));
  return flexPricePerMillionTokens && !isMarked ? 'flex' : undefined;
}

/** The price of a million tokens in that tier, or in the standard one where the model is not served in that tier. */
export function priceIn(row: ModelRow, tier: 'flex' | undefined): ModelRow['pricePerMillionTokens'] {
  return (tier && row.flexPricePerMillionTokens) ?? row.pricePerMillionTokens;
}

/** Countries of the regions that models.json routes to. */
const COUNTRIES: Readonly<Record<string, string>> = {
  'ap-northeast-1': 'Japan',
  'ap-northeast-2': 'Korea',
  'ap-northeast-3': 'Japan',
  'ap-south-1': 'India',
  'ap-southeast-1': 'Singapore',
  'ap-southeast-2': 'Australia',
};

/** Countries where a prompt may be processed, none for a global profile: there it may be any. */
export function countriesOf({ destinationRegions }: ModelRow): string[] {
  return [...new Set(destinationRegions.map((region) => COUNTRIES[region] ?? region))];
}
