import { DefaultStackSynthesizer, Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ModelRow } from '../models/table.ts';
import { batchName, brakeName, bucketNames, type Deployed, generatedPrefix } from '../names.ts';
import { assumeCdkRoles, cdkName, ONE_STACK, seeTheBoundary, stackArn } from './permissions.ts';

/** A statement on ARNs for `Fn::Sub`, and why those with a star have it. */
interface Grant {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly star?: string;
  readonly conditions?: Readonly<Record<string, unknown>>;
}

/** What `make verify` asks of AWS as the caller, with the stack of this name and no other. */
export const verifyStatements = (deployed: Deployed, models: readonly ModelRow[]): PolicyStatement[] => [
  assumeCdkRoles(deployed, [DefaultStackSynthesizer.DEFAULT_FILE_ASSET_PUBLISHING_ROLE_ARN]),
  seeTheBoundary(deployed),
  ...grantsOf(deployed, models).map(
    ({ sid, actions, resources, conditions }) =>
      new PolicyStatement({
        sid,
        actions: [...actions],
        resources: resources.map((resource) => (resource === '*' ? resource : Fn.sub(resource))),
        ...(conditions && { conditions }),
      }),
  ),
];

/** The resources with a star among them, and why. */
export const verifyStars = (deployed: Deployed): [resource: string, reason: string][] =>
  grantsOf(deployed, []).flatMap(({ resources, star }) =>
    star
      ? resources.filter((resource) => resource.includes('*')).map((resource): [string, string] => [resource, star])
      : [],
  );

function grantsOf(deployed: Deployed, models: readonly ModelRow[]): Grant[] {
  const here = (service: string, resource: string): string =>
    `arn:\${AWS::Partition}:${service}:${deployed.region}:\${AWS::AccountId}:${resource}`;
  const ended = models
    .filter(({ api, lifecycle }) => api === 'InvokeModel' && lifecycle.status === 'ended')
    .map(
      ({ foundationModel }) => `arn:\${AWS::Partition}:bedrock:${deployed.region}::foundation-model/${foundationModel}`,
    );
  return [
    ...ofTheStack(deployed),
    ...ofTheFunction(deployed, here),
    ...ofTheBatch(deployed, here),
    {
      sid: 'LookForWhatIsLeft',
      actions: ['cloudwatch:DescribeAlarms', 'cloudwatch:ListMetrics', 'logs:DescribeLogGroups', 'tag:GetResources'],
      resources: ['*'],
      star: 'They list names, and AWS takes no narrower resource for them that would list by prefix or tag.',
    },
    ...(ended.length > 0 ? [{ sid: 'AskEndedModels', actions: ['bedrock:InvokeModel'], resources: ended }] : []),
  ];
}

/**
 * The CDK's deploy role may change every stack of the account. It is not assumed, and so the CDK's CLI goes on with the credentials that
 * it has (aws-cdk, SdkProvider.forEnvironment), which may change this stack alone.
 */
function ofTheStack(deployed: Deployed): Grant[] {
  const stack = [stackArn(deployed)];
  const star = ONE_STACK;
  return [
    {
      sid: 'ChangeTheStack',
      actions: [
        'cloudformation:DescribeStacks',
        'cloudformation:DescribeStackEvents',
        'cloudformation:ListStackResources',
        'cloudformation:GetTemplate',
        'cloudformation:DescribeChangeSet',
        'cloudformation:ExecuteChangeSet',
        'cloudformation:DeleteChangeSet',
        'cloudformation:DeleteStack',
      ],
      resources: stack,
      star,
    },
    {
      // By an import a stack takes over what another has made, and removes it with itself.
      sid: 'ImportNothing',
      actions: ['cloudformation:CreateChangeSet'],
      resources: stack,
      star,
      conditions: { Null: { 'cloudformation:ImportResourceTypes': 'true' } },
    },
    {
      sid: 'ActAsCloudFormation',
      actions: ['iam:PassRole'],
      resources: [cdkName(DefaultStackSynthesizer.DEFAULT_CLOUDFORMATION_ROLE_ARN, deployed)],
      conditions: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
    },
    {
      sid: 'ReadTheTemplate',
      actions: ['s3:GetObject'],
      resources: [
        `arn:\${AWS::Partition}:s3:::${cdkName(DefaultStackSynthesizer.DEFAULT_FILE_ASSETS_BUCKET_NAME, deployed)}/*`,
      ],
      star: 'The star stands for the hash of a template.',
    },
    {
      sid: 'SeeTheBootstrap',
      actions: ['ssm:GetParameter'],
      resources: [
        `arn:\${AWS::Partition}:ssm:${deployed.region}:\${AWS::AccountId}:parameter${cdkName(DefaultStackSynthesizer.DEFAULT_BOOTSTRAP_STACK_VERSION_SSM_PARAMETER, deployed)}`,
      ],
    },
  ];
}

