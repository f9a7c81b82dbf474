import { LambdaClient } from '@aws-sdk/client-lambda';
import { SignatureV4 } from '@smithy/signature-v4';
import { clientOptions } from '../../shared/aws.ts';
import { findStack } from '../../shared/stack-state.ts';
import type { Context, Event } from '../context.ts';
import { NotShown } from '../run.ts';

/** A response, however it came. */
export interface Response {
  readonly statusCode: number;
  readonly contentType: string;
  /** The body as it arrived, piece by piece. */
  readonly pieces: readonly string[];
}

/** The Function URL, as the stack's outputs have it. */
export async function functionUrl({ target, isEmulated }: Context): Promise<URL> {
  const { Outputs = [] } = (await findStack(target)) ?? {};
  const value = Outputs.find(({ OutputKey }) => OutputKey === 'FunctionUrl')?.OutputValue;
  if (!value) throw new Error('the stack has no output FunctionUrl');
  const url = new URL(value);
  if (isEmulated && url.hostname.endsWith('.on.aws'))
    throw new NotShown('an emulator cannot show it: it gives an address of AWS');
  return url;
}

/** Posts an event as the caller, signed as IAM asks. */
export async function postSigned({ target, take }: Context, url: URL, event: Event): Promise<Response> {
  take(event);
  const { credentials, sha256 } = new LambdaClient(clientOptions(target.region)).config;
  const signer = new SignatureV4({ service: 'lambda', region: target.region, credentials, sha256 });
  const body = JSON.stringify(event);
  const { headers } = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    headers: { host: url.host, 'content-type': 'application/json' },
    body,
  });
  return post(url, headers, body);
}

/** Posts an event as nobody. It has no prompt: were it let in, no model would be asked. */
export const postUnsigned = (url: URL): Promise<Response> => post(url, { 'content-type': 'application/json' }, '{}');

async function post(url: URL, headers: Record<string, string>, body: string): Promise<Response> {
  const { host: _, ...others } = headers;
  const response = await fetch(url, { method: 'POST', headers: others, body, signal: AbortSignal.timeout(60_000) });
  const pieces: string[] = [];
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) pieces.push(decoder.decode(piece, { stream: true }));
  return { statusCode: response.status, contentType: response.headers.get('content-type') ?? '', pieces };
}
