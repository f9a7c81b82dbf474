import { setTimeout as after } from 'node:timers/promises';
import { UserError } from '../lib/user-error.ts';
import { readDeployment } from './support/deployment-record.ts';
import { exitOnError } from './support/exit.ts';
import { isOn } from './support/options.ts';
import { rollBack } from './support/rollback.ts';
import { type SmokeCall, smokeCall } from './support/smoke-call.ts';

/** Calls before a failure counts, where the same call may pass in a moment. */
const CALLS = 3;

/** Seconds between two calls. IAM passes a changed policy on in a few; the tests wait for nothing. */
const PAUSE = Number(process.env.SMOKE_PAUSE_SECONDS ?? 10);

await exitOnError(async () => {
  const putsBack = isOn('ROLLBACK');
  const deployed = readDeployment();
  if (!deployed) throw new UserError('No deployment is recorded here: run `make deploy` first.');
  const { passed, said, throttled } = await patientCall(CALLS);
  if (passed)
    return console.error(`The smoke call passed: ${deployed.stackName} in ${deployed.region} answered with 200.`);
  process.exitCode = 1;
  if (throttled)
    return console.error(
      'The function is stopped or throttled, which says nothing of this version: make status tells why. Nothing was put back.',
    );
  console.error(`The smoke call failed: ${said}`);
  console.error(
    putsBack
      ? (await rollBack(deployed)).sentence
      : 'The stack stays as it is; make rollback puts back what was deployed before.',
  );
});

async function patientCall(calls: number): Promise<SmokeCall> {
  const call = await smokeCall();
  if (call.passed || !call.passing || calls === 1) return call;
  console.error(`Not yet: ${call.said} Trying again in ${PAUSE} s.`);
  await after(PAUSE * 1000);
  return patientCall(calls - 1);
}
