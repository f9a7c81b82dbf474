import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { newApp } from '../../lib/constructs/app.ts';
import type { Provider } from '../../lib/ci/provider.ts';
import { readCiSettings } from '../../lib/ci/settings.ts';
import { CiStack } from '../../lib/ci/stack.ts';
import { checkSettings } from '../../lib/settings/sources.ts';
import { resolved } from './policy.ts';

/** What somebody types after `make ci-role`. */
export interface CiGiven {
  readonly ci?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly provider?: Provider;
}

/** The stack that lets octo/repo deploy, unless it is said otherwise. */
export function ciStackOf({ ci = {}, settings = {}, provider = 'own' }: CiGiven = {}): CiStack {
  const deployed = checkSettings(new Map(Object.entries(settings)));
  return new CiStack(newApp(), {
    deployed,
    ci: readCiSettings({ REPO: 'octo/repo', ...ci }),
    provider,
  });
}

const role = z.object({
  Properties: z.strictObject({
    Description: z.string(),
    AssumeRolePolicyDocument: z.unknown(),
    MaxSessionDuration: z.literal(3600),
    Policies: z.tuple([z.object({ PolicyName: z.string(), PolicyDocument: z.unknown() })]),
  }),
});

/** A role as IAM would read it. */
export interface CiRoleDocuments {
  readonly trust: unknown;
  readonly policy: unknown;
}

/** The stack's roles by the name of their one policy. There are no other policies in the template. */
export function rolesIn(stack: CiStack): Record<string, CiRoleDocuments> {
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::IAM::Policy', 0);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  const roles = Object.values(template.findResources('AWS::IAM::Role')).map((found) => role.parse(found).Properties);
  return Object.fromEntries(
    roles.map(({ AssumeRolePolicyDocument, Policies: [{ PolicyName, PolicyDocument }] }) => [
      PolicyName,
      { trust: resolved(AssumeRolePolicyDocument), policy: resolved(PolicyDocument) },
    ]),
  );
}
