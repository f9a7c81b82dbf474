import { GetFunctionUrlConfigCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { clientOptions } from '../../shared/aws.ts';
import { replyOf, responseStreams } from '../../shared/invocation.ts';
import { parseJson } from '../../shared/json.ts';
import { type Context, type Event, readAnswer, succeeded } from '../context.ts';
import { NotShown, type Step } from '../run.ts';
import { LIMITS } from '../throwaway.ts';
import { afterIam, expectReply, longEvent } from './contract.ts';
import { DEPLOY } from './operate.ts';
import { refuseTimedOut, SECONDS } from './time-outs.ts';
import { functionUrl, postSigned, type Response } from './url.ts';

const STREAM = 'a deploy with STREAM=1';

/** One deploy serves the short answers and the long one. */
const deploy: Step = {
  name: STREAM,
  proves: 'the Function URL that is deployed with STREAM=1 streams',
  needs: DEPLOY,
  run: async (context) => {
    succeeded(await context.make('deploy', 'STREAM=1', `TIMEOUT_SECONDS=${SECONDS}`), 'deploy');
    const { region, stackName: FunctionName } = context.target;
    const lambda = new LambdaClient(clientOptions(region));
    const { InvokeMode = 'none' } = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName }));
    if (InvokeMode !== 'RESPONSE_STREAM') throw new Error(`the URL's mode is ${InvokeMode}`);
    return `the URL's mode is ${InvokeMode}`;
  },
};

/** Calls the function, and takes what it streams as it comes. */
type Way = (context: Context, event: Event) => Promise<Response>;

const throughUrl: Way = async (context, event) => postSigned(context, await functionUrl(context), event);

const prelude = z.object({ statusCode: z.number(), headers: z.record(z.string(), z.string()) });

/** As make ask and make chat call the function. */
const invoked: Way = async ({ target, take, isEmulated }, event) => {
  take(event);
  const pieces: string[] = [];
  const decoder = new TextDecoder();
  const stream = responseStreams({ ...target, functionName: target.stackName });
  const failed = await stream(Buffer.from(JSON.stringify(event)), (piece) =>
    pieces.push(decoder.decode(piece, { stream: true })),
  );
  if (failed) throw new Error(failed.sentence);
  const whole = pieces.join('');
  const reply = replyOf(Buffer.from(whole));
  if (reply) return { statusCode: reply.statusCode, contentType: 'application/json', pieces: [reply.body] };
  const { data: head } = prelude.safeParse(parseJson(whole.slice(0, whole.indexOf('\0'))));
  if (head) return { statusCode: head.statusCode, contentType: head.headers['content-type'] ?? '', pieces };
  if (isEmulated) throw new NotShown('an emulator cannot show it: it gives the stream as a string of JSON');
  throw new Error('what it streams begins with no prelude');
};

const data = z.looseObject({
  text: z.string().optional(),
  stopReason: z.string().nullish(),
  code: z.string().optional(),
});

/** The Server-Sent Events of an answer: texts, and the one that ends it. @throws Error where it is another thing. */
function eventsOf({ statusCode, contentType, pieces }: Response): { texts: number; end: string; reason: string } {
  const whole = pieces.join('');
  // After a prelude, whose end is NUL.
  const body = whole.slice(whole.lastIndexOf('\0') + 1);
  if (statusCode !== 200) throw new Error(`${statusCode} instead of a stream`);
  if (!contentType.startsWith('text/event-stream')) throw new Error(`200 as ${contentType}`);
  const events = [...body.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name = '', json = '']) => ({
    name,
    data: data.parse(parseJson(json)),
  }));
  const names = events.map(({ name }) => name).join(' ');
  const last = events.at(-1);
  if (!last || !/^(text )+(done|error)$/.test(names)) throw new Error(`its events are: ${names || 'none'}`);
  return { texts: events.length - 1, end: last.name, reason: last.data.stopReason ?? last.data.code ?? '' };
}

/** Whether an event came after the piece that has the first text. */
const cameInPieces = ({ pieces }: Response): boolean =>
  pieces
    .slice(pieces.findIndex((piece) => piece.includes('event: text')) + 1)
    .some((piece) => piece.includes('event: '));

const streamed = (how: string, way: Way): Step => ({
  name: `a stream ${how}`,
  proves:
    'an answer arrives piece by piece, and ends with its event `done`; a failure before the first text has its status and JSON',
  needs: STREAM,
  applies: ({ choice }) => (choice.models[0]?.responseStreaming ? undefined : 'the model does not stream'),
  calls: [{ count: 4, chars: 200, maxTokens: LIMITS.MAX_TOKENS }],
  run: async (context) => {
    const event = { prompt: `Count from one to thirty in words. ${context.marker}`, stream: true };
    const answer = await afterIam(context, () => way(context, event));
    const { texts, end, reason } = eventsOf(answer);
    if (end !== 'done') throw new Error(`it ended with ${end} ${reason}`);
    if (!cameInPieces(answer) && !context.isEmulated) throw new Error('it came as a whole');
    const refused = await way(context, { ...event, temperature: 2 });
    const seen = expectReply(
      readAnswer(refused.statusCode, refused.pieces.join('')),
      400,
      'InvalidRequest',
      /temperature/,
    );
    return `${texts} texts and ${end}, ${seen}${context.isEmulated ? '; an emulator hands a stream on as a whole' : ''}`;
  },
});

const tooLong: Step = {
  name: 'a stream that takes too long',
  proves: `of a streamed answer that takes more than ${SECONDS} s the text so far arrives, and an event that ends it; Lambda does not end the function`,
  needs: STREAM,
  calls: [{ count: 1, chars: 500, maxTokens: LIMITS.MAX_TOKENS_LIMIT }],
  run: async (context) => {
    const { texts, end, reason } = eventsOf(await throughUrl(context, { ...longEvent(context), stream: true }));
    await refuseTimedOut(context);
    if (end === 'done' && reason !== 'deadline_exceeded')
      throw new NotShown(`the model had answered within ${SECONDS} s`);
    return `${texts} texts, then ${end} ${reason}, and no "Task timed out"`;
  },
};

/** Answers that arrive as the model writes them. */
export const streamSteps: readonly Step[] = [
  deploy,
  streamed('through the Function URL', throughUrl),
  streamed('by InvokeWithResponseStream', invoked),
  tooLong,
];
