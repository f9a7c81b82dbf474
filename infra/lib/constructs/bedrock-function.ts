import { Duration, Fn, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, type Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { environmentOf, type InferenceDefaults } from '../settings/function-environment.ts';
import type { ModelRow } from '../models/table.ts';
import { bedrockStatements } from './bedrock-access.ts';

/** The settings of a `BedrockFunction`. */
export interface BedrockFunctionProps {
  /** Name of the function and, after `/aws/lambda/`, of its log group. */
  readonly functionName: string;
  /** A directory with one x86_64 executable named `bootstrap`. */
  readonly code: Code;
  /** The models it may call; the first is the default one. */
  readonly models: readonly ModelRow[];
  /** MB; CPU comes in proportion. A function that waits for Bedrock needs little of either. */
  readonly memory: number;
  /** Seconds after which Lambda ends an invocation. */
  readonly timeoutSeconds: number;
  /** Calls that it runs at once, at most; as many as the account has room for where absent. */
  readonly maxConcurrency?: number | undefined;
  /** Days that log lines are kept. */
  readonly logRetentionDays: RetentionDays;
  /** Whether an event may ask for its answer word by word; not where absent. */
  readonly stream?: boolean | undefined;
  /** Defaults for events that do not say; the function's own where absent. */
  readonly inference?: InferenceDefaults;
}

/**
 * A Rust function that may call these models and write its own log, and nothing else:
 * no managed policy, no network of its own, no code compiled while the template is made.
 */
export class BedrockFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: BedrockFunctionProps) {
    super(scope, id);
    this.logGroup = this.ownLogGroup(props);
    this.role = this.leastPrivilegedRole(props);
    this.function = new LambdaFunction(this, 'Function', {
      functionName: props.functionName,
      description: `Answers a prompt with ${props.models.map((model) => model.id).join(', ')}`.slice(
        0,
        DESCRIPTION_CHARS,
      ),
      code: props.code,
      runtime: Runtime.PROVIDED_AL2023,
      architecture: Architecture.X86_64,
      handler: 'bootstrap',
      memorySize: props.memory,
      timeout: Duration.seconds(props.timeoutSeconds),
      ...(props.maxConcurrency !== undefined && { reservedConcurrentExecutions: props.maxConcurrency }),
      environment: environmentOf(
        { ...props.inference, timeoutSeconds: props.timeoutSeconds, stream: props.stream },
        props.models,
      ),
      role: this.role,
      // The log's format stays Lambda's default, text: the function's line is JSON as it is. With Lambda's
      // own JSON format the service would filter that line by its "level" and set AWS_LAMBDA_LOG_LEVEL.
      logGroup: this.logGroup,
    });
  }

  /** Made here and not by Lambda on the first call, so that it has a retention and goes with the stack. */
  private ownLogGroup({ functionName, logRetentionDays }: BedrockFunctionProps): LogGroup {
    return new LogGroup(this, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private leastPrivilegedRole({ functionName, models, stream }: BedrockFunctionProps): Role {
    const { region } = Stack.of(this);
    const streams = `arn:\${AWS::Partition}:logs:${region}:\${AWS::AccountId}:log-group:/aws/lambda/${functionName}:*`;
    const role = new Role(this, 'Role', {
      description: `What ${functionName} may do: call its models, write its log`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        CallModelsAndWriteLog: new PolicyDocument({
          statements: [writeLog(Fn.sub(streams)), ...bedrockStatements(models, region, stream)],
        }),
      },
    });
    Validations.of(role).acknowledge({
      // cdk-nag writes a pseudo parameter as <AWS::…>.
      id: `AwsSolutions-IAM5[Resource::${streams.replace(/\$\{(.*?)\}/g, '<$1>')}]`,
      reason:
        'The star stands for the streams of one log group, whose names Lambda makes up as it goes; no other group matches.',
    });
    return role;
  }
}

/** Lambda's limit for a description (CreateFunction, API reference). */
const DESCRIPTION_CHARS = 256;

/**
 * Both actions are authorized on a stream, `log-group:NAME:log-stream:STREAM`. `NAME:*` is the form that AWS's
 * own policies use; without the `:*` the group itself would match and no stream.
 */
function writeLog(streams: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'WriteOwnLog',
    effect: Effect.ALLOW,
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [streams],
  });
}
