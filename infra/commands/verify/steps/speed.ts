import { readFileSync } from 'node:fs';
import { LambdaClient, UpdateFunctionCodeCommand, waitUntilFunctionUpdated } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { clientOptions } from '../../shared/aws.ts';
import { parseJson } from '../../shared/json.ts';
import { type Context, type Event, succeeded } from '../context.ts';
import { speedsOf } from '../report.ts';
import type { Step } from '../run.ts';
import { configurationOf, DEPLOY } from './operate.ts';
import { configure } from './role.ts';

/** Cold starts, and the warm calls after each of them that ask no model. */
const [COLD, WARM_EACH] = [20, 10];

const SPEED = 'the speed';

const NOT_LAMBDAS = "an emulator's REPORT is not Lambda's";

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

/** What Lambda reports of these calls after each of the cold starts, which a changed variable forces. */
async function afterColdStarts(
  context: Context,
  variables: Record<string, string>,
  events: readonly Event[],
): Promise<Reported[][]> {
  const starts: Reported[][] = [];
  for (let start = 1; start <= COLD; start += 1) {
    await configure(context, { ...variables, VERIFY_COLD_START: String(start) });
    const calls: Reported[] = [];
    for (const event of events) calls.push(await reported(context, event));
    starts.push(calls);
  }
  return starts;
}

const medianInit = (cold: readonly Reported[]): number =>
  median(cold, ({ initMs }) => initMs, 'no INIT: the change of a variable made no cold start');
const mostMemory = (starts: readonly Reported[][]): number =>
  Math.max(...starts.flat().map(({ memoryMb }) => memoryMb));

/** No prompt, and so no model is asked. */
const free: Event = { maxTokens: short.maxTokens };
const warmEach = Array.from({ length: WARM_EACH }, () => free);

const speed: Step = {
  name: SPEED,
  proves: `of ${COLD} cold starts and ${COLD * WARM_EACH} warm calls: INIT, the time beside the model, billed time and memory, by Lambda's own REPORT`,
  needs: DEPLOY,
  onlyOnAws: NOT_LAMBDAS,
  // Of two that are planned the first that is large enough is taken.
  calls: [
    { count: COLD * WARM_EACH, chars: 0, maxTokens: short.maxTokens, isFree: true },
    { count: 2 * COLD, ...short },
  ],
  run: async (context) => {
    const { Environment } = await configurationOf(context);
    const Variables = Environment?.Variables ?? {};
    const ask = { prompt: `Say yes. ${context.marker}`, maxTokens: short.maxTokens };
    try {
      const starts = await afterColdStarts(context, Variables, [ask, ask, ...warmEach]);
      const [cold, warm] = [starts.flatMap((calls) => calls.slice(0, 1)), starts.flatMap((calls) => calls.slice(1, 2))];
      const calls = starts.flatMap((of) => of.slice(2));
      const measured = {
        initMs: medianInit(cold),
        coldOverheadMs: median(cold, ({ overheadMs }) => overheadMs, NO_RECORD),
        warmOverheadMs: median(warm, ({ overheadMs }) => overheadMs, NO_RECORD),
        warmMs: median(calls, ({ durationMs }) => durationMs),
        billedMs: median(calls, ({ billedMs }) => billedMs),
        memoryMb: mostMemory(starts),
      };
      Object.assign(context.figures, measured);
      const { initMs, coldOverheadMs, warmOverheadMs, warmMs, billedMs, memoryMb } = measured;
      return `INIT ${initMs} ms; beside the model ${coldOverheadMs} ms cold, ${warmOverheadMs} ms warm; without one ${warmMs} ms, billed ${billedMs} ms; ${memoryMb} MB`;
    } finally {
      await configure(context, Variables);
    }
  },
};

/** It takes the place of the function's code for good, because nothing but the removal comes after it. */
const hello: Step = {
  name: 'a hello world beside it',
  proves:
    'the same of a hello world of the same runtime, memory and role, which answers at once, beside the figures of the speed',
  needs: SPEED,
  onlyOnAws: NOT_LAMBDAS,
  calls: [{ count: COLD * (1 + WARM_EACH), chars: 0, maxTokens: short.maxTokens, isFree: true }],
  run: async (context) => {
    const { stdout } = succeeded(await context.make('verify-hello'), 'verify-hello');
    // Where the brake had stopped it.
    succeeded(await context.make('resume'), 'resume');
    await replaceCode(context, readFileSync(stdout.trim().split('\n').at(-1) ?? ''));
    const starts = await afterColdStarts(context, {}, [free, ...warmEach]);
    const [cold, warm] = [starts.flatMap((calls) => calls.slice(0, 1)), starts.flatMap((calls) => calls.slice(1))];
    const measured = {
      helloInitMs: medianInit(cold),
      helloFirstMs: median(cold, ({ durationMs }) => durationMs),
      helloWarmMs: median(warm, ({ durationMs }) => durationMs),
      helloBilledMs: median(warm, ({ billedMs }) => billedMs),
      helloMemoryMb: mostMemory(starts),
    };
    Object.assign(context.figures, measured);
    return speedsOf(context.figures)
      .map(({ heading, text }) => `${heading} ${text}`)
      .join(', ');
  },
};

async function replaceCode({ target }: Context, ZipFile: Uint8Array): Promise<void> {
  const client = new LambdaClient(clientOptions(target.region));
  const FunctionName = target.stackName;
  await client.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile }));
  await waitUntilFunctionUpdated({ client, maxWaitTime: 60 }, { FunctionName });
}

const NO_RECORD = 'the function wrote no overheadMs';

/** @throws Error with that sentence where one of them has no such number. */
function median(of: readonly Reported[], number: (one: Reported) => number | undefined, sentence = ''): number {
  const numbers = of.flatMap((one) => number(one) ?? []).toSorted((one, other) => one - other);
  if (numbers.length < of.length) throw new Error(`${of.length - numbers.length} of ${of.length}: ${sentence}`);
  return numbers[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

/** How fast it is. */
export const speedSteps: readonly Step[] = [speed];

/** What it is compared with. */
export const helloSteps: readonly Step[] = [hello];
