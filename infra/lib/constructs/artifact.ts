import { App, AssetStaging, Stack } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import * as cxapi from 'aws-cdk-lib/cx-api';
import { artifactDir, isBuilt, placeholderDir } from '../paths.ts';
import { UserError } from '../errors.ts';

/**
 * The function's code as an asset. Its hash is that of the content alone, so that the
 * same build is the same asset wherever and whenever it was made.
 *
 * @throws UserError when it is not built and no placeholder is allowed.
 */
export function artifactCode(placeholderAllowed: boolean): Code {
  if (isBuilt()) return codeIn(artifactDir);
  if (placeholderAllowed) return codeIn(placeholderDir);
  throw new UserError({
    en: 'The function is not built. Run `make build` first, or `make deploy`, which builds it.',
    ja: '関数がビルドされていません。先に `make build` を実行するか、ビルドも行う `make deploy` を実行してください。',
  });
}

/** The one file `bootstrap` of `directory`, whatever else a build leaves beside it. */
export function codeIn(directory: string): Code {
  return Code.fromAsset(directory, { exclude: ALL_BUT_BOOTSTRAP });
}

const ALL_BUT_BOOTSTRAP = ['*', '!bootstrap'];

/** The name under which the CDK uploads this build: a hash of its content. */
export function artifactHash(): string {
  const stack = new Stack(new App({ context: { [cxapi.DISABLE_ASSET_STAGING_CONTEXT]: true } }), 'Hash');
  return new AssetStaging(stack, 'Code', { sourcePath: artifactDir, exclude: ALL_BUT_BOOTSTRAP }).assetHash;
}
