import { localized, type Text } from './text.ts';

/** An error that the user can correct. Its message is the sentence that is printed, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';

  constructor(sentence: string | Text) {
    super(typeof sentence === 'string' ? sentence : localized(sentence));
  }
}

/** Writes what an error says to stderr, without a stack trace. */
export function printError(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
}

/** The exit code of an error that the user can correct: a setting, a credential, a missing tool. */
const EXIT_USER = 2;

/**
 * Runs `main` and sets the exit code for what it throws: 2 for a UserError, `otherwise` for any other error. The error's
 * message is printed without a stack trace.
 */
export async function exitOnError(main: () => void | Promise<void>, otherwise = 1): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = error instanceof UserError ? EXIT_USER : otherwise;
    printError(error);
  }
}
