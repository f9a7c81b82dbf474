import { BootstraplessSynthesizer, Fn, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import {
  batchName,
  bootstrapStackName,
  boundaryName,
  brakeName,
  bucketNames,
  type Deployed,
  executionPolicyName,
} from '../names.ts';
import { executionStatements } from './execution.ts';

/**
 * The two policies by which CloudFormation is held to one stack of this project, instead of the AdministratorAccess that
 * the CDK gives it: what it may do itself, and the most that the roles may do that it makes.
 *
 * Made with the caller's own credentials: CloudFormation's role must not be able to change either.
 */
export class BootstrapStack extends Stack {
  constructor(scope: Construct, deployed: Deployed) {
    super(scope, bootstrapStackName(deployed.functionName), {
      env: { region: deployed.region },
      description: `What CloudFormation may do to deploy ${deployed.functionName}`,
      synthesizer: new BootstraplessSynthesizer(),
    });
    new ManagedPolicy(this, 'Boundary', {
      managedPolicyName: boundaryName(deployed),
      description: `The most that a role of ${deployed.functionName} may do`,
      statements: boundaryStatements(deployed),
    });
    new ManagedPolicy(this, 'Execution', {
      managedPolicyName: executionPolicyName(deployed),
      description: `What CloudFormation may do to deploy ${deployed.functionName}`,
      statements: executionStatements(deployed),
    });
  }
}

/**
 * All permissions that a role of the stack can need, with any settings. The function calls models and writes its log; the brake
 * stops the function and its batches, and its rule starts the brake; a batch invokes the function, reads and writes its bucket, and
 * starts and ends its own executions. A permission beyond these, in a template, has no effect.
 */
function boundaryStatements({ functionName, region }: Deployed): PolicyStatement[] {
  const here = (service: string, resource: string): string =>
    Fn.sub(`arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${resource}`);
  const allow = (sid: string, actions: string[], resources: string[], conditions?: object): PolicyStatement =>
    new PolicyStatement({ sid, actions, resources, ...(conditions && { conditions: { ...conditions } }) });
  return [
    allow(
      'WriteOwnLog',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [here('logs', `log-group:/aws/lambda/${functionName}:*`)],
    ),
    allow(
      'CallModels',
      ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
      [Fn.sub(`arn:\${AWS::Partition}:bedrock:*::foundation-model/*`), here('bedrock', 'inference-profile/*')],
    ),
    allow('StopTheFunction', ['lambda:PutFunctionConcurrency'], [here('lambda', `function:${functionName}`)]),
    allow(
      'StartMachines',
      ['states:StartExecution'],
      [brakeName, batchName].map((nameOf) => here('states', `stateMachine:${nameOf(functionName)}`)),
    ),
    allow('AskRows', ['lambda:InvokeFunction'], [here('lambda', `function:${functionName}`)]),
    allow(
      'RowsAndResults',
      ['s3:GetObject', 's3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
      [Fn.sub(`arn:\${AWS::Partition}:s3:::${bucketNames(functionName)}/*`)],
      // An S3 ARN names no account, and anybody may give a bucket such a name.
      { StringEquals: { 'aws:ResourceAccount': Fn.sub(`\${AWS::AccountId}`) } },
    ),
    allow('ListBatches', ['states:ListExecutions'], [here('states', `stateMachine:${batchName(functionName)}`)]),
    allow(
      'EndBatches',
      ['states:DescribeExecution', 'states:StopExecution'],
      [here('states', `execution:${batchName(functionName)}:*`)],
    ),
  ];
}
