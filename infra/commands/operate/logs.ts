import { setTimeout as after } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  type FilterLogEventsCommandOutput,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { exitOnError, UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions, isMissing } from '../shared/aws.ts';
import { announceTarget, type Target } from '../shared/target.ts';
import { isOn, wantsJson } from '../shared/terminal.ts';
import { message, localized } from '../../lib/text.ts';
import { HEADING, readable } from './log-columns.ts';

/** Seconds between two queries. */
const PAUSE = 2;

/** Seconds of each unit that SINCE takes. */
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

const texts = {
  following: message(
    () => 'Following it until Ctrl-C; FOLLOW=0 ends with what is there.',
    () => 'Ctrl-C を押すまで追いかけます。FOLLOW=0 では、いまある分だけを表示して終わります。',
  ),
  absent: message(
    (name: string, region: string) =>
      `There is no log group /aws/lambda/${name} in ${region}. Run \`make deploy\` first, or check REGION, FUNCTION_NAME and AWS_PROFILE.`,
    (name, region) =>
      `${region} にロググループ /aws/lambda/${name} がありません。先に \`make deploy\` を実行するか、REGION、FUNCTION_NAME、AWS_PROFILE を確認してください。`,
  ),
  since: message(
    (given: string) => `SINCE takes a number and s, m, h or d, such as 30m or 1h; "${given}" was given.`,
    (given) =>
      `SINCE には 30m や 1h のように、数と s、m、h、d のどれかを指定してください ("${given}" が指定されました)。`,
  ),
} as const;

await exitOnError(async () => {
  const since = sinceOf(process.env.SINCE?.trim() || '10m');
  const follows = isOn('FOLLOW', true);
  const target = await announceTarget('reading the log of', 'existing');
  if (follows) console.error(localized(texts.following()));
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
      // Lines arrive late, so the last minute is queried again.
      start = Math.max(start, line.time - 60_000);
    }
    if (follows) await after(PAUSE * 1000);
  } while (follows);
}

function show({ message, time }: LogLine): void {
  const line = wantsJson() ? message.trimEnd() : readable(message, time);
  if (line !== undefined) console.log(line);
}

/** One event of the function's log. */
interface LogLine {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly message: string;
}

/** The lines of the function's log since `startTime`, oldest first. */
async function logLines({ region, stackName }: Target, startTime: number): Promise<LogLine[]> {
  const client = new CloudWatchLogsClient(clientOptions(region));
  const lines: LogLine[] = [];
  try {
    for await (const page of paginateFilterLogEvents(
      { client },
      { logGroupName: `/aws/lambda/${stackName}`, startTime },
    ))
      lines.push(...linesOf(page));
  } catch (error) {
    if (isMissing(error)) throw new UserError(texts.absent(stackName, region));
    throw asUserError(error, region, ['logs:FilterLogEvents']);
  }
  return lines.toSorted((one, other) => one.time - other.time);
}

function linesOf({ events }: FilterLogEventsCommandOutput): LogLine[] {
  return (events ?? []).map(({ eventId, timestamp, message }) => ({
    id: eventId ?? '',
    time: timestamp ?? 0,
    message: message ?? '',
  }));
}

/**
 * `1h` → milliseconds.
 *
 * @throws UserError when the text is not a number and a unit.
 */
function sinceOf(text: string): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (SECONDS[unit ?? ''] ?? Number.NaN);
  if (!(seconds > 0)) throw new UserError(texts.since(text));
  return seconds * 1000;
}
