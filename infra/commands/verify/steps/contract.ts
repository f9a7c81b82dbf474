import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime';
import { hasEnded } from '../../../lib/models/life.ts';
import { readModels } from '../../../lib/models/table.ts';
import { modelsFile, workspaceDir } from '../../../lib/paths.ts';
import { bedrockRuntime, isDenied } from '../../shared/aws.ts';
import { parseJson } from '../../shared/json.ts';
import { type Answer, type Context, type Event, readAnswer } from '../context.ts';
import { type Step, NotShown } from '../run.ts';
import { LIMITS } from '../throwaway.ts';
import { DEPLOY } from './operate.ts';
import { functionUrl, postSigned, postUnsigned } from './url.ts';

const short = { chars: 200, maxTokens: LIMITS.MAX_TOKENS };

/** @throws Error where the reply is another than the contract has. */
export function expectReply({ statusCode, body }: Answer, status: number, code?: string, message = /^/): string {
  const wanted = [status, code].filter(Boolean).join(' ');
  const seen = [statusCode, body.code].filter(Boolean).join(' ');
  const says = body.message ?? '';
  if (seen !== wanted) throw new Error(`${seen} instead of ${wanted}: ${says}`);
  if (!message.test(says)) throw new Error(`${seen} says: ${says}`);
  if (status === 200 && !body.text) throw new Error('200 without a text');
  return seen;
}

/** The function's reply to an event with a prompt that has the marker. */
const ask = (context: Context, keys: Event = {}): Promise<Answer> =>
  context.call({ prompt: `Say yes. ${context.marker}`, ...keys });

/** The first reply of a new role: IAM passes its policy on in seconds, and Bedrock refuses until then. */
export async function afterIam<T extends { readonly statusCode: number }>(
  { patience }: Pick<Context, 'patience'>,
  call: () => Promise<T>,
  more = 2,
): Promise<T> {
  const answer = await call();
  if (answer.statusCode !== 403 || more === 0) return answer;
  await after(10_000 * patience);
  return afterIam({ patience }, call, more - 1);
}

/** The walkthrough's event, as it is. */
export function walkthroughEvent(): Event {
  const file = parseJson(readFileSync(join(workspaceDir, 'events/bedrock-test-001.json'), 'utf8'));
  return { ...(typeof file === 'object' && file) };
}

/** One with a long answer. */
export const longEvent = ({ marker }: Context): Event => ({
  prompt: `Write a story as long as you can, of at least three thousand words. ${marker}`,
  maxTokens: LIMITS.MAX_TOKENS_LIMIT,
});

const walkthrough: Step = {
  name: "the walkthrough's event",
  proves: 'events/bedrock-test-001.json, as it is, is answered with 200 and a text',
  needs: DEPLOY,
  calls: [{ count: 3, chars: 500, maxTokens: LIMITS.MAX_TOKENS }],
  run: async (context) => {
    return expectReply(await afterIam(context, () => context.call(walkthroughEvent())), 200);
  },
};

const noPrompt: Step = {
  name: 'no prompt',
  proves: 'an event without a prompt gets 400 "No user prompt provided", and no model is asked',
  needs: DEPLOY,
  calls: [{ count: 3, ...short }],
  run: async (context) => {
    for (const event of [{}, { prompt: '' }])
      expectReply(await context.call(event), 400, undefined, /^No user prompt provided$/);
    return '400 No user prompt provided';
  },
};

const SCHEMA = { type: 'object', properties: { yes: { type: 'boolean' } }, required: ['yes'] };

/** Each optional key by itself, because some models take two of them only apart. */
function optionalKeys({ marker, choice }: Context): Record<string, Event> {
  const [model] = choice.models;
  const keys: Record<string, Event> = {
    modelId: { modelId: model?.id },
    system: { system: 'Answer with one word.' },
    messages: {
      messages: [
        { role: 'user', text: `Say no. ${marker}` },
        { role: 'assistant', text: 'no' },
      ],
    },
    maxTokens: { maxTokens: 16 },
    temperature: { temperature: 0.5 },
    topP: { topP: 0.5 },
    stopSequences: { stopSequences: ['zzz'] },
    usage: { usage: true },
    stream: { stream: false },
    ...(model?.flexPricePerMillionTokens && { serviceTier: { serviceTier: 'flex' } }),
    ...(model?.structuredOutput !== 'none' && { schema: { schema: SCHEMA } }),
  };
  const refused = new Set<string>(model?.refusedParameters);
  return Object.fromEntries(Object.entries(keys).filter(([key]) => !refused.has(key)));
}

