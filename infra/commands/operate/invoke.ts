import { buffer } from 'node:stream/consumers';
import { exitOnError } from '../../lib/errors.ts';
import { requireDeployment } from '../shared/deployment-record.ts';
import { invoke, isSuccess, NO_REPLY, NOT_A_REPLY, replyOf } from '../shared/invocation.ts';

/** The exit code of crates/xtask where the function answered with another status code than 2xx. */
const ANOTHER_STATUS = 1;

// The event comes on standard input; the payload goes to standard output as it came, and nothing else does.
await exitOnError(async () => {
  const invocation = await invoke(requireDeployment(), await buffer(process.stdin));
  if (invocation.kind !== 'reply') {
    console.error(invocation.sentence);
    process.exitCode = NO_REPLY;
    return;
  }
  process.stdout.write(invocation.payload);
  const reply = replyOf(invocation.payload);
  if (!reply) console.error(NOT_A_REPLY);
  if (!reply || !isSuccess(reply)) process.exitCode = ANOTHER_STATUS;
}, NO_REPLY);
