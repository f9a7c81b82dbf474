import { z } from 'zod';
import { limitAlarmName } from '../../lib/names.ts';
import { SETTINGS_METADATA } from '../../lib/settings/settings.ts';
import { parseJson } from './json.ts';

/** The parts of a template that are read. Another project's template may have any value in them. */
const template = z.object({
  Metadata: z
    .object({ [SETTINGS_METADATA]: z.record(z.string(), z.string()) })
    .optional()
    .catch(undefined),
  Resources: z.record(
    z.string(),
    z.object({
      Properties: z
        .object({
          AlarmName: z.unknown(),
          Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }).partial(),
          FunctionName: z.unknown(),
          Threshold: z.unknown(),
        })
        .partial()
        .optional(),
    }),
  ),
});

type Properties = NonNullable<z.infer<typeof template>['Resources'][string]['Properties']>;

/** The data of this project's stack in its deployed template. */
export interface DeployedStack {
  /** Its settings by name, as a person would type them. For a template of an older version, those that its resources show. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Reads a deployed template. It is another project's, and the result undefined, where no function has BEDROCK_MODEL_IDS. */
export function readDeployedStack(text: string): DeployedStack | undefined {
  const parsed = template.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const resources = Object.values(parsed.data.Resources).flatMap(({ Properties }) => Properties ?? []);
  const fn = resources.find(({ Environment }) => typeof Environment?.Variables?.BEDROCK_MODEL_IDS === 'string');
  return fn && { settings: parsed.data.Metadata?.[SETTINGS_METADATA] ?? settingsOf(fn, resources) };
}

function settingsOf(fn: Properties, resources: readonly Properties[]): Record<string, string> {
  const alarm = resources.find(({ AlarmName }) => AlarmName === limitAlarmName(String(fn.FunctionName)));
  return {
    MODEL: String(fn.Environment?.Variables?.BEDROCK_MODEL_IDS),
    ...(alarm && { DAILY_LIMIT_USD: String(alarm.Threshold) }),
  };
}
