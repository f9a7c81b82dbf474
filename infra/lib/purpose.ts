/**
 * What a template is made for: to be deployed (code and all), to be read (synth, diff),
 * or to remove the stack that it names.
 */
export type Purpose = 'deploy' | 'read' | 'remove';

/** How a command tells the app, which the CDK's CLI runs as a process of its own. */
export const PURPOSE_VARIABLE = 'BEDROCK_INFRA_PURPOSE';

/** To deploy, unless a command said otherwise: the strictest is the one that needs no word. */
export function purposeOf(environment: Readonly<Record<string, string | undefined>>): Purpose {
  const given = environment[PURPOSE_VARIABLE];
  return given === 'read' || given === 'remove' ? given : 'deploy';
}

/** How a command tells the app that the caller's own credentials do, and no role of the CDK's has to be assumed. */
export const AS_CALLER_VARIABLE = 'BEDROCK_INFRA_AS_CALLER';

/** Whether they do. */
export const asCaller = (environment: Readonly<Record<string, string | undefined>>): boolean =>
  environment[AS_CALLER_VARIABLE] === '1';
