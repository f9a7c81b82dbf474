import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { workspaceDir } from '../lib/paths.ts';
import { UserError } from '../lib/user-error.ts';
import { type DeploymentRecord, requireDeployment } from './support/deployment-record.ts';
import { exitOnError } from './support/exit.ts';
import { parseJson } from './support/json.ts';
import { isOn } from './support/options.ts';
import { rollBack } from './support/rollback.ts';
import { type SmokeCall, smokeCall } from './support/smoke-call.ts';

/** Calls before a failure counts, where the same call may pass in a moment. */
const CALLS = 3;

/** Seconds between two calls. IAM passes a changed policy on in a few; the tests wait for nothing. */
const PAUSE = Number(process.env.SMOKE_PAUSE_SECONDS ?? 10);

await exitOnError(async () => {
  const putsBack = isOn('ROLLBACK');
  const deployed = requireDeployment();
  const event = readEvent(process.env.XTASK_EVENT?.trim() || 'events/bedrock-test-001.json');
  console.error(`Calling ${deployed.functionName} on AWS in ${deployed.region}.`);
  const call = await callUntilSettled(deployed, event, CALLS);
  if (call.result !== 'passed') process.exitCode = 1;
  console.error(await conclusionOf(call, deployed, putsBack));
});

async function callUntilSettled(deployed: DeploymentRecord, event: Uint8Array, calls: number): Promise<SmokeCall> {
  const call = await smokeCall(deployed, event);
  if (call.result === 'passed' || !call.mayPass || calls === 1) return call;
  console.error(`Not yet: ${call.sentence} Trying again in ${PAUSE} s.`);
  await after(PAUSE * 1000);
  return callUntilSettled(deployed, event, calls - 1);
}

async function conclusionOf(
  { result, sentence }: SmokeCall,
  deployed: DeploymentRecord,
  putsBack: boolean,
): Promise<string> {
  switch (result) {
    case 'passed':
      return `The smoke call passed: ${deployed.stackName} in ${deployed.region} answered with 200.`;
    case 'throttled':
      return 'The function is stopped or throttled, which says nothing of this version: make status tells why. Nothing was put back.';
    case 'unavailable':
      return `Bedrock turned the call away, which says nothing of this version: ${sentence} Run make smoke again later. Nothing was put back.`;
    case 'failed':
      return `The smoke call failed: ${sentence}\n${putsBack ? (await rollBack(deployed)).sentence : 'The stack stays as it is; make rollback puts back what was deployed before.'}`;
  }
}

/** The event of EVENT=file, whose path is relative to the folder of the Makefile. */
function readEvent(path: string): Uint8Array {
  try {
    const event = readFileSync(resolve(workspaceDir, path));
    if (parseJson(event.toString()) !== undefined) return event;
  } catch (error) {
    throw new UserError(
      `The event file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}. Give the path of a JSON file, as in EVENT=events/bedrock-test-001.json.`,
    );
  }
  throw new UserError(`The event file ${path} is not JSON. Correct it, then try again.`);
}
