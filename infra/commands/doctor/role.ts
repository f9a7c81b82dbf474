import { BedrockClient } from '@aws-sdk/client-bedrock';
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import { z } from 'zod';
import { actionsOf } from '../../lib/constructs/bedrock-access.ts';
import type { ModelRow } from '../../lib/models/table.ts';
import { profileArns } from '../shared/bedrock-facts.ts';
import { clientOptions } from '../shared/aws.ts';
import type { Target } from '../shared/target.ts';
import { message } from '../../lib/text.ts';
import { failure, type Finding, ok } from './check.ts';

const strings = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const statement = z.object({ Effect: z.string(), Action: strings, Resource: strings });
const policy = z.object({ Statement: z.array(statement) });

/** Checks that the deployed role may call each model in every region that AWS routes it to today, for streamed answers too where `stream` is on. */
export async function roleFindings(
  { roleName, stream }: { readonly roleName: string; readonly stream: boolean },
  target: Target,
  models: readonly ModelRow[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const statements = await inlineStatements(roleName, target.region, signal);
  return Promise.all(
    models.map(async (row) => {
      const granted = arnsAllowed(statements, actionsOf(row, stream));
      const lacking = (await neededArns(row, target, signal)).filter((arn) => !granted.has(arn));
      // The account's number stays out of the page: the profile is named by its id.
      const places = lacking.map((arn) => arn.split(':')[3] || '*');
      return places.length > 0
        ? failure(texts.roleLacks(row.id, [...new Set(places)].join(', ')), texts.roleRemedy())
        : ok(texts.role(row.id));
    }),
  );
}

/** The ARNs that the role needs: the profile, and the models behind it as AWS lists them. */
async function neededArns(row: ModelRow, { account, region }: Target, signal: AbortSignal): Promise<string[]> {
  if (row.reach === 'in-region') return [`arn:aws:bedrock:${region}::foundation-model/${row.foundationModel}`];
  const routed = (await profileArns({ bedrock: new BedrockClient(clientOptions(region)), signal }, row.id)) ?? [];
  return [
    `arn:aws:bedrock:${region}:${account}:inference-profile/${row.id}`,
    ...(row.reach === 'global-profile' ? [`arn:aws:bedrock:::foundation-model/${row.foundationModel}`] : routed),
  ];
}

/** The statements of the role's inline policies. */
async function inlineStatements(
  RoleName: string,
  region: string,
  abortSignal: AbortSignal,
): Promise<z.infer<typeof statement>[]> {
  const iam = new IAMClient(clientOptions(region));
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName }), { abortSignal });
  const documents = await Promise.all(
    (PolicyNames ?? []).map((PolicyName) =>
      iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }), { abortSignal }),
    ),
  );
  return documents.flatMap(
    ({ PolicyDocument }) => policy.parse(JSON.parse(decodeURIComponent(PolicyDocument ?? ''))).Statement,
  );
}

/** The ARNs for which one statement allows all of these actions, as the stack's statements do. */
function arnsAllowed(statements: readonly z.infer<typeof statement>[], actions: readonly string[]): Set<string> {
  return new Set(
    statements
      .filter(({ Effect, Action }) => Effect === 'Allow' && actions.every((action) => Action.includes(action)))
      .flatMap(({ Resource }) => Resource),
  );
}

const texts = {
  role: message(
    (id: string) => `The deployed role may call ${id} wherever it routes`,
    (id) => `デプロイ済みのロールは、${id} のすべての処理先を呼び出せます`,
  ),
  roleLacks: message(
    (id: string, arns: string) => `The deployed role may not call ${id} in ${arns}`,
    (id, arns) => `デプロイ済みのロールでは ${id} を ${arns} で呼び出せません`,
  ),
  roleRemedy: message(
    () => 'Run make models-refresh, then make deploy with the same MODEL.',
    () => 'make models-refresh、続けて同じ MODEL で make deploy を実行してください。',
  ),
} as const;
