import { DefaultStackSynthesizer, Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  batchName,
  brakeName,
  boundaryName,
  bucketNames,
  type Deployed,
  generatedPrefix,
  policyArn,
} from '../names.ts';

/**
 * What CloudFormation has to do to make, change and remove the stack, whatever its settings: the permissions in the schema
 * of each resource's type, without those of properties that no template of this project has.
 *
 * Roles are where it could be widened: whoever deploys writes their policies. So CloudFormation may make and change roles
 * of the stack's constructs alone, and with the boundary alone; it may attach no managed policy, and pass each role to
 * the service alone that it is for.
 */
export function executionStatements(deployed: Deployed): PolicyStatement[] {
  return [
    readCode(deployed),
    ...ofTheFunction(deployed),
    ...ofItsRoles(deployed),
    ...ofWhatWatches(deployed),
    ...ofTheMachines(deployed),
    ofTheBucket(deployed),
  ];
}

type Statement = readonly [sid: string, service: string, actions: readonly string[], resources: readonly string[]];

/** A statement on ARNs for `Fn::Sub`. Of each action the service is named once. */
function allow([sid, service, actions, resources]: Statement, conditions?: Record<string, unknown>): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: actions.map((action) => `${service}:${action}`),
    resources: resources.map((resource) => (resource === '*' ? resource : Fn.sub(resource))),
    ...(conditions && { conditions }),
  });
}

const arn = (service: string, region: string, resource: string): string =>
  `arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${resource}`;

/** The first matches `TagResource` and `UntagResource`. IAM ignores case in actions, and a policy has at most 6,144 characters. */
const TAGS = ['*TagResource', 'ListTagsForResource'];

function readCode({ region }: Deployed): PolicyStatement {
  const bucket = DefaultStackSynthesizer.DEFAULT_FILE_ASSETS_BUCKET_NAME.replaceAll(
    `\${Qualifier}`,
    DefaultStackSynthesizer.DEFAULT_QUALIFIER,
  ).replaceAll(`\${AWS::Region}`, region);
  return allow(['ReadCode', 's3', ['GetObject'], [`arn:\${AWS::Partition}:s3:::${bucket}/*`]]);
}

const FUNCTION_ACTIONS = [
  'CreateFunction',
  'DeleteFunction',
  'UpdateFunctionCode',
  'UpdateFunctionConfiguration',
  'PutFunctionConcurrency',
  'DeleteFunctionConcurrency',
  'GetFunction',
  'GetFunctionCodeSigningConfig',
  'GetFunctionRecursionConfig',
  'GetFunctionScalingConfig',
  'GetRuntimeManagementConfig',
  'TagResource',
  'UntagResource',
  'CreateFunctionUrlConfig',
  'UpdateFunctionUrlConfig',
  'DeleteFunctionUrlConfig',
  'GetFunctionUrlConfig',
];

const LOG_ACTIONS = [
  'CreateLogGroup',
  'DeleteLogGroup',
  'PutRetentionPolicy',
  'DeleteRetentionPolicy',
  'GetDataProtectionPolicy',
  ...TAGS,
];

function ofTheFunction({ functionName, region }: Deployed): PolicyStatement[] {
  const log = arn('logs', region, `log-group:/aws/lambda/${functionName}`);
  return [
    allow(['Function', 'lambda', FUNCTION_ACTIONS, [arn('lambda', region, `function:${functionName}`)]]),
    allow(['Log', 'logs', LOG_ACTIONS, [log, `${log}:*`]]),
    allow(['Logs', 'logs', ['DescribeLogGroups', 'DescribeIndexPolicies', 'DescribeResourcePolicies'], ['*']]),
  ];
}

const ROLE_ACTIONS = [
  'DeleteRole',
  'DeleteRolePolicy',
  'UpdateRole',
  'UpdateRoleDescription',
  'UpdateAssumeRolePolicy',
  'TagRole',
  'UntagRole',
  'GetRole',
  'GetRolePolicy',
  'ListRolePolicies',
  'ListAttachedRolePolicies',
];

