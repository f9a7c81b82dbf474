/**
 * What a command needs the settings for: a template to deploy, with its code; a template to read (synth, diff); or the name of
 * an existing stack, which can be read, stopped and removed also when its models have ended.
 */
export type Purpose = 'deploy' | 'read' | 'existing';

/** The variable by which a command passes its purpose to the app, which the CDK's CLI runs as another process. */
export const PURPOSE_VARIABLE = 'BEDROCK_INFRA_PURPOSE';

/** `deploy`, the strictest, unless a command says otherwise. */
export function purposeOf(environment: Readonly<Record<string, string | undefined>>): Purpose {
  const given = environment[PURPOSE_VARIABLE];
  return given === 'read' || given === 'existing' ? given : 'deploy';
}

/** The variable by which a command tells the app to use the caller's credentials, and to assume no role of the CDK's. */
export const AS_CALLER_VARIABLE = 'BEDROCK_INFRA_AS_CALLER';

/** Whether the app uses the caller's credentials. */
export const asCaller = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment[AS_CALLER_VARIABLE] === '1';

/** The variable by which a command tells the app that the stack's roles need the permissions boundary of `make bootstrap`. */
export const BOUNDARY_VARIABLE = 'BEDROCK_INFRA_BOUNDARY';

/** Whether the roles need the boundary. */
export const isBounded = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment[BOUNDARY_VARIABLE] === '1';

/** The tag of a stack that `make verify` made; its value is the stack's name. */
export const STACK_TAG = 'BedrockOnLambdaVerify';

/** The variable by which `make verify` has the targets that it runs tag their stack. */
export const STACK_TAG_VARIABLE = 'BEDROCK_INFRA_STACK_TAG';
