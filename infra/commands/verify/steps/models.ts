import { ConverseCommand } from '@aws-sdk/client-bedrock-runtime';
import { UserError } from '../../../lib/errors.ts';
import { hasEnded } from '../../../lib/models/life.ts';
import type { ModelRow } from '../../../lib/models/table.ts';
import { bedrockRuntime, isDenied } from '../../shared/aws.ts';
import { NotShown, type Step } from '../run.ts';

const MAX_TOKENS = 16;

/**
 * The steps of MODELS=all: a call of each model of the table that has not ended, with the caller's own credentials.
 *
 * @throws UserError where MODELS is something else.
 */
export function modelSteps(MODELS: string | undefined, models: readonly ModelRow[], today: string): Step[] {
  const given = MODELS?.trim() ?? '';
  if (given === '') return [];
  if (given !== 'all')
    throw new UserError({
      en: `MODELS takes all after make verify; "${given}" was given.`,
      ja: `make verify の MODELS に指定できるのは all だけです ("${given}" が指定されました)。`,
    });
  return models.filter((row) => row.api === 'Converse' && !hasEnded(row, today)).map(callOf);
}

const callOf = (row: ModelRow): Step => ({
  name: row.id,
  proves: 'the model answers a call of a few tokens in this region',
  onlyOnAws: 'it has no models',
  calls: [{ count: 1, chars: 200, maxTokens: MAX_TOKENS, model: row }],
  run: async ({ target, marker, take }) => {
    const prompt = `Say yes. ${marker}`;
    take({ prompt, maxTokens: MAX_TOKENS });
    const command = new ConverseCommand({
      modelId: row.id,
      messages: [{ role: 'user', content: [{ text: prompt }] }],
      inferenceConfig: { maxTokens: MAX_TOKENS },
    });
    try {
      const { usage, metrics } = await bedrockRuntime(target.region).send(command);
      const [input, output] = [usage?.inputTokens ?? 0, usage?.outputTokens ?? 0];
      const { pricePerMillionTokens: price } = row;
      const usd = ((input * price.input + output * price.output) / 1e6).toFixed(6);
      return `answered in ${metrics?.latencyMs} ms; ${input} tokens in, ${output} out, $${usd} by models.json`;
    } catch (error) {
      if (mayNotCall(error, row))
        throw new NotShown(`this account or these credentials may not call it: ${error.name}`);
      throw error;
    }
  },
});

/** Of a provider whose form is not filled in Bedrock says that it does not find the model. */
const mayNotCall = (error: unknown, { access }: ModelRow): error is Error =>
  isDenied(error) ||
  (access === 'marketplace-and-form' && error instanceof Error && error.name === 'ResourceNotFoundException');
