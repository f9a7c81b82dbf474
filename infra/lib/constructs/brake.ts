import { ArnFormat, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { type IRole, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { DefinitionBody, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { brakeName, limitAlarmName, dimensionsOf, METRICS_NAMESPACE } from '../names.ts';

/** What a `Brake` is to stop, and when. */
export interface BrakeProps {
  readonly function: LambdaFunction;
  readonly functionName: string;
  /** US dollars of estimated cost in 24 hours. */
  readonly limitUsd: number;
}

/**
 * Stops the function when the estimated cost of the last 24 hours reaches a limit: the alarm's change of state
 * starts a state machine whose one task is a call of Lambda's API. No code of ours stands in between.
 *
 * The alarm's window slides: looked at each minute, over the 24 hours before. A window of the calendar's day would
 * be looked at when the day is over. It watches the cost of the function as a whole: a model that is no longer granted
 * was paid for all the same.
 */
export class Brake extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: BrakeProps) {
    super(scope, id);
    const machine = this.stateMachine(props);
    const rule = new Rule(this, 'Rule', {
      description: 'Pulls the brake when the limit is crossed',
      eventPattern: {
        source: ['aws.cloudwatch'],
        detailType: ['CloudWatch Alarm State Change'],
        resources: [arnOf(this, props.functionName)],
        detail: { state: { value: ['ALARM'] } },
      },
      targets: [new SfnStateMachine(machine, { retryAttempts: 5 })],
    });
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: limitAlarmName(props.functionName),
      alarmDescription: `The estimated cost of 24 hours reached $${props.limitUsd}: the function is stopped (make status, make resume)`,
      metric: costOf(props.functionName),
      threshold: props.limitUsd,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    // Made last. An alarm changes its state once per crossing: if that happened before the rule is there, nothing would stop
    // the function. The rule's role and its permission are in the state machine's part of the tree.
    this.alarm.node.addDependency(rule, machine);
  }

  /** Of the standard type, which remembers for 90 days that it ran: `make status` asks it. It runs once a crossing, so price does not count. */
  private stateMachine({ function: fn, functionName }: BrakeProps): StateMachine {
    const stop = new CallAwsService(this, 'Stop', {
      comment: 'A reserved concurrency of 0 refuses every call',
      service: 'lambda',
      action: 'putFunctionConcurrency',
      parameters: { FunctionName: fn.functionName, ReservedConcurrentExecutions: 0 },
      iamResources: [fn.functionArn],
    }).addRetry({ maxAttempts: 5, interval: Duration.seconds(2) });
    const machine = new StateMachine(this, 'StateMachine', {
      stateMachineName: brakeName(functionName),
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(stop),
      timeout: Duration.minutes(10),
      role: this.roleFor(fn),
    });
    Validations.of(machine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason:
          'Step Functions itself keeps each execution for 90 days; a log would need a permission on every log group.',
      },
      { id: 'AwsSolutions-SF2', reason: 'One task of one call: there is nothing to trace.' },
    );
    return machine;
  }

  /** The one action on the one function; immutable, so that the task adds no policy beside it. */
  private roleFor(fn: LambdaFunction): IRole {
    const statements = [
      new PolicyStatement({
        sid: 'StopTheFunction',
        actions: ['lambda:PutFunctionConcurrency'],
        resources: [fn.functionArn],
      }),
    ];
    return new Role(this, 'Role', {
      description: 'What the brake may do: stop the function',
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
      inlinePolicies: { StopTheFunction: new PolicyDocument({ statements }) },
    }).withoutPolicyUpdates();
  }
}

/** By the name, which is known: emulators make no alarm that a reference could be resolved with. */
function arnOf(scope: Construct, functionName: string): string {
  return Stack.of(scope).formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: limitAlarmName(functionName),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** The estimated cost of 24 hours, whichever models were called. */
const costOf = (functionName: string): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: 'costUsd',
    dimensionsMap: dimensionsOf(functionName),
    statistic: Stats.SUM,
    period: Duration.days(1),
  });
