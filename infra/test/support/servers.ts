import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  request as callServer,
  createServer,
  type Server as HttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { infraDir } from '../../lib/paths.ts';
import { tool } from './tools.ts';

/** Something that answers on loopback until it is stopped. */
export interface Server {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** moto's server under the name by which it finds the buckets of templates. */
export async function startMoto(): Promise<Server> {
  const { child, line } = await started(
    [tool('moto_server'), '-H', '127.0.0.1', '-p', '0'],
    /Running on http:\/\/127\.0\.0\.1:(\d+)/,
  );
  return { url: `http://localhost:${line[1]}`, stop: () => stopped(child) };
}

/**
 * ministack, which executes a Distributed Map, and runs a function of `provided.al2023` as a process. Its waits are a hundredth.
 * Its account is 000000000000.
 *
 * @param environment which its functions find in theirs.
 */
export async function startMinistack(environment: Readonly<Record<string, string>> = {}): Promise<Server> {
  const { child, line } = await started([tool('ministack')], /Running on (http:\/\/127\.0\.0\.1:\d+)/, {
    GATEWAY_PORT: '0',
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_REGION: 'ap-northeast-1',
    SFN_WAIT_SCALE: '0.01',
    ...environment,
  });
  return { url: line[1] ?? '', stop: () => stopped(child) };
}

/** moto loads CloudFormation at the first request for it, which takes a busy machine longer than a command waits for AWS. */
export async function loadCloudFormation({ url: endpoint }: Server): Promise<void> {
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  await new CloudFormationClient({ region: 'ap-northeast-1', endpoint, credentials }).send(new DescribeStacksCommand());
}

/** The stand-in for Bedrock. */
export async function startBedrockLocal(program: string, options: readonly string[] = []): Promise<Server> {
  const { child, line } = await started([program, '--port', '0', ...options], /"endpointUrl":"([^"]+)"/);
  return { url: line[1] ?? '', stop: () => stopped(child) };
}

/** Lambda's Invoke API, by lambda-local. */
export async function startInvokeApi(program: string, options: readonly string[]): Promise<Server> {
  const { child, line } = await started([program, '--invoke-port', '0', ...options], /Invoke API at (\S+)/);
  return { url: line[1] ?? '', stop: () => stopped(child) };
}

/** Answers every request as `reply` does: for what no emulator says, such as that a token has expired. */
export function startScripted(reply: (response: ServerResponse, path: string) => void): Promise<Server> {
  return listenOn(createServer((request, response) => reply(response, (request.url ?? '').split('?')[0] ?? '')));
}

/** Starts to listen on loopback. */
export async function listenOn(server: HttpServer): Promise<Server> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** A request that a front may answer itself. */
export interface Asked {
  readonly path: string;
  /** `X-Amz-Target` of the JSON protocols, or the form's `Action` of the query protocol. */
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What a front answers. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  /** What comes before the body, each by itself. */
  readonly pieces?: readonly (string | Uint8Array)[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Stands before a server and answers what that server does not know or would not say; `never` leaves the caller waiting. */
export async function startFront(behind: Server, answer: (asked: Asked) => Given | Promise<Given>): Promise<Server> {
  const listening = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        passOn(askedBy(request, Buffer.concat(chunks)), request, response).catch(() => response.destroy());
      });
  });
  return listenOn(listening);

  async function passOn(asked: Asked, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const own = await answer(asked);
    if (own === 'never') return;
    if (!own) return forward(behind, request, asked.body, response);
    response.writeHead(own.status, { 'content-type': 'application/json', ...own.headers });
    for (const piece of own.pieces ?? []) {
      response.write(piece);
      // A caller in this process has read it by then: its socket is polled between the two.
      for (let turn = 0; turn < 2; turn += 1) await setImmediate();
    }
    response.end(own.body);
  }
}

type Given = Answer | 'never' | undefined;

function askedBy({ url = '/', method = 'GET', headers }: IncomingMessage, body: Buffer): Asked {
  const operation = String(headers['x-amz-target'] ?? new URLSearchParams(body.toString()).get('Action') ?? '');
  return { path: url.split('?')[0] ?? '', operation, method, url, headers, body };
}

/** What the server behind a front answers, for a front that says it in other words. */
export async function answerOf(behind: Server, { url, method, headers, body }: Asked): Promise<Answer> {
  const passed = callServer(new URL(url, behind.url), { method, headers });
  passed.end(body);
  const [answer]: IncomingMessage[] = await once(passed, 'response');
  return {
    status: answer?.statusCode ?? 500,
    body: answer ? await text(answer) : '',
    headers: { 'content-type': 'text/xml' },
  };
}

function forward(behind: Server, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const passed = callServer(
    new URL(request.url ?? '/', behind.url),
    { method: request.method, headers: request.headers },
    (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    },
  );
  passed.on('error', () => response.destroy());
  passed.end(body);
}

/** Starts a program on a leash, so that it ends with this process, and waits for the line that says it listens. */
async function started(
  command: readonly string[],
  ready: RegExp,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; line: RegExpMatchArray }> {
  const child = spawn(tool('python'), [join(infraDir, 'test/support/leash.py'), ...command], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const line = await new Promise<RegExpMatchArray>((resolve, reject) => {
    let said = '';
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      const match = ready.exec(said);
      if (match) resolve(match);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('close', (status) => reject(new Error(`${command[0]} ended with ${status}: ${said}`)));
  });
  return { child, line };
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.stdin?.end();
  await closed;
}
