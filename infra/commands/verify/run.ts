import { troubleOf, troubleText } from '../shared/aws.ts';
import { localized } from '../../lib/text.ts';
import type { Context } from './context.ts';
import type { PlannedCalls } from './cost.ts';

/** One promise, tried on the throwaway stack. */
export interface Step {
  readonly name: string;
  /** What it proves when it passes, as the docs have it. */
  readonly proves: string;
  /** The calls of a model that it makes at most; it can make no others. */
  readonly calls?: readonly PlannedCalls[];
  /** The name of a step without which this one says nothing. */
  readonly needs?: string;
  /** Why an emulator cannot show it, where none can. */
  readonly onlyOnAws?: string;
  /** Whether what is deployed has what the step is about. */
  readonly applies?: (context: Context) => string | undefined;
  /** @returns what was seen. */
  readonly run: (context: Context) => Promise<string>;
}

/** What came of a step. */
export interface Outcome {
  readonly name: string;
  readonly proves: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** What was seen, or why not. It has no account number, no ARN and no prompt. */
  readonly seen: string;
}

/** What is seen of a step after Ctrl-C. */
export const INTERRUPTED = 'interrupted';

/** Thrown by a step that could not show what it is about, and saw nothing that speaks against it. */
export class NotShown extends Error {
  override readonly name = 'NotShown';
}

/**
 * Runs the steps one after the other. A failure hinders those alone that need the step; without credentials nothing can be asked any more.
 *
 * @param isInterrupted whether the person pressed Ctrl-C: what is left is skipped.
 */
export async function runSteps(
  steps: readonly Step[],
  context: Context,
  onOutcome: (outcome: Outcome) => void,
  isInterrupted: () => boolean = () => false,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let stop: string | undefined;
  for (const step of steps) {
    const reason = isInterrupted() ? INTERRUPTED : (stop ?? reasonToSkip(step, context, outcomes));
    const outcome = reason === undefined ? await outcomeOf(step, context) : skipped(reason);
    if (outcome.lost) stop = outcome.lost;
    const shown = { name: step.name, proves: step.proves, result: outcome.result, seen: withoutSecrets(outcome.seen) };
    outcomes.push(shown);
    onOutcome(shown);
  }
  return outcomes;
}

type Ended = Pick<Outcome, 'result' | 'seen'> & { readonly lost?: string };

const skipped = (seen: string): Ended => ({ result: 'skipped', seen });

function reasonToSkip(step: Step, context: Context, outcomes: readonly Outcome[]): string | undefined {
  if (context.isEmulated && step.onlyOnAws) return `an emulator cannot show it: ${step.onlyOnAws}`;
  const needed = outcomes.find(({ name }) => name === step.needs);
  if (step.needs && needed?.result !== 'passed') return `needs "${step.needs}", which did not pass`;
  return step.applies?.(context);
}

async function outcomeOf(step: Step, context: Context): Promise<Ended> {
  try {
    return { result: 'passed', seen: await step.run(context.forStep(step)) };
  } catch (error) {
    return error instanceof NotShown ? skipped(error.message) : failed(error, context.target.region);
  }
}

/** The sentences of a caller who has to sign in again, as commands that run as programs of their own print them. */
const LOST = (['expired', 'signed-out', 'absent'] as const).flatMap((trouble) => {
  const { en, ja } = troubleText(trouble, '');
  return [en, ja];
});

function failed(error: unknown, region: string): Ended {
  const trouble = troubleOf(error);
  const seen = trouble ? localized(troubleText(trouble, region)) : sentenceOf(error);
  return {
    result: 'failed',
    seen,
    ...(LOST.some((sentence) => seen.includes(sentence)) && { lost: 'the credentials are lost' }),
  };
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));

/** AWS's messages may hold an account's number, alone or in an ARN. */
export const withoutSecrets = (text: string): string =>
  text
    .replace(/arn:aws[\w-]*:[^\s"',]*/g, '(an ARN)')
    .replace(/\b\d{12}\b/g, '(an account)')
    .replace(/\s+/g, ' ')
    .slice(0, 300);

const MARKS = { passed: '✓', failed: '✗', skipped: '–' } as const;

/** One line of the report at a terminal, the names aligned. */
export function lineOf({ name, result, seen }: Outcome, width: number): string {
  return `${MARKS[result]} ${name.padEnd(width)}  ${seen}`;
}
