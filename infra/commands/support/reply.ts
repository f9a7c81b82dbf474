import { z } from 'zod';
import { parseJson } from './json.ts';

const reply = z.object({ statusCode: z.number(), body: z.string() });

/** The function's reply. */
export type Reply = z.infer<typeof reply>;

/** What is said of a payload that is not a reply. */
export const NOT_A_REPLY = "The reply is none of this function's: it has no statusCode. Check what is deployed.";

/** Reads a payload as the function's reply; undefined where it is another program's. */
export const replyOf = (payload: Uint8Array): Reply | undefined =>
  reply.safeParse(parseJson(Buffer.from(payload).toString())).data;

/** Whether the function answered. */
export const isSuccess = ({ statusCode }: Reply): boolean => statusCode >= 200 && statusCode < 300;
