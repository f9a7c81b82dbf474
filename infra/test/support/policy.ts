import { runSimulation } from '@cloud-copilot/iam-simulate';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import type { BedrockStack } from '../../lib/constructs/stack.ts';
import { ACCOUNT, stackOf } from './stack.ts';

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

/** Does what CloudFormation does with what is in a policy: pseudo parameters, and the ARNs of the stack's own resources. */
export function withArns(value: unknown, arnOf: (id: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => withArns(one, arnOf));
  if (typeof value !== 'object' || value === null) return value;
  const {
    Ref,
    'Fn::GetAtt': attribute,
    'Fn::Join': joined,
  } = z
    .object({
      Ref: z.string().optional(),
      'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]).optional(),
      'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]).optional(),
    })
    .parse(value);
  if (Ref !== undefined) return { 'AWS::Partition': 'aws', 'AWS::AccountId': ACCOUNT }[Ref] ?? arnOf(Ref);
  if (attribute) return arnOf(attribute[0]);
  if (joined) return joined[1].map((part) => withArns(part, arnOf)).join('');
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withArns(inner, arnOf)]));
}

const inlinePolicies = z.object({
  Properties: z.object({ Policies: z.array(z.object({ PolicyDocument: z.unknown() })) }),
});

/** The resources of a template by the beginning of their ids, in ARNs of names that stand for those that AWS makes up. */
const ARNS: readonly (readonly [RegExp, string])[] = [
  [/^BedrockFunction/, `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:bedrock-titan-function`],
  [/^BatchBucket/, 'arn:aws:s3:::bedrock-titan-function-batchbucket1-x'],
  [/^BatchStateMachine/, `arn:aws:states:ap-northeast-1:${ACCOUNT}:stateMachine:bedrock-titan-function-batch`],
];

/** What the role of that construct may do, as IAM would read it. */
export function policyOfRole(construct: string, given: Record<string, string>): Policy {
  const roles = Template.fromStack(stackOf(given)).findResources('AWS::IAM::Role');
  const [role] = Object.entries(roles).flatMap(([id, one]) => (id.startsWith(`${construct}Role`) ? [one] : []));
  const [policy] = inlinePolicies.parse(role).Properties.Policies;
  const arnOf = (id: string): string => ARNS.find(([pattern]) => pattern.test(id))?.[1] ?? id;
  return policyDocument.parse(withArns(policy?.PolicyDocument, arnOf));
}

/** What a bootstrap role says of its own account. */
const ROOT_MAY_ASSUME = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }],
};

/** What a role with this policy alone is told, by an evaluator that knows nothing of this project. */
export function simulated(
  policy: unknown,
  action: string,
  resource: string,
  contextVariables: Record<string, string> = {},
): ReturnType<typeof runSimulation> {
  return runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/one`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables,
      },
      identityPolicies: [{ name: 'role', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action === 'sts:AssumeRole' && { resourcePolicy: ROOT_MAY_ASSUME }),
    },
    {},
  );
}

/**
 * The decision itself.
 *
 * @throws Error when the request is none that AWS has.
 */
export async function decision(
  policy: unknown,
  action: string,
  resource: string,
  context: Record<string, string> = {},
): Promise<string> {
  const result = await simulated(policy, action, resource, context);
  if (result.resultType === 'error') throw new Error(`${action} ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult;
}
