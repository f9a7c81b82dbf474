import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { LambdaClient, UpdateFunctionConfigurationCommand, waitUntilFunctionUpdated } from '@aws-sdk/client-lambda';
import { hasEnded } from '../../../lib/models/life.ts';
import { type ModelRow, readModels } from '../../../lib/models/table.ts';
import { modelsFile } from '../../../lib/paths.ts';
import { allowedOf, alwaysDeniedOf, type Asked, type Decision, deniedOf } from '../../../lib/role-decisions.ts';
import { clientOptions, isDenied } from '../../shared/aws.ts';
import type { Context } from '../context.ts';
import { NotShown, type Step } from '../run.ts';
import { configurationOf, DEPLOY } from './operate.ts';

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
async function simulatorOf(context: Context): Promise<Simulate> {
  const { region } = context.target;
  const { Role: PolicySourceArn } = await configurationOf(context);
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

/** A model of AWS's own that the role has no part of: of another provider's, an agreement may be missing too. */
function strangerTo({ choice, since }: Context): ModelRow {
  const granted = choice.models.map(({ foundationModel }) => foundationModel);
  const today = since.toISOString().slice(0, 10);
  const stranger = readModels(modelsFile).models.find(
    (row) => row.access === 'none' && !granted.includes(row.foundationModel) && !hasEnded(row, today),
  );
  if (!stranger) throw new NotShown('the deployment grants every model that takes no agreement');
  return stranger;
}

/**
 * The function's own role is asked, and not a session with its policy: `sts:GetFederationToken` takes the long-term keys of an IAM user,
 * not a role's session or `aws login`, and policies of up to 2,048 characters
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html).
 */
const denial: Step = {
  name: 'a real denial',
  proves: "Bedrock denies the function's role a model that is not granted, where the function asks for it all the same",
  needs: DEPLOY,
  calls: [{ count: 1, chars: 200, maxTokens: 16 }],
  run: async (context) => {
    const { id } = strangerTo(context);
    const { Environment } = await configurationOf(context);
    const Variables = Environment?.Variables ?? {};
    try {
      await configure(context, { ...Variables, BEDROCK_MODEL_IDS: `${Variables.BEDROCK_MODEL_IDS},${id}` });
      const event = { prompt: `Say yes. ${context.marker}`, modelId: id, maxTokens: 16 };
      const { statusCode, body } = await context.call(event);
      if (statusCode === 403 && /role may not call/.test(body.message ?? '')) return `403 ${body.code}`;
      if (statusCode === 403) throw new NotShown(`denied for another reason: ${body.message}`);
      if (statusCode === 200 && context.isEmulated)
        throw new NotShown('an emulator cannot show it: it asks nobody whether a role may call a model');
      throw new Error(`${statusCode} ${body.code ?? ''} instead of 403: ${body.message ?? 'an answer'}`);
    } finally {
      await configure(context, Variables);
    }
  },
};

/** Gives the function these variables, and waits until calls have them. */
export async function configure({ target }: Context, Variables: Record<string, string>): Promise<void> {
  const client = new LambdaClient(clientOptions(target.region));
  const FunctionName = target.stackName;
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  await waitUntilFunctionUpdated({ client, maxWaitTime: 60 }, { FunctionName });
}

/** What the function may do, by IAM. */
export const roleSteps: readonly Step[] = [role, denial];
