import { setTimeout as after } from 'node:timers/promises';

/** Calls `question` until it returns a value, or the time is over. */
export async function eventually<T>(seconds: number, question: () => Promise<T | undefined>): Promise<T | undefined> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await question();
    if (answer !== undefined || Date.now() >= end) return answer;
    await after(Math.min(2000, seconds * 1000));
  }
}
