/**
 * What a command needs the settings for: a template to deploy (code and all), one to read (synth, diff), or no more than
 * which stack is meant, of those that exist. That one may be stopped, looked at and removed whatever has become of its models.
 */
export type Purpose = 'deploy' | 'read' | 'existing';

/** How a command tells the app, which the CDK's CLI runs as a process of its own. */
export const PURPOSE_VARIABLE = 'BEDROCK_INFRA_PURPOSE';

/** `deploy`, the strictest, unless a command says otherwise. */
export function purposeOf(environment: Readonly<Record<string, string | undefined>>): Purpose {
  const given = environment[PURPOSE_VARIABLE];
  return given === 'read' || given === 'existing' ? given : 'deploy';
}

/** How a command tells the app that the caller's own credentials suffice, and no role of the CDK's has to be assumed. */
export const AS_CALLER_VARIABLE = 'BEDROCK_INFRA_AS_CALLER';

/** Whether they suffice. */
export const asCaller = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment[AS_CALLER_VARIABLE] === '1';

/** How a command tells the app that the stack's roles have to have the boundary of `make bootstrap`. */
export const BOUNDARY_VARIABLE = 'BEDROCK_INFRA_BOUNDARY';

/** Whether they have to have it. */
export const isBounded = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment[BOUNDARY_VARIABLE] === '1';

/** The tag of a stack that `make verify` made; its value is the stack's name. */
export const STACK_TAG = 'BedrockOnLambdaVerify';

/** How `make verify` tells the targets that it runs to tag what they deploy. */
export const STACK_TAG_VARIABLE = 'BEDROCK_INFRA_STACK_TAG';
