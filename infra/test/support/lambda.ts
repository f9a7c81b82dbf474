import { crc32 } from 'node:zlib';
import { type Answer, type Server, startScripted } from './servers.ts';
import { ACCOUNT } from './stack.ts';

/** What Lambda's Invoke answers: a payload, or something of Lambda's own. */
export type Given =
  | string
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: string };

/** Lambda's own answer while the reserved concurrency is 0, which is not the function's. */
export const throttle: Given = {
  status: 429,
  headers: { 'x-amzn-errortype': 'TooManyRequestsException' },
  body: JSON.stringify({
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    Type: 'User',
    message: 'Rate Exceeded.',
  }),
};

/** What Lambda answers where the function ended without a reply. */
export const crash: Given = {
  headers: { 'x-amz-function-error': 'Unhandled' },
  body: '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: x Error: Runtime exited"}',
};

/** Lambda's Invoke that replies with these, the last one again and again, and counts; and STS, which knows one account. */
export async function lambdaReplying(
  replies: readonly Given[],
  account = ACCOUNT,
): Promise<Server & { calls: () => number }> {
  let calls = 0;
  const server = await startScripted((response, path) => {
    if (path === '/') {
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
      );
      return;
    }
    const given = replies[Math.min(calls, replies.length - 1)] ?? '';
    calls += 1;
    const { status = 200, headers = {}, body } = typeof given === 'string' ? { body: given } : given;
    response.writeHead(status, headers).end(body);
  });
  return { ...server, calls: () => calls };
}

/** What InvokeWithResponseStream answers: each piece in a frame of its own, and one that says that they are all. */
export function responseStream(pieces: readonly string[]): Answer {
  const frames = [...pieces.map((piece) => frame('PayloadChunk', piece)), frame('InvokeComplete', '{}')];
  return { status: 200, body: '', pieces: frames, headers: { 'content-type': 'application/vnd.amazon.eventstream' } };
}

/** A message of an event stream (https://smithy.io/2.0/aws/amazon-eventstream.html): two lengths, headers, payload, each with its CRC-32. */
function frame(type: string, text: string): Buffer {
  const payload = Buffer.from(text);
  const entries = { ':message-type': 'event', ':event-type': type, ':content-type': 'application/octet-stream' };
  const headers = Buffer.concat(
    Object.entries(entries).map(([name, value]) =>
      Buffer.concat([Buffer.of(name.length), Buffer.from(name), Buffer.of(7, 0, value.length), Buffer.from(value)]),
    ),
  );
  const number = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const lengths = Buffer.concat([number(headers.length + payload.length + 16), number(headers.length)]);
  const message = Buffer.concat([lengths, number(crc32(lengths)), headers, payload]);
  return Buffer.concat([message, number(crc32(message))]);
}
