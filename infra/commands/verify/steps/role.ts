import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { allowedOf, alwaysDeniedOf, type Asked, type Decision, deniedOf } from '../../../lib/role-decisions.ts';
import { clientOptions, isDenied } from '../../shared/aws.ts';
import type { Context } from '../context.ts';
import { NotShown, type Step } from '../run.ts';
import { DEPLOY } from './operate.ts';

const role: Step = {
  name: 'the role',
  proves:
    "IAM's own simulator allows the role each part of a call and its own log, and denies it the rest of the test suite's table",
  needs: DEPLOY,
  onlyOnAws: 'its simulator leaves conditions out',
  run: async (context) => {
    const { target, choice } = context;
    const allowed = allowedOf({ ...target, functionName: target.stackName }, choice.models);
    const denied = denialsOf(context);
    const simulate = await simulatorOf(context);
    const wrong = [
      ...(await differing(simulate, allowed, 'allowed')),
      ...(await differing(simulate, denied, 'implicitDeny')),
    ];
    if (wrong.length > 0) throw new Error(wrong.join('; '));
    return `${allowed.length} allowed, ${denied.length} denied`;
  },
};

/** All of the table where one model of a geographic profile is granted: with others, they may allow a part of it. */
function denialsOf({ target, choice: { models, settings } }: Context): Decision[] {
  const of = { ...target, functionName: target.stackName };
  const [row, ...others] = models;
  const denials = row?.reach === 'geographic-profile' && others.length === 0 ? deniedOf(of, row) : alwaysDeniedOf(of);
  return settings.stream ? denials.filter(([, { action }]) => !action.endsWith('Stream')) : denials;
}

type Simulate = (asked: Asked) => Promise<string | undefined>;

/** The decisions that are other than they have to be. */
async function differing(simulate: Simulate, decisions: readonly Decision[], wanted: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [name, asked] of decisions) {
    const decision = await simulate(asked);
    if (decision !== wanted) wrong.push(`${name}: ${decision ?? 'no decision'} instead of ${wanted}`);
  }
  return wrong;
}

/** Asks IAM what the function's role may do. */
async function simulatorOf({ target: { region, stackName } }: Context): Promise<Simulate> {
  const { Role: PolicySourceArn } = await new LambdaClient(clientOptions(region)).send(
    new GetFunctionConfigurationCommand({ FunctionName: stackName }),
  );
  const iam = new IAMClient(clientOptions(region));
  return async ({ action, resource, context = {} }) => {
    const keys = Object.entries({ 'aws:RequestedRegion': region, ...context });
    try {
      const { EvaluationResults } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          PolicySourceArn,
          ActionNames: [action],
          ResourceArns: [resource],
          ContextEntries: keys.map(([ContextKeyName, value]) => ({
            ContextKeyName,
            ContextKeyValues: [value],
            ContextKeyType: 'string',
          })),
        }),
      );
      return EvaluationResults?.[0]?.EvalDecision;
    } catch (error) {
      if (isDenied(error)) throw new NotShown('these credentials may not iam:SimulatePrincipalPolicy');
      throw error;
    }
  };
}

/** What the function may do, by IAM. */
export const roleSteps: readonly Step[] = [role];
