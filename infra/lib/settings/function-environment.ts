import { METRICS_NAMESPACE } from '../names.ts';
import type { ModelRow } from '../models/table.ts';
import type { Settings } from './settings.ts';

/** Lambda's limit for all variables of a function together, in bytes (Lambda quotas). */
export const LAMBDA_ENVIRONMENT_BYTES = 4096;

/** Settings for every call; the function has its own defaults where they are absent. */
export type InferenceDefaults = Pick<
  Settings,
  'maxTokens' | 'maxTokensLimit' | 'temperature' | 'serviceTier' | 'maxPromptChars'
>;

/** Settings other than defaults of a call. */
type OtherSettings = Pick<Settings, 'timeoutSeconds' | 'stream'>;

/**
 * Blocks of a megabyte and more go back to the system when they are freed. Left to itself, glibc raises that bound to the largest block
 * it has seen: a long prompt would be in memory up to four times instead of twice (crates/bedrock-function/tests/counts/memory.rs).
 */
const ALLOCATOR = 'glibc.malloc.mmap_threshold=1048576';

/**
 * The environment of the deployed function. A setting that is not given is absent, because the function has its own
 * defaults.
 */
export function environmentOf(
  { timeoutSeconds, stream, ...defaults }: InferenceDefaults & OtherSettings,
  models: readonly ModelRow[],
): Record<string, string> {
  return {
    BEDROCK_MODEL_IDS: models.map((row) => row.id).join(','),
    BEDROCK_MODEL_TABLE: JSON.stringify(models.map((row) => columnsOf(row, stream))),
    BEDROCK_METRICS_NAMESPACE: METRICS_NAMESPACE,
    BEDROCK_TIMEOUT_SECONDS: String(timeoutSeconds),
    GLIBC_TUNABLES: ALLOCATOR,
    ...variable('BEDROCK_STREAM', stream ? 1 : undefined),
    ...variable('BEDROCK_MAX_TOKENS', defaults.maxTokens),
    ...variable('BEDROCK_MAX_TOKENS_LIMIT', defaults.maxTokensLimit),
    ...variable('BEDROCK_TEMPERATURE', defaults.temperature),
    ...variable('BEDROCK_SERVICE_TIER', defaults.serviceTier),
    ...variable('BEDROCK_MAX_PROMPT_CHARS', defaults.maxPromptChars),
  };
}

/** The columns that the function needs, which has no models.json. */
function columnsOf(row: ModelRow, stream: boolean | undefined) {
  const { id, api, structuredOutput, pricePerMillionTokens, flexPricePerMillionTokens, maxOutputTokens } = row;
  const { refusedParameters, exclusiveParameters } = row;
  const flex = flexPricePerMillionTokens && { flexPricePerMillionTokens };
  const prices = { pricePerMillionTokens, ...flex, maxOutputTokens };
  const columns = { id, api, structuredOutput, ...prices, refusedParameters, exclusiveParameters };
  return stream ? { ...columns, responseStreaming: row.responseStreaming } : columns;
}

function variable(name: string, value: number | string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: String(value) };
}
