import { z } from 'zod';
import { UserError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Letters, digits and hyphens, as GitHub takes for accounts; `_` is in the names of managed users. */
const OWNER = '[A-Za-z0-9][A-Za-z0-9_-]{0,38}';
const NAME = '(?!\\.{1,2}(?:@|$))(?!.*\\.git(?:@|$))[A-Za-z0-9._-]{1,100}';
const ID = '[1-9][0-9]*';

/**
 * A repository as its tokens name it: `owner/name`, or `owner@ID/name@ID` where its subject claims are immutable
 * (those created or renamed since 15 July 2026, and those that opted in). None of its characters is a wildcard or a variable in IAM.
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

/** A branch, of the names that git takes: none is a path of refs, and none has a `..` or an empty part. */
const branchName = z
  .string()
  .regex(/^(?!refs\/)(?!.*(?:\.\.|\/\/|\.lock(?:\/|$)|\/\.|[./]$))[A-Za-z0-9_][A-Za-z0-9._/-]{0,254}$/)
  .brand<'Branch'>();

/** Who may deploy. */
export interface CiSettings {
  readonly repository: z.infer<typeof repository>;
  readonly environment: z.infer<typeof environmentName>;
  /** The one branch that may deploy. */
  readonly branch: z.infer<typeof branchName>;
  /** Whether pull requests get a role that can read what is deployed. */
  readonly pullRequests: boolean;
  /** Whether the weekly look at the models gets a role that can ask Bedrock about them. */
  readonly models: boolean;
  /** Whether the nightly `make verify` gets a role that can make, try and remove its own stack. */
  readonly verify: boolean;
}

/** The environment of deploy.yml, where the repository has no variable that names another. */
export const DEFAULT_ENVIRONMENT = 'production';

/** The branch that ci.yml deploys. */
const DEFAULT_BRANCH = 'main';

const SWITCH: Readonly<Record<string, boolean>> = { '': false, '0': false, false: false, '1': true, true: true };

/**
 * Reads REPO, ENVIRONMENT, BRANCH, PULL_REQUESTS, MODELS and VERIFY.
 *
 * @throws UserError naming the first of them that is missing or wrong.
 */
export function readCiSettings(environment: Environment): CiSettings {
  const repo = environment.REPO?.trim() ?? '';
  if (repo === '')
    throw new UserError(
      'REPO is missing: name the GitHub repository that may deploy, as in make ci-role REPO=owner/name.',
    );
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
    branch: taken(
      branchName,
      environment.BRANCH?.trim() || DEFAULT_BRANCH,
      'BRANCH takes the name of a branch, such as main, of up to 255 letters, digits and . _ / -',
    ),
    pullRequests: isOn('PULL_REQUESTS', environment),
    models: isOn('MODELS', environment),
    verify: isOn('VERIFY', environment),
  };
}

function isOn(name: string, environment: Environment): boolean {
  const on = SWITCH[environment[name]?.trim() ?? ''];
  if (on === undefined) throw new UserError(`${name} takes 1 or 0; "${environment[name]}" was given.`);
  return on;
}

function taken<Schema extends z.ZodType>(schema: Schema, given: string, sentence: string): z.infer<Schema> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new UserError(`${sentence}; "${given}" was given.`);
}

/** Claims of a token: what each has to be, and what each has to look like. */
export interface Claims {
  readonly equal: Readonly<Record<string, string>>;
  readonly like: Readonly<Record<string, string>>;
}

/**
 * What a token has to say to deploy: one of deploy.yml, called by a workflow of the one branch. The environment alone is
 * not enough: GitHub makes one that is not there, with no rules, and so every branch could name it. The names of the
 * claims are those that STS has condition keys for (IAM User Guide, "Available keys for AWS OIDC federation").
 */
export function deployClaims(ci: CiSettings): Claims {
  const sub = `repo:${ci.repository}:environment:${ci.environment}`;
  return {
    equal: { sub, ref: `refs/heads/${ci.branch}`, ...repositoryId(ci) },
    // GitHub does not document which reference it writes after a file that is called as `$/…`, the branch or the commit.
    like: { job_workflow_ref: workflow(ci, 'deploy.yml', '*') },
  };
}

/**
 * What a token has to say to compare: one of ci.yml, as the pull request has it. A run of `pull_request_target` has the
 * same subject, but another reference.
 */
export function pullRequestClaims(ci: CiSettings): Claims {
  return {
    equal: { sub: `repo:${ci.repository}:pull_request`, ...repositoryId(ci) },
    like: { job_workflow_ref: workflow(ci, 'ci.yml', 'refs/pull/*/merge') },
  };
}

/** What a token has to say that is of a workflow run by the clock or by hand: one of this file, on the branch that deploys. */
export function branchClaims(ci: CiSettings, file: 'models.yml' | 'verify.yml'): Claims {
  const ref = `refs/heads/${ci.branch}`;
  return {
    equal: { sub: `repo:${ci.repository}:ref:${ref}`, ref, ...repositoryId(ci) },
    like: { job_workflow_ref: workflow(ci, file, ref) },
  };
}

/** A workflow as the claim names it: without numbers, which GitHub writes into the subject alone. */
const workflow = ({ repository: repo }: CiSettings, file: string, ref: string): string =>
  `${repo.replaceAll(/@[0-9]+/g, '')}/.github/workflows/${file}@${ref}`;

/** Where the repository's number is known, no other that takes over the name gets in. */
function repositoryId(ci: CiSettings): { repository_id?: string } {
  return isImmutable(ci) ? { repository_id: ci.repository.split('@').at(-1) } : {};
}

/** Whether the repository is named with its numbers. */
export const isImmutable = ({ repository: repo }: CiSettings): boolean => repo.includes('@');
