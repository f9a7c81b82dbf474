import { type Step, NotShown } from '../run.ts';
import { eventually } from '../../shared/eventually.ts';
import { type Context, succeeded } from '../context.ts';
import { LIMITS } from '../throwaway.ts';
import { longEvent } from './contract.ts';
import { DEPLOY, timeoutOf } from './operate.ts';
import { linesOf } from './log.ts';

/** A time-out that is too short for a long answer. */
export const SECONDS = 3;
const SHORT = `a deploy with TIMEOUT_SECONDS=${SECONDS}`;

const shortTimeout: Step = {
  name: SHORT,
  proves: 'a setting that is typed is deployed',
  needs: DEPLOY,
  run: async (context) => {
    succeeded(await context.make('deploy', `TIMEOUT_SECONDS=${SECONDS}`), 'deploy');
    const seconds = await timeoutOf(context);
    if (seconds !== SECONDS) throw new Error(`the time-out is ${seconds} s`);
    return `the time-out is ${seconds} s`;
  },
};

/** Seconds in which CloudWatch shows a line of Lambda's. */
const LOG_SECONDS = 10;

/** @throws Error where the log says that Lambda ended the function. */
export async function refuseTimedOut(context: Context): Promise<void> {
  const line = await eventually(LOG_SECONDS * context.patience, async () =>
    (await linesOf(context)).find((one) => one.includes('Task timed out')),
  );
  if (line) throw new Error('Lambda ended it: Task timed out');
}

const longAnswer: Step = {
  name: 'an answer that takes too long',
  proves: `of an answer that takes more than ${SECONDS} s the caller gets 504, or with STREAM=1 the text so far, and Lambda does not end the function`,
  needs: SHORT,
  calls: [{ count: 1, chars: 500, maxTokens: LIMITS.MAX_TOKENS_LIMIT }],
  run: async (context) => {
    const { statusCode, body } = await context.call(longEvent(context));
    // A streamed answer is cut, and what had come of it is given.
    if (statusCode === 200 && body.stopReason === 'deadline_exceeded') return '200 deadline_exceeded: the text so far';
    if (statusCode === 200) throw new NotShown(`the model had answered within ${SECONDS} s`);
    if (statusCode !== 504) throw new Error(`${statusCode} ${body.code ?? ''} instead of 504`);
    await refuseTimedOut(context);
    return `504 ${body.code ?? ''}, and no "Task timed out"`;
  },
};

/** What happens when there is too little time. */
export const timeOutSteps: readonly Step[] = [shortTimeout, longAnswer];
