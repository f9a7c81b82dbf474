/** The issuer of the tokens of GitHub Actions; an account has at most one provider for it. */
export const ISSUER = 'token.actions.githubusercontent.com';

/** The audience that aws-actions/configure-aws-credentials asks for. */
export const AUDIENCE = 'sts.amazonaws.com';

/** Whether the stack makes the provider, or somebody else made it. */
export type Provider = 'own' | 'existing';

/** How a command tells the app, which the CDK's CLI runs as a process of its own. */
export const PROVIDER_VARIABLE = 'BEDROCK_INFRA_OIDC_PROVIDER';

/** What the command found out. Never taken for granted: the wrong one would remove the provider, or fail to make it. */
export function providerOf(environment: Readonly<Record<string, string | undefined>>): Provider {
  const given = environment[PROVIDER_VARIABLE];
  if (given === 'own' || given === 'existing') return given;
  throw new Error(
    `${PROVIDER_VARIABLE} is not set. Run make ci-role, which looks whether the account has GitHub's provider.`,
  );
}
