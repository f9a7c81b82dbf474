import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { isMissing, isPassing } from '../shared/aws.ts';
import { describeBatch, type Execution, isRunning, sfnClient } from './execution.ts';
import type { BatchRecord } from './files.ts';
import { Progress } from './progress.ts';

const LOOK_EVERY_MS = 2_000;

/** A network may be away for a while, as when a laptop sleeps. */
const FAILURES_IN_A_ROW = 30;

/** Signals after which a person wants the terminal back. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The number of the signal that ended the wait. */
export interface Interrupted {
  readonly signal: number;
}

/** Runs `work`, which ends early where a signal comes: what goes on meanwhile, on AWS, goes on. */
export async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | Interrupted> {
  const controller = new AbortController();
  let number = 0;
  const stop = (name: NodeJS.Signals) => {
    number = constants.signals[name];
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (controller.signal.aborted) return { signal: number };
    throw error;
  } finally {
    for (const name of SIGNALS) process.off(name, stop);
  }
}

/** Step Functions may not yet know what it has just begun. */
const mayPass = (error: unknown): boolean => isPassing(error) || isMissing(error);

/** Waits for the end of an execution, and shows how far it is. @throws AbortError when `signal` comes. */
export async function watch({ region, executionArn }: BatchRecord, signal: AbortSignal): Promise<Execution> {
  const sfn = sfnClient(region);
  const progress = new Progress();
  try {
    for (let failures = 0; ; ) {
      signal.throwIfAborted();
      try {
        const execution = await describeBatch(sfn, executionArn);
        failures = 0;
        if (!isRunning(execution)) return execution;
        progress.show(execution.mapRun?.counts);
      } catch (error) {
        failures += 1;
        if (failures === FAILURES_IN_A_ROW || !mayPass(error)) throw error;
      }
      await pause(LOOK_EVERY_MS, undefined, { signal });
    }
  } finally {
    progress.end();
  }
}
