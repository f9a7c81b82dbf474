import { z } from 'zod';
import { parseJson } from '../../shared/json.ts';
import type { Context, Event } from '../context.ts';
import type { Step } from '../run.ts';
import { configurationOf, DEPLOY } from './operate.ts';
import { configure } from './role.ts';

/** Cold starts, and the warm calls after each of them that ask no model. */
const [COLD, WARM_EACH] = [20, 10];

const short = { chars: 200, maxTokens: 16 };

/** The end of an invocation's log (Lambda developer guide, "Viewing logs for Lambda functions"). INIT is there of a cold start alone. */
const REPORT =
  /^REPORT .*?\sDuration: ([\d.]+) ms\s+Billed Duration: (\d+) ms\s.*?Max Memory Used: (\d+) MB(?:\s+Init Duration: ([\d.]+) ms)?/m;

/** What Lambda reports of an invocation. */
interface Reported {
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMb: number;
  readonly initMs: number | undefined;
  /** The function's own part of a call of the model; it writes none where no model was asked. */
  readonly overheadMs: number | undefined;
}

const record = z.object({ message: z.literal('invocation'), overheadMs: z.number() });

/** @throws Error where the call gave no reply, or Lambda reported nothing. */
async function reported(context: Context, event: Event): Promise<Reported> {
  const invocation = await context.invoke(event);
  if (invocation.kind !== 'reply') throw new Error(invocation.sentence);
  const [, duration, billed, memory, init] = REPORT.exec(invocation.log) ?? [];
  if (duration === undefined) throw new Error('Lambda gave no REPORT line with the reply');
  const lines = invocation.log.split('\n').map((line) => record.safeParse(parseJson(line)).data);
  return {
    durationMs: Number(duration),
    billedMs: Number(billed),
    memoryMb: Number(memory),
    initMs: init === undefined ? undefined : Number(init),
    overheadMs: lines.find((line) => line !== undefined)?.overheadMs,
  };
}

const speed: Step = {
  name: 'the speed',
  proves: `of ${COLD} cold starts and ${COLD * WARM_EACH} warm calls: INIT, the time beside the model, billed time and memory, by Lambda's own REPORT`,
  needs: DEPLOY,
  onlyOnAws: "an emulator's REPORT is not Lambda's",
  // Of two that are planned the first that is large enough is taken.
  calls: [
    { count: COLD * WARM_EACH, chars: 0, maxTokens: short.maxTokens, isFree: true },
    { count: 2 * COLD, ...short },
  ],
  run: async (context) => {
    const { Environment } = await configurationOf(context);
    const Variables = Environment?.Variables ?? {};
    const prompt = `Say yes. ${context.marker}`;
    const cold: Reported[] = [];
    const warm: Reported[] = [];
    const free: Reported[] = [];
    try {
      for (let start = 1; start <= COLD; start += 1) {
        await configure(context, { ...Variables, VERIFY_COLD_START: String(start) });
        cold.push(await reported(context, { prompt, maxTokens: short.maxTokens }));
        warm.push(await reported(context, { prompt, maxTokens: short.maxTokens }));
        for (let call = 0; call < WARM_EACH; call += 1)
          free.push(await reported(context, { maxTokens: short.maxTokens }));
      }
    } finally {
      await configure(context, Variables);
    }
    const measured = {
      initMs: median(cold, ({ initMs }) => initMs, 'no INIT: the change of a variable made no cold start'),
      coldOverheadMs: median(cold, ({ overheadMs }) => overheadMs, NO_RECORD),
      warmOverheadMs: median(warm, ({ overheadMs }) => overheadMs, NO_RECORD),
      warmMs: median(free, ({ durationMs }) => durationMs),
      billedMs: median(free, ({ billedMs }) => billedMs),
      memoryMb: Math.max(...[...cold, ...warm, ...free].map(({ memoryMb }) => memoryMb)),
    };
    Object.assign(context.figures, measured);
    const { initMs, coldOverheadMs, warmOverheadMs, warmMs, billedMs, memoryMb } = measured;
    return `INIT ${initMs} ms; beside the model ${coldOverheadMs} ms cold, ${warmOverheadMs} ms warm; without one ${warmMs} ms, billed ${billedMs} ms; ${memoryMb} MB`;
  },
};

const NO_RECORD = 'the function wrote no overheadMs';

/** @throws Error with that sentence where one of them has no such number. */
function median(of: readonly Reported[], number: (one: Reported) => number | undefined, sentence = ''): number {
  const numbers = of.flatMap((one) => number(one) ?? []).toSorted((one, other) => one - other);
  if (numbers.length < of.length) throw new Error(`${of.length - numbers.length} of ${of.length}: ${sentence}`);
  return numbers[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** How fast it is. */
export const speedSteps: readonly Step[] = [speed];
