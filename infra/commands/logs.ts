import { setTimeout as after } from 'node:timers/promises';
import { exitOnError } from './support/exit.ts';
import { type LogLine, logLines } from './support/log-lines.ts';
import { HEADING, readable } from './support/log-columns.ts';
import { isOn, wantsJson } from './support/options.ts';
import { sinceOf } from './support/since.ts';
import { announceTarget, type Target } from './support/target.ts';

/** Seconds between two looks. */
const PAUSE = 2;

await exitOnError(async () => {
  const since = sinceOf(process.env.SINCE?.trim() || '10m');
  const follows = isOn('FOLLOW', true);
  const target = await announceTarget('reading the log of', 'existing');
  if (follows) console.error('Following it until Ctrl-C; FOLLOW=0 ends with what is there.');
  if (!wantsJson()) console.log(HEADING);
  process.once('SIGINT', () => process.exit(0));
  await follow(target, Date.now() - since, follows);
});

async function follow(target: Target, from: number, follows: boolean): Promise<void> {
  const shown = new Set<string>();
  let start = from;
  do {
    for (const line of await logLines(target, start)) {
      if (!shown.has(line.id)) show(line);
      shown.add(line.id);
      // Lines come late: the last minute is looked at again.
      start = Math.max(start, line.time - 60_000);
    }
    if (follows) await after(PAUSE * 1000);
  } while (follows);
}

function show({ message, time }: LogLine): void {
  const line = wantsJson() ? message.trimEnd() : readable(message, time);
  if (line !== undefined) console.log(line);
}
