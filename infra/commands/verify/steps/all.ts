import type { Step } from '../run.ts';
import { batchSteps } from './batch.ts';
import { brakeSteps } from './brake.ts';
import { contractSteps } from './contract.ts';
import { logSteps } from './log.ts';
import { deploySteps, operateSteps, rollbackSteps } from './operate.ts';
import { roleSteps } from './role.ts';
import { helloSteps, speedSteps } from './speed.ts';
import { streamSteps } from './stream.ts';
import { timeOutSteps } from './time-outs.ts';

/** Every step, in the order in which they run; make destroy comes after all of them, whatever has happened. */
export const STEPS: readonly Step[] = [
  ...deploySteps,
  ...contractSteps,
  ...operateSteps,
  ...roleSteps,
  ...speedSteps,
  ...timeOutSteps,
  ...logSteps,
  ...rollbackSteps,
  ...streamSteps,
  ...batchSteps,
  ...brakeSteps,
  ...helloSteps,
];
