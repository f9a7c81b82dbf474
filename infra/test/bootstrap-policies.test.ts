import { runSimulation, runUnsafeSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BootstrapStack } from '../lib/bootstrap/stack.ts';
import { settingNames, takes } from '../lib/settings/settings.ts';
import { checkSettings } from '../lib/settings/sources.ts';
import { resolved, withArns } from './support/policy.ts';
import { ACCOUNT, stackOf } from './support/stack.ts';
import { outcomeOf, tool } from './support/tools.ts';

const HANDLERS = new URL('support/handlers.py', import.meta.url).pathname;

const resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
type Resource = z.infer<typeof resource> & { readonly id: string };

function resourcesOf(stack: Stack): Resource[] {
  const { Resources } = z
    .object({ Resources: z.record(z.string(), resource) })
    .parse(resolved(Template.fromStack(stack).toJSON()));
  return Object.entries(Resources).map(([id, one]) => ({ id, ...one }));
}

/** What `make bootstrap` makes for a function of this name and region, as IAM would read it. */
function policiesFor(given: Record<string, string> = {}): { execution: unknown; boundary: unknown } {
  const made = resourcesOf(new BootstrapStack(new App(), checkSettings(new Map(Object.entries(given)))));
  const document = (end: string): unknown =>
    made.find(({ Properties }) => String(Properties.ManagedPolicyName).endsWith(end))?.Properties.PolicyDocument;
  return { execution: document('-execution'), boundary: document('-boundary') };
}

interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Record<string, string>;
}

