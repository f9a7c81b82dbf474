import type { Readable } from 'node:stream';
import { exitOnError } from '../../lib/errors.ts';
import { requireDeployment } from '../shared/deployment-record.ts';
import { NO_REPLY, responseStreams } from '../shared/invocation.ts';

/** The lines of a stream. `node:readline` would break them at U+2028 too, which JSON does not escape. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of input.setEncoding('utf8')) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

// Events come on standard input, one a line. For each, what the function streams goes to standard output, a string of JSON a line, and
// then null. A call that fails ends the program with one sentence.
await exitOnError(async () => {
  const stream = responseStreams(requireDeployment());
  const say = (value: string | null) => process.stdout.write(`${JSON.stringify(value)}\n`);
  for await (const event of linesOf(process.stdin)) {
    const decoder = new TextDecoder();
    const failed = await stream(Buffer.from(event), (chunk) => say(decoder.decode(chunk, { stream: true })));
    if (failed) {
      console.error(failed.sentence);
      process.exitCode = NO_REPLY;
      return;
    }
    say(null);
  }
}, NO_REPLY);
