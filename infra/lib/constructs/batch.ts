import { Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { BlockPublicAccess, Bucket, BucketEncryption, type CfnBucket } from 'aws-cdk-lib/aws-s3';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { batchName } from '../names.ts';
import { BATCH_DEFAULTS } from '../settings/settings.ts';
import { batchRows, RESULTS_PREFIX } from './batch-rows.ts';
import { allow, executionsOf, machineRole, statesArn } from './machine-role.ts';

/** The function that a `Batch` invokes, and its limits. */
export interface BatchProps {
  readonly function: LambdaFunction;
  readonly functionName: string;
  /** Seconds after which Lambda ends an invocation. */
  readonly timeoutSeconds: number;
  /** Rows asked at once. */
  readonly maxConcurrency?: number | undefined;
  /** Days after which rows and results are removed; those of `BATCH_DEFAULTS` where absent. */
  readonly batchRetentionDays?: number | undefined;
}

/** The folder of the bucket with the files of rows. */
const INPUT_PREFIX = 'input';

/** Asks the function every row of a file: a bucket with rows and results, and a state machine. */
export class Batch extends Construct {
  readonly bucket: Bucket;
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: BatchProps) {
    super(scope, id);
    const retention = Duration.days(props.batchRetentionDays ?? BATCH_DEFAULTS.batchRetentionDays);
    this.bucket = this.ownBucket(retention);
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: batchName(props.functionName),
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(batchRows(this, { ...props, bucket: this.bucket })),
      // The bucket has removed its rows by then.
      timeout: retention,
      role: this.roleFor(props),
    });
    // The CDK's policy for a map, which no role takes.
    this.stateMachine.node.tryRemoveChild('DistributedMapPolicy');
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason: 'A log would need a permission on every log group, and would keep what the bucket forgets.',
      },
      { id: 'AwsSolutions-SF2', reason: 'A row is one call, which the function logs: there is nothing to trace.' },
    );
  }

  /**
   * Removed with the stack. `make destroy` empties it first, with the caller's credentials: the CDK's `autoDeleteObjects` would add a
   * function that may delete, and a role for it, which CloudFormation would need a permission to create.
   */
  private ownBucket(expiration: Duration): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      lifecycleRules: [{ expiration, abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(bucket).acknowledge({
      id: 'AwsSolutions-S1',
      reason: 'A log of accesses would need a bucket of its own, for files that are gone in days.',
    });
    return bucket;
  }

  /**
   * The permissions that Step Functions' guide lists for a Distributed Map that reads and writes S3, on this state machine, two folders
   * of this bucket and this function alone.
   */
  private roleFor({ function: fn, functionName }: BatchProps): IRole {
    // By name, because the machine is made after its role.
    const machine = statesArn(this, 'stateMachine', batchName(functionName));
    const executions = executionsOf(this, functionName);
    const filesIn = (prefix: string): string => this.bucket.arnForObjects(`${prefix}/*`);
    const bucketId = Stack.of(this).getLogicalId(this.bucket.node.defaultChild as CfnBucket);
    return machineRole(this, {
      description: 'What a batch may do: read its rows, ask the function, write what came of them',
      policyName: 'AskEveryRow',
      statements: [
        allow('AskTheFunction', ['lambda:InvokeFunction'], fn.functionArn),
        allow('StartRows', ['states:StartExecution'], machine),
        allow('EndRows', ['states:DescribeExecution', 'states:StopExecution'], executions),
        allow('ReadRows', ['s3:GetObject'], filesIn(INPUT_PREFIX)),
        allow('WriteResults', WRITE_RESULTS, filesIn(RESULTS_PREFIX)),
      ],
      stars: [...[INPUT_PREFIX, RESULTS_PREFIX].map((prefix) => `<${bucketId}.Arn>/${prefix}/*`), executions],
    });
  }
}

/** By Step Functions' guide, "IAM policies for ResultWriter". */
const WRITE_RESULTS = ['s3:GetObject', 's3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'];
