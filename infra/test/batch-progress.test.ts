import { describe, expect, it } from 'vitest';
import { Progress } from '../commands/batch/progress.ts';

/** What is written of these counts, each ten seconds and one more after the one before. */
function written(isTTY: boolean, dones: readonly (number | undefined)[], seconds = 11): string {
  let [text, now] = ['', 0];
  const screen = { isTTY, write: (piece: string) => (text += piece) };
  const progress = new Progress(screen, () => now);
  for (const done of dones) {
    now += seconds * 1000;
    progress.show(done === undefined ? undefined : { total: 20_000, running: 50, done });
  }
  progress.end();
  return text;
}

describe('how far a batch is', () => {
  it('is a line every ten seconds where there is no terminal', () => {
    expect(written(false, [undefined, 0, 1100, 2200])).toBe(
      [
        'waiting for Step Functions to begin',
        '0 of 20,000 done, 50 running, 0.0 a second',
        '1,100 of 20,000 done, 50 running, 100.0 a second, 3 minutes left',
        '2,200 of 20,000 done, 50 running, 100.0 a second, 3 minutes left',
        '',
      ].join('\n'),
    );
    expect(written(false, [100, 200, 300, 400, 500, 600], 2).match(/done/g)).toHaveLength(1);
  });

  it('is one line that changes on a terminal, and is gone at the end', () => {
    const lines = written(true, [undefined, 0, 10_000], 2).split('\r\x1b[2K');
    expect(lines).toEqual([
      '',
      'waiting for Step Functions to begin',
      '░░░░░░░░░░░░░░░░░░░░ 0 of 20,000 done, 50 running, 0.0 a second',
      '██████████░░░░░░░░░░ 10,000 of 20,000 done, 50 running, 5000.0 a second, 2 seconds left',
      '',
    ]);
  });
});