function ofItsRoles(deployed: Deployed): PolicyStatement[] {
  const roles = (construct: string): string =>
    arn('iam', '', `role/${generatedPrefix(deployed.functionName)}${construct}*`);
  const [ofFunction, ofBrake, ofBatch] = [roles('Bedrock'), roles('Brake'), roles('Batch')];
  const all = [ofFunction, ofBrake, ofBatch];
  const bounded = { StringEquals: { 'iam:PermissionsBoundary': Fn.sub(policyArn(boundaryName(deployed))) } };
  const passedTo = (...services: string[]) => ({
    StringEquals: { 'iam:PassedToService': services.map((service) => `${service}.amazonaws.com`) },
  });
  return [
    allow(['BoundedRoles', 'iam', ['CreateRole', 'PutRolePolicy', 'PutRolePermissionsBoundary'], all], bounded),
    allow(['Roles', 'iam', ROLE_ACTIONS, all]),
    allow(['PassToLambda', 'iam', ['PassRole'], [ofFunction]], passedTo('lambda')),
    allow(['PassToMachines', 'iam', ['PassRole'], [ofBrake, ofBatch]], passedTo('states', 'events')),
  ];
}

const TOPIC_ACTIONS = [
  'CreateTopic',
  'DeleteTopic',
  'GetTopicAttributes',
  'SetTopicAttributes',
  'GetDataProtectionPolicy',
  'Subscribe',
  'ListSubscriptionsByTopic',
  ...TAGS,
];

/** Alarms, dashboard, topic and budget. Dashboards and budgets belong to an account, not to a region. */
function ofWhatWatches({ functionName, region }: Deployed): PolicyStatement[] {
  const named = (service: string, kind: string): string[] =>
    [functionName, `${functionName}-*`].map((name) => arn(service, '', `${kind}/${name}`));
  const alarms = arn('cloudwatch', region, `alarm:${functionName}-*`);
  const dashboards = named('cloudwatch', 'dashboard');
  return [
    allow(['Alarms', 'cloudwatch', ['PutMetricAlarm', 'DeleteAlarms', ...TAGS], [alarms]]),
    allow(['AllAlarms', 'cloudwatch', ['DescribeAlarms'], ['*']]),
    allow(['Dashboard', 'cloudwatch', ['PutDashboard', 'DeleteDashboards', 'GetDashboard', ...TAGS], dashboards]),
    allow(['Topic', 'sns', TOPIC_ACTIONS, [arn('sns', region, `${functionName}-*`)]]),
    // IAM is asked about these without the topic.
    allow(['Subscriptions', 'sns', ['Unsubscribe', 'GetSubscriptionAttributes', 'SetSubscriptionAttributes'], ['*']]),
    allow(['Budget', 'budgets', ['ModifyBudget', 'ViewBudget', ...TAGS], named('budgets', 'budget')]),
    allow(['Bill', 'billing', ['GetBillingViewData'], [arn('billing', '', 'billingview/primary')]]),
  ];
}

const RULE_ACTIONS = [
  'PutRule',
  'DeleteRule',
  'DescribeRule',
  'PutTargets',
  'RemoveTargets',
  'ListTargetsByRule',
  ...TAGS,
];

const STATE_MACHINE_ACTIONS = [
  'CreateStateMachine',
  'UpdateStateMachine',
  'DeleteStateMachine',
  'DescribeStateMachine',
  ...TAGS,
];

function ofTheMachines({ functionName, region }: Deployed): PolicyStatement[] {
  const machines = [brakeName, batchName].map((nameOf) =>
    arn('states', region, `stateMachine:${nameOf(functionName)}`),
  );
  return [
    allow(['Rule', 'events', RULE_ACTIONS, [arn('events', region, `rule/${generatedPrefix(functionName)}Brake*`)]]),
    allow(['Machines', 'states', STATE_MACHINE_ACTIONS, machines]),
  ];
}

/** CloudFormation has no access to the files: `Get…` reads the bucket's settings. `PutBucketP*` is its policy and its block of public access. */
const BUCKET_ACTIONS = [
  'CreateBucket',
  'DeleteBucket',
  'DeleteBucketPolicy',
  'GetBucket*',
  'Get*Configuration',
  'ListBucket',
  'PutBucketP*',
  'PutBucketTagging',
  'PutEncryptionConfiguration',
  'PutLifecycleConfiguration',
  ...TAGS,
];

/** S3's ARNs have no account. CloudFormation generates a name of at most 63 characters in lower case, which begins with the stack's. */
function ofTheBucket({ functionName }: Deployed): PolicyStatement {
  const bucket = `arn:\${AWS::Partition}:s3:::${bucketNames(functionName)}`;
  return allow(['Bucket', 's3', BUCKET_ACTIONS, [bucket]]);
}