/** Sends one optional key. @returns its name. */
async function answeredKey(context: Context, [key, event]: [string, Event]): Promise<string> {
  const answer = await ask(context, event);
  // In the flexible tier Bedrock may serve others first, which says nothing against the key.
  if (key === 'serviceTier' && [429, 503].includes(answer.statusCode))
    return `${key} (${answer.statusCode}: the flexible tier is busy)`;
  if (key === 'usage' && answer.body.costUsd === undefined) throw new Error('usage: the body has no costUsd');
  try {
    expectReply({ ...answer, body: { ...answer.body, text: answer.body.text ?? 'a value' } }, 200);
  } catch (error) {
    throw new Error(`${key}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return key;
}

const keys: Step = {
  name: 'optional keys',
  proves:
    'each optional key of the event that the model takes is answered with 200, and a stream without STREAM=1 refused',
  needs: DEPLOY,
  calls: [{ count: 12, chars: 400, maxTokens: LIMITS.MAX_TOKENS }],
  run: async (context) => {
    const answered: string[] = [];
    for (const one of Object.entries(optionalKeys(context))) answered.push(await answeredKey(context, one));
    if (!context.choice.settings.stream)
      expectReply(await ask(context, { stream: true }), 400, 'InvalidRequest', /STREAM=1/);
    return `200 with ${answered.join(', ')}`;
  },
};

const url: Step = {
  name: 'the signed Function URL',
  proves: 'an HTTP event through the Function URL is answered when it is signed, and refused when it is not',
  needs: DEPLOY,
  calls: [{ count: 1, ...short }],
  run: async (context) => {
    const address = await functionUrl(context);
    const event = { prompt: `Say yes. ${context.marker}` };
    const signed = await postSigned(context, address, event);
    expectReply(readAnswer(signed.statusCode, signed.pieces.join('')), 200);
    if (!signed.contentType.startsWith('application/json')) throw new Error(`200 as ${signed.contentType}`);
    if (context.isEmulated) return '200 signed; an emulator does not refuse what is not signed';
    const { statusCode } = await postUnsigned(address);
    if (statusCode !== 403) throw new Error(`${statusCode} instead of 403 for a request that is not signed`);
    return '200 signed, 403 unsigned';
  },
};

const notGranted: Step = {
  name: 'a model not granted',
  proves: 'a model that the deployment does not grant is refused with 400, and is not asked',
  needs: DEPLOY,
  calls: [{ count: 1, ...short }],
  run: async (context) => {
    const granted = context.choice.models.map(({ id }) => id);
    const other = readModels(modelsFile).models.find(({ id }) => !granted.includes(id));
    if (!other) throw new NotShown('the deployment grants every model of models.json');
    return expectReply(await ask(context, { modelId: other.id }), 400, 'InvalidRequest', /may not call/);
  },
};

const ended: Step = {
  name: 'the ended model',
  proves: "Bedrock answers 404 for the walkthrough's Titan model, with these credentials and not the function's",
  run: async ({ target, since }) => {
    const today = since.toISOString().slice(0, 10);
    const titan = readModels(modelsFile).models.find((row) => row.api === 'InvokeModel' && hasEnded(row, today));
    if (!titan) throw new NotShown('models.json has no model that has ended');
    const body = JSON.stringify({ inputText: 'yes', textGenerationConfig: { maxTokenCount: 1 } });
    try {
      await bedrockRuntime(target.region).send(new InvokeModelCommand({ modelId: titan.id, body }));
    } catch (error) {
      if (isDenied(error)) throw new NotShown('these credentials may not bedrock:InvokeModel on it');
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return `404 ${error.name}`;
      throw error;
    }
    throw new Error(`${titan.id} answered; models.json has it as ended`);
  },
};

const wrongParameter: Step = {
  name: 'a wrong parameter',
  proves: 'a parameter out of its range is refused with 400, and no model is asked',
  needs: DEPLOY,
  calls: [{ count: 1, ...short }],
  run: async (context) => expectReply(await ask(context, { temperature: 2 }), 400, 'InvalidRequest', /temperature/),
};

const longPrompt: Step = {
  name: 'a prompt of 1 MB',
  proves: 'a prompt beyond MAX_PROMPT_CHARS, one of 1 MB too, is refused with 400 before anything is sent',
  needs: DEPLOY,
  calls: [
    { count: 1, chars: LIMITS.MAX_PROMPT_CHARS + 1, maxTokens: LIMITS.MAX_TOKENS },
    // Sent only once the limit has refused the one above.
    { count: 1, chars: 1_000_000, maxTokens: LIMITS.MAX_TOKENS, isFree: true },
  ],
  run: async (context) => {
    for (const length of [LIMITS.MAX_PROMPT_CHARS + 1, 1_000_000])
      expectReply(
        await context.call({ prompt: context.marker.padEnd(length, 'a') }),
        400,
        'InvalidRequest',
        /characters/,
      );
    return `400 InvalidRequest, for ${LIMITS.MAX_PROMPT_CHARS + 1} characters too`;
  },
};

/** What the function promises its callers. */
export const contractSteps: readonly Step[] = [
  walkthrough,
  noPrompt,
  keys,
  url,
  notGranted,
  ended,
  wrongParameter,
  longPrompt,
];
