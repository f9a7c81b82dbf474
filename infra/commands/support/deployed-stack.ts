import { z } from 'zod';
import { parseJson } from './json.ts';

/** What is read of a template; one of another project has what it likes. */
const template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z
        .object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).partial() })
        .partial()
        .optional(),
    }),
  ),
});

/** What this project's stack, as it is deployed, says of its settings. */
export interface DeployedStack {
  /** Ids of the models granted, with commas between them. */
  readonly models: string;
  readonly hasBrake: boolean;
}

/** Reads a deployed template, which is not this project's where no function of it is told its models: then there is nothing. */
export function readDeployedStack(text: string): DeployedStack | undefined {
  const parsed = template.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const resources = Object.values(parsed.data.Resources);
  const models = resources
    .map(({ Properties }) => Properties?.Environment?.Variables?.BEDROCK_MODEL_IDS)
    .find((ids) => typeof ids === 'string');
  return models === undefined
    ? undefined
    : { models, hasBrake: resources.some(({ Type }) => Type === 'AWS::StepFunctions::StateMachine') };
}
