import { languageOf, message, localized } from '../../lib/text.ts';
import { number } from '../shared/terminal.ts';
import type { Counts } from './execution.ts';

/** A line every so often, where there is no terminal, as crates/batch writes it. */
const LINE_EVERY_MS = 10_000;

const BAR_WIDTH = 20;

/** Where progress is written, and whether that is a terminal. */
export interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** How far a batch is: one line that changes on a terminal, and a line now and then elsewhere. */
export class Progress {
  readonly #screen: Screen;
  readonly #now: () => number;
  #first: { at: number; done: number } | undefined;
  #lastLine: number;

  constructor(screen: Screen = process.stderr, now: () => number = Date.now) {
    this.#screen = screen;
    this.#now = now;
    this.#lastLine = now();
  }

  /** Shows the counts; without them, Step Functions has not begun. */
  show(counts: Counts | undefined): void {
    if (this.#screen.isTTY) {
      this.#screen.write(`\r\x1b[2K${counts ? `${bar(counts)} ${this.#line(counts)}` : localized(texts.waiting())}`);
      return;
    }
    if (this.#now() - this.#lastLine < LINE_EVERY_MS) return;
    this.#lastLine = this.#now();
    this.#screen.write(`${counts ? this.#line(counts) : localized(texts.waiting())}\n`);
  }

  /** Takes the line off the screen. */
  end(): void {
    if (this.#screen.isTTY) this.#screen.write('\r\x1b[2K');
  }

  #line({ total, running, done }: Counts): string {
    this.#first ??= { at: this.#now(), done };
    const seconds = (this.#now() - this.#first.at) / 1000;
    const rate = seconds > 0 ? (done - this.#first.done) / seconds : 0;
    const left = rate > 0 ? duration((total - done) / rate) : '';
    return localized(texts.line(number(done), number(total), number(running), rate.toFixed(1), left));
  }
}

const texts = {
  waiting: message(
    () => 'waiting for Step Functions to begin',
    () => 'Step Functions の開始を待っています',
  ),
  line: message(
    (done: string, total: string, running: string, rate: string, left: string) =>
      `${done} of ${total} done, ${running} running, ${rate} a second${left && `, ${left} left`}`,
    (done, total, running, rate, left) =>
      `${total} 件中 ${done} 件完了、実行中 ${running} 件、毎秒 ${rate} 件${left && `、残り ${left}`}`,
  ),
} as const;

function bar({ total, done }: Counts): string {
  const full = total === 0 ? 0 : Math.floor((done / total) * BAR_WIDTH);
  return '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
}

const UNITS: readonly (readonly [size: number, en: string, ja: string])[] = [
  [86_400, 'day', '日'],
  [3_600, 'hour', '時間'],
  [60, 'minute', '分'],
];

/** A time in its largest unit. */
export function duration(seconds: number): string {
  const [size, en, ja] = UNITS.find(([least]) => seconds >= least * 1.5) ?? [1, 'second', '秒'];
  const count = Math.round(seconds / size);
  return languageOf(process.env) === 'ja' ? `${count} ${ja}` : `${count} ${en}${count === 1 ? '' : 's'}`;
}