/** What an evaluator that knows nothing of this project decides; a request that AWS does not know is a failure. */
async function decision(
  policy: unknown,
  { action, resource, context = {} }: Request,
  boundary?: unknown,
): Promise<string> {
  const simulation: Simulation = {
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/somebody`,
      action,
      resource: { resource, accountId: ACCOUNT },
      // An S3 ARN has no account.
      contextVariables: { ...(action.startsWith('s3:') && { 'aws:ResourceAccount': ACCOUNT }), ...context },
    },
    identityPolicies: [{ name: 'policy', policy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(boundary !== undefined && { permissionBoundaryPolicies: [{ name: 'boundary', policy: boundary }] }),
  };
  // The one ARN that AWS's service reference lacks: a foundation model without a region, as global profiles use it.
  if (resource.startsWith('arn:aws:bedrock:::')) return runUnsafeSimulation(simulation, {});
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') throw new Error(`${action} ${resource}: ${JSON.stringify(result.errors)}`);
  return result.overallResult;
}

/** Every switch of the settings, and the amounts that have a resource of their own. */
const EVERYTHING: Record<string, string> = {
  ALARM_EMAIL: 'someone@example.com',
  MONTHLY_BUDGET_USD: '10',
  DAILY_LIMIT_USD: '5',
  ...Object.fromEntries([...settingNames].filter(([, key]) => takes(key).en === '1 or 0').map(([name]) => [name, '1'])),
};
const VARIANTS: Record<string, string>[] = [
  {},
  ...Object.entries(EVERYTHING).map(([name, value]) => ({ ALARM_EMAIL: 'someone@example.com', [name]: value })),
  EVERYTHING,
  { ...EVERYTHING, FUNCTION_NAME: 'another', REGION: 'us-west-2', MODEL: 'global.amazon.nova-2-lite-v1:0' },
  { ...EVERYTHING, FUNCTION_NAME: 'a'.repeat(64) },
];

/** Names of a resource's properties and of what is in them. */
function propertiesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(propertiesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...propertiesIn(inner)]);
}

/** Permissions in the schemas that CloudFormation needs for the sake of a property, and the property. */
const FOR_A_PROPERTY: readonly (readonly [RegExp, string])[] = [
  [/^ec2:/, 'VpcConfig'],
  [/^(elasticfilesystem|s3files):/, 'FileSystemConfigs'],
  [/^kms:/, 'KmsKeyArn'],
  [/^kms:/, 'EncryptionConfiguration'],
  [/^logs:(Dis)?[aA]ssociateKmsKey$/, 'KmsKeyId'],
  [/^s3:GetObjectVersion$/, 'S3ObjectVersion'],
  [/^lambda:(GetCodeSigningConfig|(Put|Delete)FunctionCodeSigningConfig)$/, 'CodeSigningConfigArn'],
  [/^lambda:GetLayerVersion$/, 'Layers'],
  [/^lambda:PassCapacityProvider$/, 'CapacityProviderConfig'],
  [/^lambda:AssociateRuntimeAlias$/, 'RuntimeManagementConfig'],
  [/^lambda:PutRuntimeManagementConfig$/, 'RuntimeManagementConfig'],
  [/^lambda:PutFunctionScalingConfig$/, 'FunctionScalingConfig'],
  [/^lambda:PutFunctionRecursionConfig$/, 'RecursiveLoop'],
  [/^lambda:PublishVersion$/, 'PublishToLatestPublished'],
  [/^iam:(Attach|Detach)RolePolicy$/, 'ManagedPolicyArns'],
  [/^iam:(Get|Put|Delete)GroupPolicy$/, 'Groups'],
  [/^iam:(Get|Put|Delete)UserPolicy$/, 'Users'],
  [/^(logs|sns):(Put|Delete)DataProtectionPolicy$/, 'DataProtectionPolicy'],
  [/^(logs:CreateLogDelivery|s3:REST.PUT.OBJECT|firehose:TagDeliveryStream)$/, 'DataProtectionPolicy'],
  [/^logs:(Put|Delete)IndexPolicy$/, 'FieldIndexPolicies'],
  [/^logs:(Put|Delete)ResourcePolicy$/, 'ResourcePolicyDocument'],
  [/^logs:PutBearerTokenAuthentication$/, 'BearerTokenAuthenticationEnabled'],
  [/^logs:PutLogGroupDeletionProtection$/, 'DeletionProtectionEnabled'],
  [/^s3:(Put|Delete)BucketAnalyticsConfiguration$/, 'AnalyticsConfigurations'],
  [/^s3:PutAnalyticsConfiguration$/, 'AnalyticsConfigurations'],
  [/^s3:(PutAccelerateConfiguration)$/, 'AccelerateConfiguration'],
  [/^s3:PutBucketAbac$/, 'AbacStatus'],
  [/^s3:Put(BucketAcl|ObjectAcl)$/, 'AccessControl'],
  [/^s3:(Put|Delete)BucketC(ORS|ors)$/, 'CorsConfiguration'],
  [/^s3:PutBucketLogging$/, 'LoggingConfiguration'],
  [/^s3:PutBucketNotification$/, 'NotificationConfiguration'],
  [/^s3:Put(Bucket)?ObjectLockConfiguration$/, 'ObjectLockConfiguration'],
  [/^s3:PutBucketOwnershipControls$/, 'OwnershipControls'],
  [/^s3:(Put|Delete)(Bucket)?Replication(Configuration)?$/, 'ReplicationConfiguration'],
  [/^s3:PutBucketVersioning$/, 'VersioningConfiguration'],
  [/^s3:(Put|Delete)BucketWebsite$/, 'WebsiteConfiguration'],
  [/^s3:PutIntelligentTieringConfiguration$/, 'IntelligentTieringConfigurations'],
  [/^s3:PutInventoryConfiguration$/, 'InventoryConfigurations'],
  [/^s3:(Put|Delete(Bucket)?)MetricsConfiguration$/, 'MetricsConfigurations'],
  [/^s3:(Create|Delete|Update)BucketMetadata/, 'MetadataTableConfiguration'],
  [/^s3tables:/, 'MetadataTableConfiguration'],
];

/** A change that would take the boundary off a role: no template of ours does that once it has one. */
const NEVER = [
  'iam:DeleteRolePermissionsBoundary',
  // A bucket that still has files stays: `make destroy` empties it, as the caller.
  's3:DeleteObject',
  // Names of calls, for which IAM asks s3:PutEncryptionConfiguration and s3:PutLifecycleConfiguration.
  's3:DeleteBucketEncryption',
  's3:DeleteBucketLifecycle',
];

const RANDOM = 'AbCdEfGhIjKl';

/** A name of CloudFormation's own making. Where there is room for 64 characters it cuts the logical id to 24 first, then the stack's name to 25. */
function generated(stackName: string, id: string, longest: number): string {
  const whole = `${stackName}-${id}-${RANDOM}`;
  if (whole.length < longest) return whole;
  const room = longest - 1 - RANDOM.length - 2;
  return `${stackName.slice(0, Math.max(25, room - id.length))}-${id.slice(0, Math.max(24, room - stackName.length))}-${RANDOM}`;
}

/** The ARN of a resource, or for a policy of its own those of its roles. */
function arnsOf({ id, Type, Properties }: Resource, region: string, stackName: string): string[] {
  const named = (property: string, longest: number): string[] =>
    typeof Properties[property] === 'string' ? [Properties[property]] : [generated(stackName, id, longest)];
  const arns = (service: string, kind: string, names: readonly string[], where = region): string[] =>
    names.map((name) => `arn:aws:${service}:${where}:${ACCOUNT}:${kind}${name}`);
  switch (Type) {
    case 'AWS::Lambda::Function':
    case 'AWS::Lambda::Url':
      return arns('lambda', 'function:', [stackName]);
    case 'AWS::IAM::Role':
      return arns('iam', 'role/', [generated(stackName, id, 64)], '');
    // A policy of its own is that of its roles.
    case 'AWS::IAM::Policy':
      return z
        .array(z.object({ Ref: z.string() }))
        .parse(Properties.Roles)
        .flatMap(({ Ref }) => arns('iam', 'role/', [generated(stackName, Ref, 64)], ''));
    case 'AWS::Logs::LogGroup':
      return arns('logs', 'log-group:', named('LogGroupName', 512));
    case 'AWS::CloudWatch::Alarm':
      return arns('cloudwatch', 'alarm:', named('AlarmName', 255));
    case 'AWS::CloudWatch::Dashboard':
      return arns('cloudwatch', 'dashboard/', named('DashboardName', 255), '');
    case 'AWS::SNS::Topic':
    case 'AWS::SNS::TopicPolicy':
    case 'AWS::SNS::Subscription':
      return arns('sns', '', [generated(stackName, id, 256)]);
    case 'AWS::Budgets::Budget':
      return arns(
        'budgets',
        'budget/',
        [String(z.object({ BudgetName: z.string() }).parse(Properties.Budget).BudgetName)],
        '',
      );
    case 'AWS::Events::Rule':
      return arns('events', 'rule/', [generated(stackName, id, 64)]);
    // A policy of its own is that of its bucket.
    case 'AWS::S3::Bucket':
      return [`arn:aws:s3:::${generated(stackName, id, 63).toLowerCase()}`];
    case 'AWS::S3::BucketPolicy':
      return [
        `arn:aws:s3:::${generated(stackName, z.object({ Ref: z.string() }).parse(Properties.Bucket).Ref, 63).toLowerCase()}`,
      ];
    case 'AWS::StepFunctions::StateMachine':
      return arns('states', 'stateMachine:', named('StateMachineName', 80));
    default:
      throw new Error(`${Type} has no ARN here: say what CloudFormation makes of it`);
  }
}

const strings = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
const document = z.object({
  Version: z.string(),
  Statement: z.array(
    z.looseObject({
      Action: strings,
      Resource: strings,
      Condition: z.strictObject({ StringEquals: z.record(z.string(), z.string()) }).optional(),
    }),
  ),
});

/** One request for each action on each resource of a policy, in the conditions that it names. */
function requestsOf(policy: unknown): Request[] {
  return document.parse(policy).Statement.flatMap(({ Action, Resource, Condition }) =>
    Action.flatMap((action) =>
      Resource.map((arn) => ({
        action,
        resource: arn.replace(/:\*$/, ':log-stream:one'),
        context: Condition?.StringEquals ?? {},
      })),
    ),
  );
}

/** Which service a role of the template is passed to. */
function servicesOf(role: Resource): string[] {
  const trust = z
    .object({ Statement: z.array(z.object({ Principal: z.object({ Service: z.string() }) })) })
    .parse(role.Properties.AssumeRolePolicyDocument);
  return trust.Statement.map(({ Principal }) => Principal.Service);
}

describe.each(VARIANTS.map((given) => [JSON.stringify(given), given] as const))('a stack of %s', (_, given) => {
  const { region, functionName } = checkSettings(new Map(Object.entries(given)));
  const { execution, boundary } = policiesFor(given);
  const resources = resourcesOf(stackOf(given, true));
  const roles = resources.filter(({ Type }) => Type === 'AWS::IAM::Role');
  const boundaryArn = `arn:aws:iam::${ACCOUNT}:policy/${functionName}-${region}-boundary`;
  let permissions: Record<string, string[]>;
  beforeAll(async () => {
    const types = [...new Set(resources.map(({ Type }) => Type))];
    const { stdout, stderr } = await outcomeOf(tool('python'), [HANDLERS, ...types]);
    expect(stderr).toBe('');
    permissions = z.record(z.string(), z.array(z.string())).parse(JSON.parse(stdout));
  });

  /** What IAM is asked when CloudFormation uses one permission for one resource. */
  function requests(one: Resource, action: string): Request[] {
    if (action === 'iam:PassRole')
      return roles.flatMap((role) =>
        servicesOf(role).flatMap((service) =>
          arnsOf(role, region, functionName).map((arn) => ({
            action,
            resource: arn,
            context: { 'iam:PassedToService': service },
          })),
        ),
      );
    if (action === 's3:GetObject')
      return [{ action, resource: `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-${region}/0123.zip` }];
    if (action === 'billing:GetBillingViewData')
      return [{ action, resource: `arn:aws:billing::${ACCOUNT}:billingview/primary` }];
    // Asked by type, for a role that a topic or a subscription might have, and has not.
    if (action === 'iam:GetRole' && one.Type !== 'AWS::IAM::Role') return [];
    return arnsOf(one, region, functionName).map((arn) => ({
      action,
      resource: arn,
      ...(action.startsWith('iam:') && { context: { 'iam:PermissionsBoundary': boundaryArn } }),
    }));
  }

  /** Some actions have no resource: IAM is then asked about all. */
  async function mayCloudFormation(request: Request): Promise<string> {
    try {
      return await decision(execution, request);
    } catch {
      return await decision(execution, { ...request, resource: '*' });
    }
  }

  it('is made, changed and removed with what CloudFormation may do', async () => {
    const properties = new Set(resources.flatMap(({ Properties }) => propertiesIn(Properties)));
    const needless = FOR_A_PROPERTY.filter(([, property]) => !properties.has(property));
    const asked = resources.flatMap((one) =>
      (permissions[one.Type] ?? [])
        .filter((action) => !NEVER.includes(action) && !needless.some(([pattern]) => pattern.test(action)))
        .flatMap((action) => requests(one, action)),
    );
    expect(asked.length).toBeGreaterThan(50);
    const refused: Request[] = [];
    for (const request of asked) if ((await mayCloudFormation(request)) !== 'Allowed') refused.push(request);
    expect(refused).toEqual([]);
  });

  it('has roles with the boundary, which keeps nothing from them that they are given', async () => {
    const arnOf = (id: string): string => {
      const one = resources.find((other) => other.id === id);
      return (one && arnsOf(one, region, functionName)[0]) ?? id;
    };
    expect(roles.length).toBeGreaterThan(0);
    for (const { Properties } of roles) {
      expect(withArns(Properties.PermissionsBoundary, arnOf)).toBe(boundaryArn);
      expect(Properties).not.toHaveProperty('ManagedPolicyArns');
    }
    const inline = roles.flatMap(({ Properties }) => z.array(z.unknown()).parse(Properties.Policies ?? []));
    const own = resources.filter(({ Type }) => Type === 'AWS::IAM::Policy').map(({ Properties }) => Properties);
    const documents = z.array(z.looseObject({ PolicyDocument: z.unknown() })).parse([...inline, ...own]);
    for (const { PolicyDocument } of documents) {
      const policy = withArns(PolicyDocument, arnOf);
      for (const request of requestsOf(policy))
        expect([request, await decision(policy, request, boundary)]).toEqual([request, 'Allowed']);
    }
  });

  it.each(Object.entries(policiesFor(given)))('has its %s policy within the size that IAM takes', (_name, document) => {
    // IAM quotas: a managed policy has up to 6,144 characters, white space aside.
    expect(JSON.stringify(document).length).toBeLessThanOrEqual(6144);
  });
});

describe('what CloudFormation may not do', () => {
  const { execution } = policiesFor();
  const NAME = 'bedrock-titan-function';
  const iam = (path: string): string => `arn:aws:iam::${ACCOUNT}:${path}`;
  const here = (service: string, path: string): string => `arn:aws:${service}:ap-northeast-1:${ACCOUNT}:${path}`;
  const ownRole = iam(`role/${NAME}-BedrockRole681FE422-${RANDOM}`);
  const bounded = { 'iam:PermissionsBoundary': iam(`policy/${NAME}-ap-northeast-1-boundary`) };
  const toLambda = { 'iam:PassedToService': 'lambda.amazonaws.com' };

  it.each<[string, Request]>([
    ['make a user', { action: 'iam:CreateUser', resource: iam('user/eve') }],
    ['make a key', { action: 'iam:CreateAccessKey', resource: iam('user/eve') }],
    [
      'attach AdministratorAccess to a role of its own',
      {
        action: 'iam:AttachRolePolicy',
        resource: ownRole,
        context: { ...bounded, 'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
    ],
    ['make a role without the boundary', { action: 'iam:CreateRole', resource: ownRole }],
    [
      'make a role with another boundary',
      {
        action: 'iam:CreateRole',
        resource: ownRole,
        context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
    ],
    ['write a policy of a role without the boundary', { action: 'iam:PutRolePolicy', resource: ownRole }],
    [
      'give a role another boundary',
      {
        action: 'iam:PutRolePermissionsBoundary',
        resource: ownRole,
        context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
    ],
    ['take the boundary off', { action: 'iam:DeleteRolePermissionsBoundary', resource: ownRole, context: bounded }],
    ['make a role under another name', { action: 'iam:CreateRole', resource: iam('role/admin'), context: bounded }],
    [
      "make a role of another stack's name",
      { action: 'iam:CreateRole', resource: iam(`role/${NAME}2-BedrockRole-${RANDOM}`), context: bounded },
    ],
    [
      "let somebody else have the pipeline's role",
      { action: 'iam:UpdateAssumeRolePolicy', resource: iam(`role/${NAME}-ci-DeployRole0123-${RANDOM}`) },
    ],
    [
      "widen the pipeline's role",
      { action: 'iam:PutRolePolicy', resource: iam(`role/${NAME}-ci-DeployRole0123-${RANDOM}`), context: bounded },
    ],
    [
      'widen its own role',
      {
        action: 'iam:PutRolePolicy',
        resource: iam(`role/cdk-hnb659fds-cfn-exec-role-${ACCOUNT}-ap-northeast-1`),
        context: bounded,
      },
    ],
    [
      'change the policy that holds it',
      { action: 'iam:CreatePolicyVersion', resource: iam(`policy/${NAME}-ap-northeast-1-execution`) },
    ],
    [
      'change the boundary',
      { action: 'iam:CreatePolicyVersion', resource: iam(`policy/${NAME}-ap-northeast-1-boundary`) },
    ],
    [
      'trust an issuer of tokens',
      { action: 'iam:CreateOpenIDConnectProvider', resource: iam('oidc-provider/evil.example') },
    ],
    [
      'pass a role to another service',
      { action: 'iam:PassRole', resource: ownRole, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    ],
    ["pass somebody else's role to Lambda", { action: 'iam:PassRole', resource: iam('role/admin'), context: toLambda }],
    ['assume a role', { action: 'sts:AssumeRole', resource: iam('role/admin') }],
    ['change another function', { action: 'lambda:UpdateFunctionCode', resource: here('lambda', 'function:another') }],
    [
      'remove a function whose name begins alike',
      { action: 'lambda:DeleteFunction', resource: here('lambda', `function:${NAME}-2`) },
    ],
    [
      'change the function of another region',
      { action: 'lambda:UpdateFunctionCode', resource: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${NAME}` },
    ],
    ['call the function', { action: 'lambda:InvokeFunction', resource: here('lambda', `function:${NAME}`) }],
    [
      'let somebody call the function',
      { action: 'lambda:AddPermission', resource: here('lambda', `function:${NAME}`) },
    ],
    [
      'read a log',
      { action: 'logs:GetLogEvents', resource: here('logs', `log-group:/aws/lambda/${NAME}:log-stream:s`) },
    ],
    ['remove another log', { action: 'logs:DeleteLogGroup', resource: here('logs', 'log-group:/aws/lambda/another') }],
    ['read another bucket', { action: 's3:GetObject', resource: 'arn:aws:s3:::secrets/one' }],
    [
      'change what it deploys',
      { action: 's3:PutObject', resource: `arn:aws:s3:::cdk-hnb659fds-assets-${ACCOUNT}-ap-northeast-1/0123.zip` },
    ],
    ['run a machine', { action: 'ec2:RunInstances', resource: here('ec2', 'instance/*') }],
    ['call a model', { action: 'bedrock:InvokeModel', resource: here('bedrock', 'inference-profile/x') }],
    [
      'read a row of a batch',
      { action: 's3:GetObject', resource: `arn:aws:s3:::${NAME}-batchbucket1-x/input/a.jsonl` },
    ],
    [
      'remove an answer of a batch',
      { action: 's3:DeleteObject', resource: `arn:aws:s3:::${NAME}-batchbucket1-x/results/a.jsonl` },
    ],
    ['remove another bucket', { action: 's3:DeleteBucket', resource: `arn:aws:s3:::${NAME}-2-batchbucket1-x` }],
    ['open another bucket', { action: 's3:PutBucketPolicy', resource: 'arn:aws:s3:::secrets' }],
    ['start a batch', { action: 'states:StartExecution', resource: here('states', `stateMachine:${NAME}-batch`) }],
    [
      'change another machine',
      { action: 'states:UpdateStateMachine', resource: here('states', 'stateMachine:another') },
    ],
  ])('%s', async (_, request) => {
    expect(await decision(execution, request)).toBe('ImplicitlyDenied');
  });
});

