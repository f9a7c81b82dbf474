import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { verifyDir, workspaceDir } from '../../lib/paths.ts';
import type { Choice } from '../../lib/settings/choice.ts';
import { type Invocation, invoke, NOT_A_REPLY, replyOf } from '../shared/invocation.ts';
import { parseJson } from '../shared/json.ts';
import type { Target } from '../shared/target.ts';
import { Meter, type PlannedCalls } from './cost.ts';
import { LIMITS } from './throwaway.ts';

/** An event for the function. */
export interface Event {
  readonly prompt?: string;
  readonly system?: string;
  readonly messages?: readonly { readonly role: string; readonly text: string }[];
  readonly maxTokens?: number;
  readonly [key: string]: unknown;
}

const body = z.looseObject({
  text: z.string().optional(),
  code: z.string().optional(),
  stopReason: z.string().optional(),
  message: z.string().optional(),
  costUsd: z.number().optional(),
});

/** The function's reply, its body read. */
export interface Answer {
  readonly statusCode: number;
  readonly body: z.infer<typeof body>;
}

/** How a target of the Makefile ended. */
export interface Made {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the steps act on. */
export interface Context {
  readonly target: Target;
  readonly choice: Choice;
  /** Whether AWS_ENDPOINT_URL, or that of one service, is set. */
  readonly isEmulated: boolean;
  /** What a wait for what AWS shows late is multiplied by: 0 where it would never come. */
  readonly patience: number;
  /** When the run began. */
  readonly since: Date;
  /** A word that is in every prompt, and must be in no log. */
  readonly marker: string;
  /** What the steps measured, by name, for the report. */
  readonly figures: Record<string, number>;
  /** Runs a target on the throwaway, as a person would. It is not thrown where the target fails. */
  readonly make: (target: string, ...variables: readonly string[]) => Promise<Made>;
  /** Counts a call that the step makes by itself. */
  readonly take: (event: Event) => void;
  /** Calls the function, and gives whatever came of it. */
  readonly invoke: (event: Event) => Promise<Invocation>;
  /** Calls the function. @throws Error where it gave no reply. */
  readonly call: (event: Event) => Promise<Answer>;
  /** The context with the calls that a step may make. */
  readonly forStep: (step: { readonly calls?: readonly PlannedCalls[] }) => Context;
}

/** Makes the context of a run. */
export function contextOf(parts: Pick<Context, 'target' | 'choice' | 'isEmulated' | 'make'>): Context {
  const marker = `marker${Date.now().toString(36)}`;
  return withCalls(
    { ...parts, patience: parts.isEmulated ? 0 : 1, since: new Date(), marker, figures: {} },
    new Meter([]),
  );
}

/** Whether a service is asked at an address that is not AWS's own: what is seen there is no proof of AWS. */
export function isEmulated(environment: NodeJS.ProcessEnv): boolean {
  return Object.entries(environment).some(
    ([name, url]) => /^AWS_ENDPOINT_URL(_|$)/.test(name) && url !== undefined && url !== '',
  );
}

type Run = Omit<Context, 'take' | 'invoke' | 'call' | 'forStep'>;

function withCalls(run: Run, meter: Meter): Context {
  const take = (event: Event) => meter.take(charsOf(event), event.maxTokens ?? LIMITS.MAX_TOKENS);
  const call = async (event: Event): Promise<Invocation> => {
    take(event);
    const { account, region, stackName } = run.target;
    const called = { account, region, stackName, functionName: stackName };
    const invocation = await invoke(called, Buffer.from(JSON.stringify(event)), 'Tail');
    if (invocation.kind === 'reply') run.figures.replies = (run.figures.replies ?? 0) + 1;
    return invocation;
  };
  return {
    ...run,
    take,
    invoke: call,
    call: async (event) => answerOf(await call(event)),
    forStep: ({ calls = [] }) => withCalls(run, new Meter(calls)),
  };
}

function charsOf({ prompt = '', system = '', messages = [], ...others }: Event): number {
  const schema = others.schema === undefined ? '' : JSON.stringify(others.schema);
  const texts = [prompt, system, ...messages.map(({ text }) => text), schema];
  return texts.reduce((sum, text) => sum + text.length, 0);
}

function answerOf(invocation: Invocation): Answer {
  if (invocation.kind !== 'reply') throw new Error(invocation.sentence);
  const reply = replyOf(invocation.payload);
  if (!reply) throw new Error(NOT_A_REPLY);
  return readAnswer(reply.statusCode, reply.body);
}

/** Reads the body of a reply. */
export function readAnswer(statusCode: number, text: string): Answer {
  const read = body.safeParse(parseJson(text));
  if (!read.success) throw new Error(`The reply ${statusCode} has a body that is not the function's.`);
  return { statusCode, body: read.data };
}

/** The children that run, which Ctrl-C at a terminal does not reach: each is in a group of its own. */
const running = new Set<number>();

/** Has the targets that run end, as Ctrl-C would. */
export function interruptRunning(): void {
  for (const group of running)
    try {
      process.kill(-group, 'SIGINT');
    } catch {
      // It has ended meanwhile.
    }
}

/** Runs targets of the Makefile in this environment, and keeps what they print in a file. */
export function makeIn(environment: NodeJS.ProcessEnv, name: string): Context['make'] {
  const log = join(verifyDir, `${name}.log`);
  return (target, ...variables) =>
    new Promise((resolve, reject) => {
      appendFileSync(log, `$ make ${[target, ...variables].join(' ')}\n`);
      const child = spawn('make', ['--silent', target, ...variables], {
        cwd: workspaceDir,
        env: environment,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { pid } = child;
      if (pid !== undefined) running.add(pid);
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].setEncoding('utf8').on('data', (text: string) => {
          said[stream] += text;
          appendFileSync(log, text);
        });
      child.once('error', reject);
      child.once('close', (status) => {
        if (pid !== undefined) running.delete(pid);
        resolve({ status, ...said });
      });
    });
}

/** The last sentence that a target printed before it failed. make's own line says nothing. */
export function reasonOf({ stdout, stderr }: Made): string {
  const lines = `${stdout}\n${stderr}`.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '' && !/^make(\[\d+\])?: /.test(line)).at(-1) ?? 'it printed nothing';
}

/** @throws Error with the reason, where the target failed. */
export function succeeded(made: Made, target: string): Made {
  if (made.status !== 0) throw new Error(`make ${target} failed: ${reasonOf(made)}`);
  return made;
}
