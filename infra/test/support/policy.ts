import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import type { BedrockStack } from '../../lib/constructs/stack.ts';
import { ACCOUNT } from './stack.ts';

const strings = z.union([z.string().transform((one) => [one]), z.array(z.string())]);

/** The shape of a policy of this project. */
export const policyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    z.strictObject({
      Sid: z.string(),
      Effect: z.literal('Allow'),
      Action: strings,
      Resource: strings,
      Condition: z.strictObject({ StringEquals: z.record(z.string(), z.string()) }).optional(),
    }),
  ),
});

/** A policy as IAM would read it; a shape that it has not got is a failure. */
export type Policy = z.infer<typeof policyDocument>;

const role = z.object({
  Properties: z.object({
    ManagedPolicyArns: z.undefined().optional(),
    Policies: z.tuple([z.object({ PolicyDocument: z.unknown() })]),
  }),
});

/** All that the function's role may do, as the document that CloudFormation would send. */
export function policyOf(stack: BedrockStack): Policy {
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::IAM::Role', 1);
  template.resourceCountIs('AWS::IAM::Policy', 0);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
  const [{ Properties }] = z.tuple([role]).parse(Object.values(template.findResources('AWS::IAM::Role')));
  return policyDocument.parse(resolved(Properties.Policies[0].PolicyDocument));
}

/** Does what CloudFormation does with `Fn::Sub` on pseudo parameters. */
export function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const sub = z.strictObject({ 'Fn::Sub': z.string() }).safeParse(value);
  if (sub.success)
    return sub.data['Fn::Sub'].replace(/\$\{AWS::Partition\}/g, 'aws').replace(/\$\{AWS::AccountId\}/g, ACCOUNT);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
}
