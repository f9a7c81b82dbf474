import { readChoice } from '../../lib/settings/choice.ts';
import { exitOnError } from '../../lib/errors.ts';
import { type BrakeState, brakeState, overLimitSentences, overrunSentences } from '../shared/brake.ts';
import { reservedConcurrency } from '../shared/function-state.ts';
import { wantsJson } from '../shared/terminal.ts';
import { announceTarget } from '../shared/target.ts';

await exitOnError(async () => {
  const target = await announceTarget('reading the state of', 'existing');
  const [reserved, brake] = [await reservedConcurrency(target), await brakeState(target)];
  if (wantsJson()) console.log(JSON.stringify(forPrograms(reserved, brake), null, 2));
  else for (const sentence of await sentences(reserved, brake)) console.log(sentence);
});

function forPrograms(reserved: number | undefined, { alarm, pulled, failed = false }: BrakeState) {
  const maxConcurrency = reserved || undefined;
  return {
    stopped: reserved === 0,
    maxConcurrency,
    brake: alarm ? { ...alarm, pulled: pulled ?? null, failed } : null,
  };
}

async function sentences(reserved: number | undefined, brake: BrakeState): Promise<string[]> {
  const state =
    reserved === 0
      ? `Stopped: every call is refused (reserved concurrency 0). ${why(brake)} make resume lets calls in again.`
      : `Running: calls are taken${reserved === undefined ? '' : `, ${reserved} at once at most (reserved concurrency)`}.`;
  if (!brake.alarm) return [state, 'No brake: DAILY_LIMIT_USD was not set at the last deploy.'];
  const failure = brake.failed
    ? [
        reserved === 0
          ? 'A batch may run on: see Step Functions in the console.'
          : `The brake could not stop the function at ${brake.pulled?.toISOString()}: see Step Functions in the console, and make stop.`,
      ]
    : [];
  return [
    state,
    ...overLimitSentences(brake, reserved),
    alarmSentence(brake.alarm),
    ...failure,
    ...(await overrunSentences(readChoice('existing'), brake.alarm.limitUsd, reserved || undefined)),
  ];
}

function why({ alarm, pulled, failed }: BrakeState): string {
  if (pulled && failed)
    return `The brake pulled at ${pulled.toISOString()} and failed: it stopped the function before that, or somebody did (make stop, or the console).`;
  if (pulled)
    return `The brake pulled at ${pulled.toISOString()}${alarm?.state === 'ALARM' ? ', and the last 24 hours still cost more than the limit' : ''}.`;
  return 'The brake did not do it: it was done by hand (make stop, or the console).';
}

function alarmSentence({ state, limitUsd, since }: NonNullable<BrakeState['alarm']>): string {
  const words: Readonly<Record<string, string>> = {
    ALARM: 'crossed',
    OK: 'not reached',
    INSUFFICIENT_DATA: 'not measured yet',
  };
  return `Limit: $${limitUsd} of estimated cost in 24 hours, ${words[state] ?? state}${since ? ` since ${since.toISOString()}` : ''}.`;
}
