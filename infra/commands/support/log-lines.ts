import {
  CloudWatchLogsClient,
  type FilterLogEventsCommandOutput,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { UserError } from '../../lib/user-error.ts';
import { allowed, explained, isMissing } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import type { Target } from './target.ts';

/** One event of the function's log. */
export interface LogLine {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly message: string;
}

/** The lines of the function's log since `startTime`, oldest first. */
export async function logLines({ region, stackName }: Target, startTime: number): Promise<LogLine[]> {
  const client = new CloudWatchLogsClient(clientOptions(region));
  const lines: LogLine[] = [];
  try {
    for await (const page of paginateFilterLogEvents(
      { client },
      { logGroupName: `/aws/lambda/${stackName}`, startTime },
    ))
      lines.push(...linesOf(page));
  } catch (error) {
    if (isMissing(error))
      throw new UserError(
        `There is no log group /aws/lambda/${stackName} in ${region}: run \`make deploy\` first, or check REGION, FUNCTION_NAME and AWS_PROFILE.`,
      );
    throw allowed(explained(error, region), ['logs:FilterLogEvents']);
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