type Here = (service: string, resource: string) => string;

function ofTheFunction({ functionName }: Deployed, here: Here): Grant[] {
  const log = here('logs', `log-group:/aws/lambda/${functionName}`);
  return [
    {
      sid: 'TryTheFunction',
      actions: [
        'lambda:InvokeFunction',
        'lambda:InvokeFunctionUrl',
        'lambda:GetFunctionConfiguration',
        'lambda:GetFunctionUrlConfig',
        'lambda:UpdateFunctionConfiguration',
        'lambda:UpdateFunctionCode',
        'lambda:GetFunctionConcurrency',
        'lambda:PutFunctionConcurrency',
        'lambda:DeleteFunctionConcurrency',
        'lambda:ListTags',
      ],
      resources: [here('lambda', `function:${functionName}`)],
    },
    {
      sid: 'ReadItsLog',
      actions: ['logs:FilterLogEvents'],
      resources: [log, `${log}:*`],
      star: 'The star stands for the streams of the one log group.',
    },
    {
      sid: 'SeeItsRoles',
      actions: ['iam:GetRole', 'iam:SimulatePrincipalPolicy'],
      resources: [`arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${generatedPrefix(functionName)}*`],
      star: 'The star stands for what CloudFormation makes up for the names of roles; nothing is changed.',
    },
  ];
}

/** What `make batch`, `batch-stop`, `status` and `destroy` ask for (docs/batch.md). */
function ofTheBatch({ functionName }: Deployed, here: Here): Grant[] {
  const [batch, brake] = [batchName(functionName), brakeName(functionName)];
  const bucket = `arn:\${AWS::Partition}:s3:::${bucketNames(functionName)}`;
  // An S3 ARN names no account, and anybody may give a bucket such a name.
  const conditions = { StringEquals: { 'aws:ResourceAccount': Fn.sub(`\${AWS::AccountId}`) } };
  const star = 'The star stands for names that are made up as they come, of the one batch.';
  return [
    {
      sid: 'SeeTheMachines',
      actions: ['states:DescribeStateMachine', 'states:ListExecutions'],
      resources: [batch, brake].map((name) => here('states', `stateMachine:${name}`)),
    },
    { sid: 'StartBatches', actions: ['states:StartExecution'], resources: [here('states', `stateMachine:${batch}`)] },
    {
      sid: 'FollowBatches',
      actions: ['states:DescribeExecution', 'states:StopExecution', 'states:ListMapRuns'],
      resources: [here('states', `execution:${batch}:*`)],
      star,
    },
    {
      sid: 'FollowRows',
      actions: ['states:DescribeMapRun'],
      resources: [here('states', `mapRun:${batch}/*`)],
      star,
    },
    { sid: 'SeeTheBucket', actions: ['s3:ListBucket'], resources: [bucket], star, conditions },
    {
      sid: 'RowsAndResults',
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      resources: [`${bucket}/*`],
      star,
      conditions,
    },
  ];
}
