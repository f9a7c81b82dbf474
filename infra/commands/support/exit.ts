import { UserError } from '../../lib/user-error.ts';

/** Something a person can put right: a setting, a credential, a missing tool. */
const EXIT_USER = 2;

/**
 * Runs `main` and turns what it throws into an exit code: 2 and one sentence for what a
 * person can put right, `otherwise` and the error's own words for anything else.
 */
export async function exitOnError(main: () => void | Promise<void>, otherwise = 1): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = error instanceof UserError ? EXIT_USER : otherwise;
    console.error(error instanceof Error ? error.message : String(error));
  }
}
