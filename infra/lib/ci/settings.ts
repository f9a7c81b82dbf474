import { z } from 'zod';
import { UserError } from '../user-error.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Letters, digits and hyphens, as GitHub takes for accounts; `_` is in the names of managed users. */
const OWNER = '[A-Za-z0-9][A-Za-z0-9_-]{0,38}';
const NAME = '(?!\\.{1,2}(?:@|$))(?!.*\\.git(?:@|$))[A-Za-z0-9._-]{1,100}';
const ID = '[1-9][0-9]*';

/**
 * A repository as its tokens name it: `owner/name`, or `owner@ID/name@ID` where its subject claims are immutable
 * (those created or renamed since 15 July 2026, and those that opted in). No character of it means anything to IAM.
 */
const repository = z
  .string()
  .regex(new RegExp(`^(?:${OWNER}/${NAME}|${OWNER}@${ID}/${NAME}@${ID})$`))
  .brand<'Repository'>();

/** An environment. GitHub takes more characters than these; a colon would read as a part of the subject. */
const environmentName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$/)
  .brand<'Environment'>();

/** Who may deploy. */
export interface CiSettings {
  readonly repository: z.infer<typeof repository>;
  readonly environment: z.infer<typeof environmentName>;
  /** Whether pull requests get a role that can read what is deployed. */
  readonly pullRequests: boolean;
}

/** The environment of deploy.yml, where the repository has no variable that names another. */
export const DEFAULT_ENVIRONMENT = 'production';

const PULL_REQUESTS: Readonly<Record<string, boolean>> = { '': false, '0': false, false: false, '1': true, true: true };

/**
 * Reads REPO, ENVIRONMENT and PULL_REQUESTS.
 *
 * @throws UserError naming the first of them that is missing or wrong.
 */
export function readCiSettings(environment: Environment): CiSettings {
  const repo = environment.REPO?.trim() ?? '';
  if (repo === '')
    throw new UserError(
      'REPO is missing: name the GitHub repository that may deploy, as in make ci-role REPO=owner/name.',
    );
  const pullRequests = PULL_REQUESTS[environment.PULL_REQUESTS?.trim() ?? ''];
  if (pullRequests === undefined)
    throw new UserError(`PULL_REQUESTS takes 1 or 0; "${environment.PULL_REQUESTS}" was given.`);
  return {
    repository: taken(
      repository,
      repo,
      'REPO takes owner/name as GitHub writes it, or owner@ID/name@ID with its numbers',
    ),
    environment: taken(
      environmentName,
      environment.ENVIRONMENT?.trim() || DEFAULT_ENVIRONMENT,
      'ENVIRONMENT takes up to 255 letters, digits and . _ / -, beginning with a letter or digit',
    ),
    pullRequests,
  };
}

function taken<Schema extends z.ZodType>(schema: Schema, given: string, sentence: string): z.infer<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new UserError(`${sentence}; "${given}" was given.`);
}

/** The subject of a token of a job that runs in the environment. */
export const environmentSubject = ({ repository: repo, environment }: CiSettings): string =>
  `repo:${repo}:environment:${environment}`;

/** The subject of a token of a job of a pull request that names no environment. */
export const pullRequestSubject = ({ repository: repo }: CiSettings): string => `repo:${repo}:pull_request`;

/** Whether the repository is named with its numbers. */
export const isImmutable = ({ repository: repo }: CiSettings): boolean => repo.includes('@');
