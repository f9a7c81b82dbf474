import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { verifyDir } from '../../../lib/paths.ts';
import { describeBatch, ENDED_BY, isRunning, sfnClient } from '../../batch/execution.ts';
import { readRecord } from '../../batch/files.ts';
import { isMissing } from '../../shared/aws.ts';
import { eventually } from '../../shared/eventually.ts';
import { parseJson } from '../../shared/json.ts';
import { type Context, type Event, type Made, reasonOf, succeeded } from '../context.ts';
import { NotShown, type Step } from '../run.ts';
import { LIMITS } from '../throwaway.ts';
import { longEvent } from './contract.ts';
import { DEPLOY } from './operate.ts';

/** It stays until the stack is removed, which finds its bucket and its state machine then. */
export const BATCH = 'BATCH=1';

const DEPLOY_BATCH = `a deploy with ${BATCH}`;
const ASK = 'make batch';

/** Of a row, where each is too late; a refused one costs no tokens (lib/constructs/batch-rows.ts). */
const ATTEMPTS = 4;

/** Seconds in which IAM passes on the policy of a new role. */
const ROLE_SECONDS = 60;

/** Seconds in which a batch has begun. The program is built by then. */
const START_SECONDS = 120;

const deploy: Step = {
  name: DEPLOY_BATCH,
  proves: 'the stack takes the bucket and the state machine of `BATCH=1`',
  needs: DEPLOY,
  run: async ({ make }) => {
    succeeded(await make('deploy', BATCH), 'deploy');
    return 'deployed';
  },
};

interface Row extends Event {
  readonly id: string;
}

/** Writes the rows into a file. @returns the variables of make that name it and its answers. */
function written({ target, take }: Context, name: string, rows: readonly Row[]): { typed: string[]; output: string } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) for (const row of rows) take(row);
  const directory = join(verifyDir, target.stackName);
  const [input, output] = [join(directory, `${name}.jsonl`), join(directory, `${name}-answers.jsonl`)];
  mkdirSync(directory, { recursive: true });
  writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { typed: [`INPUT=${input}`, `OUTPUT=${output}`], output };
}

const answer = z.object({ id: z.string(), statusCode: z.number(), code: z.string().optional() });

const batch: Step = {
  name: ASK,
  proves:
    'every row of a file is answered, in the order of the file, and one that fails for good has its status and code',
  needs: DEPLOY_BATCH,
  calls: [{ count: 3 * ATTEMPTS, chars: 200, maxTokens: 16, isRow: true }],
  run: async (context) => {
    const prompt = `Say yes. ${context.marker}`;
    // Bedrock refuses a blank text, and nothing before it does.
    const rows = [prompt, ' ', prompt].map((text, row) => ({ id: `row-${row}`, prompt: text, maxTokens: 16 }));
    const { typed, output } = written(context, 'batch', rows);
    const made = await ofARoleThatIsOld(context, typed);
    // The record stays where the results of an execution are not to be had.
    if (context.isEmulated && readRecord(output))
      throw new NotShown('an emulator cannot show it: it leaves the ResultWriter out');
    // Some rows failed, by make itself 2.
    if (made.status === 0) throw new Error('it ended as if every row had an answer');
    const lines = readAnswers(output) ?? [];
    const seen = lines.map(({ id, statusCode, code }) => [id, statusCode, code].filter(Boolean).join(' ')).join(', ');
    if (seen !== 'row-0 200, row-1 400 ValidationException, row-2 200')
      throw new Error(`its answers: ${seen || `none; ${reasonOf(made)}`}`);
    return seen;
  },
};

/** Until its role may, Step Functions ends an execution before it asks a row, and the same command asks the rows again. */
async function ofARoleThatIsOld({ make, patience }: Context, typed: readonly string[]): Promise<Made> {
  let made: Made = { status: null, stdout: '', stderr: '' };
  await eventually(ROLE_SECONDS * patience, async () => {
    made = await make('batch', ...typed);
    return made.stderr.includes('the execution is FAILED with States.') ? undefined : made;
  });
  return made;
}

function readAnswers(path: string): z.infer<typeof answer>[] | undefined {
  try {
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    return lines.map((line) => answer.parse(parseJson(line)));
  } catch {
    return undefined;
  }
}

const stop: Step = {
  name: 'make batch-stop',
  proves: 'a batch that runs is ended on AWS',
  needs: ASK,
  calls: [{ count: ATTEMPTS, chars: 500, maxTokens: LIMITS.MAX_TOKENS_LIMIT, isRow: true }],
  run: async (context) => {
    const { typed, output } = written(context, 'stopped', [{ id: 'long', ...longEvent(context) }]);
    let isOver = false;
    const made = context.make('batch', ...typed).finally(() => {
      isOver = true;
    });
    const arn = await eventually(START_SECONDS, async () => (isOver ? '' : running(context, output)));
    if (arn) succeeded(await context.make('batch-stop', `OUTPUT=${output}`), 'batch-stop');
    const ended = await made;
    if (!arn) throw new Error(`no batch ran: ${reasonOf(ended)}`);
    const { status, error } = await describeBatch(sfnClient(context.target.region), arn);
    if (status === 'SUCCEEDED') throw new NotShown('the batch had ended before it was stopped');
    if (status !== 'ABORTED' || error !== ENDED_BY.person) throw new Error(`the batch is ${status} ${error ?? ''}`);
    return `${status} ${error}`;
  },
};

/** The batch that answers an output, once it runs. */
async function running({ target }: Context, output: string): Promise<string | undefined> {
  const arn = readRecord(output)?.executionArn;
  if (!arn) return undefined;
  try {
    return isRunning(await describeBatch(sfnClient(target.region), arn)) ? arn : undefined;
  } catch (error) {
    // Recorded, and not started yet.
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Many prompts at once. */
export const batchSteps: readonly Step[] = [deploy, batch, stop];