describe('whatever a template gives a role,', () => {
  const { boundary } = policiesFor();
  const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

  it.each<[string, Request]>([
    ['it makes no user', { action: 'iam:CreateUser', resource: `arn:aws:iam::${ACCOUNT}:user/eve` }],
    ['it assumes no role', { action: 'sts:AssumeRole', resource: `arn:aws:iam::${ACCOUNT}:role/admin` }],
    ['it reads no bucket but its own', { action: 's3:GetObject', resource: 'arn:aws:s3:::another-batchbucket1-x/a' }],
    [
      'it writes to no bucket of another account',
      {
        action: 's3:PutObject',
        resource: 'arn:aws:s3:::bedrock-titan-function-batchbucket-eve/a',
        context: { 'aws:ResourceAccount': '210987654321' },
      },
    ],
    [
      'it empties no bucket',
      { action: 's3:DeleteObject', resource: 'arn:aws:s3:::bedrock-titan-function-batchbucket1-x/a' },
    ],
    [
      'it asks no other function',
      { action: 'lambda:InvokeFunction', resource: `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:another` },
    ],
    [
      'it starts no other machine',
      { action: 'states:StartExecution', resource: `arn:aws:states:ap-northeast-1:${ACCOUNT}:stateMachine:another` },
    ],
    [
      'it ends no execution of another machine',
      { action: 'states:StopExecution', resource: `arn:aws:states:ap-northeast-1:${ACCOUNT}:execution:another:one` },
    ],
    ['it reads no bucket', { action: 's3:GetObject', resource: 'arn:aws:s3:::secrets/one' }],
    [
      'it changes no function',
      { action: 'lambda:UpdateFunctionCode', resource: `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:another` },
    ],
    [
      'it stops no other function',
      {
        action: 'lambda:PutFunctionConcurrency',
        resource: `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:another`,
      },
    ],
  ])('%s', async (_, request) => {
    expect(await decision(everything, request)).toBe('Allowed');
    expect(await decision(everything, request, boundary)).toBe('ImplicitlyDenied');
  });
});
