import { z } from 'zod';
import { BRAKE_SECONDS } from '../../../lib/models/overrun.ts';
import { eventually } from '../../shared/eventually.ts';
import { parseJson } from '../../shared/json.ts';
import { type Context, succeeded } from '../context.ts';
import { NotShown, type Step } from '../run.ts';
import { LIMITS } from '../throwaway.ts';
import { BATCH } from './batch.ts';
import { longEvent } from './contract.ts';
import { DEPLOY } from './operate.ts';

/** The least that DAILY_LIMIT_USD takes. */
const LIMIT_USD = 0.01;

/** Answers as long as they may be, until they have cost the limit: two of the default model's do. */
const MOST_ANSWERS = 4;

/** What is waited for the brake: three times what it is expected to take. */
const PATIENCE_SECONDS = 3 * BRAKE_SECONDS;

const brake: Step = {
  name: 'the brake',
  proves: `once answers have cost $${LIMIT_USD} the brake stops the function, and make resume lets calls in again`,
  needs: DEPLOY,
  onlyOnAws: 'it takes no metrics out of logs, and so its alarm never changes',
  calls: [
    { count: MOST_ANSWERS, chars: 500, maxTokens: LIMITS.MAX_TOKENS_LIMIT },
    { count: 2, chars: 200, maxTokens: 16 },
  ],
  run: async (context) => {
    succeeded(await context.make('deploy', `DAILY_LIMIT_USD=${LIMIT_USD}`, BATCH), 'deploy');
    await spend(context, MOST_ANSWERS);
    const crossed = Date.now();
    const pulled = await eventually(PATIENCE_SECONDS * context.patience, () => pulledAt(context));
    if (!pulled) throw new Error(`it had not pulled ${PATIENCE_SECONDS} s after the limit was crossed`);
    const event = { prompt: `Say yes. ${context.marker}`, maxTokens: 16 };
    const { kind } = await context.invoke(event);
    succeeded(await context.make('resume'), 'resume');
    if (kind !== 'throttled') throw new Error(`the stopped function gave ${kind}, and not a refusal of Lambda's`);
    const { statusCode } = await context.call(event);
    if (statusCode !== 200) throw new Error(`${statusCode} after make resume`);
    const seconds = Math.max(0, Math.round((pulled.getTime() - crossed) / 1000));
    context.figures.brakeSeconds = seconds;
    return `pulled ${seconds} s after the limit was crossed, refused, then 200`;
  },
};

/** @throws NotShown where the answers that are planned do not cost the limit. */
async function spend(context: Context, most: number): Promise<void> {
  let usd = 0;
  for (let answers = 0; answers < most && usd < LIMIT_USD; answers += 1) {
    const { statusCode, body } = await context.call({ ...longEvent(context), usage: true });
    if (statusCode !== 200) throw new Error(`${statusCode} ${body.code ?? ''} instead of an answer`);
    usd += body.costUsd ?? 0;
  }
  if (usd < LIMIT_USD)
    throw new NotShown(`${most} answers of this model cost $${usd.toFixed(4)}, and the limit is $${LIMIT_USD}`);
}

const status = z.object({ stopped: z.boolean(), brake: z.object({ pulled: z.coerce.date().nullable() }).nullable() });

/** When the brake stopped the function, or undefined while it runs. */
async function pulledAt({ make }: Context): Promise<Date | undefined> {
  const made = succeeded(await make('status', 'JSON=1'), 'status');
  const { stopped, brake: found } = status.parse(parseJson(made.stdout));
  if (!found) throw new Error('the deployment has no brake');
  return stopped ? (found.pulled ?? undefined) : undefined;
}

/** What stops the spending. */
export const brakeSteps: readonly Step[] = [brake];
