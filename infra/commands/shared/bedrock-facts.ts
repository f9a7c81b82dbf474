import { type BedrockClient, GetFoundationModelCommand, GetInferenceProfileCommand } from '@aws-sdk/client-bedrock';
import type { ModelRow } from '../../lib/models/table.ts';
import { isMissing } from './aws.ts';

/** A model's lifecycle at AWS. */
export interface LifeAtAws {
  readonly status: ModelRow['lifecycle']['status'];
  /** An ISO date, or null when none is announced. */
  readonly endOfLife: string | null;
}

/** A client of the control plane, and the signal that ends its calls. */
export interface Ask {
  readonly bedrock: BedrockClient;
  readonly signal?: AbortSignal;
}

/**
 * The lifecycle of a foundation model, or undefined when AWS does not have the model in that region.
 * For a model that has ended, AWS answers with an error whose message says so.
 */
export async function lifeAtAws({ bedrock, signal }: Ask, modelIdentifier: string): Promise<LifeAtAws | undefined> {
  try {
    const { modelDetails } = await bedrock.send(new GetFoundationModelCommand({ modelIdentifier }), {
      abortSignal: signal,
    });
    const life = modelDetails?.modelLifecycle;
    return {
      status: life?.status === 'LEGACY' ? 'legacy' : 'active',
      endOfLife: life?.endOfLifeTime?.toISOString().slice(0, 10) ?? null,
    };
  } catch (error) {
    if (error instanceof Error && /end of its life/.test(error.message)) return { status: 'ended', endOfLife: null };
    if (isUnknown(error)) return undefined;
    throw error;
  }
}

/** ARNs of the models that a profile routes to, or undefined when AWS does not have the profile in that region. */
export async function profileArns(
  { bedrock, signal }: Ask,
  inferenceProfileIdentifier: string,
): Promise<string[] | undefined> {
  try {
    const { models } = await bedrock.send(new GetInferenceProfileCommand({ inferenceProfileIdentifier }), {
      abortSignal: signal,
    });
    return (models ?? []).flatMap(({ modelArn }) => modelArn ?? []);
  } catch (error) {
    if (isUnknown(error)) return undefined;
    throw error;
  }
}

/** The regions in ARNs of foundation models. A global profile has one ARN without a region. */
export function regionsIn(arns: readonly string[]): string[] {
  return [...new Set(arns.flatMap((arn) => arn.split(':')[3] || []))].toSorted();
}

/** For an unknown id Bedrock answers with ValidationException or ResourceNotFoundException. */
const isUnknown = (error: unknown): boolean =>
  isMissing(error) || (error instanceof Error && error.name === 'ValidationException');
