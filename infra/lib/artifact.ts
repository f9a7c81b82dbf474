import { Code } from 'aws-cdk-lib/aws-lambda';
import { artifactDir, isBuilt, placeholderDir } from './paths.ts';
import { UserError } from './user-error.ts';

/**
 * The function's code as an asset. Its hash is that of the content alone, so that the
 * same build is the same asset wherever and whenever it was made.
 *
 * @throws UserError when it is not built and nothing may stand in for it.
 */
export function artifactCode(placeholderAllowed: boolean): Code {
  if (isBuilt()) return codeIn(artifactDir);
  if (placeholderAllowed) return codeIn(placeholderDir);
  throw new UserError('The function is not built: run `make build` first, or `make deploy`, which builds it.');
}

/** The one file `bootstrap` of `directory`, whatever else a build leaves beside it. */
export function codeIn(directory: string): Code {
  return Code.fromAsset(directory, { exclude: ['*', '!bootstrap'] });
}
