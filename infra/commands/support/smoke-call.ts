import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { z } from 'zod';
import { workspaceDir } from '../../lib/paths.ts';
import { UserError } from '../../lib/user-error.ts';
import { parseJson } from './json.ts';

/** What came of one call of the deployed function. */
export interface SmokeCall {
  readonly passed: boolean;
  /** Of a failure: what the reply, or Lambda, says. A model's answer is not repeated: logs of pipelines are read by many. */
  readonly said: string;
  /** Whether the same call may pass in a moment. */
  readonly passing: boolean;
  /** Whether Lambda turned the call away unread: the function is stopped, or too many calls are under way. */
  readonly throttled?: boolean;
}

const reply = z.object({ statusCode: z.number(), body: z.string() });
const refusal = z.object({ message: z.string(), code: z.string().optional() });

/** 403: IAM takes seconds to pass on a role's new policy. The others say themselves that another try may do. */
const MAY_PASS = (statusCode: number): boolean => statusCode === 403 || statusCode === 429 || statusCode >= 500;

/** The exit codes of crates/xtask: the function refused, and the function could not be reached. Others are about this machine. */
const REFUSED = 1;
const NOT_REACHED = 4;

/** Lambda's own, of reserved concurrency too: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors */
const THROTTLE = 'TooManyRequestsException';

/**
 * Calls the deployed function by the program behind `make invoke TARGET=aws`.
 *
 * @throws UserError when it was not called at all: the event, the credentials or a tool are missing.
 */
export async function smokeCall(): Promise<SmokeCall> {
  const { code, stdout, stderr } = await invoke();
  if (code === 0) return { passed: true, said: '', passing: false };
  if (code === REFUSED) return refused(stdout, lastLine(stderr));
  if (code === NOT_REACHED) return notReached(lastLine(stderr));
  throw new UserError(lastLine(stderr) || `make invoke ended with ${code}.`);
}

async function invoke(): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(join(workspaceDir, 'tools/xtask'), ['invoke'], {
    cwd: workspaceDir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, XTASK_TARGET: 'aws', XTASK_MODEL: '' },
  });
  child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

function refused(payload: string, otherwise: string): SmokeCall {
  const { data: replied } = reply.safeParse(parseJson(payload));
  if (!replied) return { passed: false, said: otherwise, passing: false };
  const { data: body } = refusal.safeParse(parseJson(replied.body));
  const said = [replied.statusCode, body?.code].filter(Boolean).join(' ');
  return { passed: false, said: body ? `${said}: ${body.message}` : said, passing: MAY_PASS(replied.statusCode) };
}

/** A throttle may be that of a moment; a stopped function's comes again. */
const notReached = (said: string): SmokeCall => ({
  passed: false,
  said,
  passing: true,
  throttled: said.includes(THROTTLE),
});

const lastLine = (given: string): string => given.trim().split('\n').at(-1) ?? '';
