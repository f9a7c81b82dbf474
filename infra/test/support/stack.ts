import { Template } from 'aws-cdk-lib/assertions';
import { newApp } from '../../lib/constructs/app.ts';
import { codeIn } from '../../lib/constructs/artifact.ts';
import { choose } from '../../lib/settings/choice.ts';
import { type ModelRow, type ModelTable, readModels } from '../../lib/models/table.ts';
import { modelsFile, placeholderDir } from '../../lib/paths.ts';
import { checkSettings } from '../../lib/settings/sources.ts';
import { BedrockStack } from '../../lib/constructs/stack.ts';

/** The real table. */
export const table: ModelTable = readModels(modelsFile);

/** A day on which every row of the table that is not marked as ended is alive. */
export const TODAY = '2026-11-23';

/** The account that stands for the reader's. */
export const ACCOUNT = '123456789012';

/** The stack that these settings make, its code being the placeholder. */
export function stackOf(given: Record<string, string> = {}, isBounded = false): BedrockStack {
  const choice = choose(checkSettings(new Map(Object.entries(given))), table, TODAY);
  return stackFor(choice, isBounded);
}

/** The stack that these settings make, granting exactly these rows, whatever their life. */
export function stackGranting(models: readonly ModelRow[], given: Record<string, string> = {}): BedrockStack {
  return stackFor({ settings: checkSettings(new Map(Object.entries(given))), models });
}

function stackFor(choice: ReturnType<typeof choose>, isBounded = false): BedrockStack {
  return new BedrockStack(newApp(), {
    choice,
    code: codeIn(placeholderDir),
    isBounded,
  });
}

/** The template that these settings make. */
export const templateOf = (given: Record<string, string> = {}): Template => Template.fromStack(stackOf(given));
