import { ArnFormat, Duration, Stack, Validations } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import {
  type Chain,
  Choice,
  Condition,
  DefinitionBody,
  JsonPath,
  Map as ForEach,
  StateMachine,
  StateMachineType,
  Succeed,
} from 'aws-cdk-lib/aws-stepfunctions';
import { CallAwsService } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import { brakeName, limitAlarmName, dimensionsOf, METRICS_NAMESPACE } from '../names.ts';
import { allow, executionsOf, machineRole } from './machine-role.ts';

/** The function that a `Brake` stops, and the limit. */
export interface BrakeProps {
  readonly function: LambdaFunction;
  readonly functionName: string;
  /** US dollars of estimated cost in 24 hours. */
  readonly limitUsd: number;
  /** The state machine whose executions are to end too. */
  readonly batch?: StateMachine | undefined;
}

/**
 * Stops the function when the estimated cost of the last 24 hours reaches a limit: the alarm's change of state
 * starts a state machine that calls AWS's APIs: Lambda's, and with a batch Step Functions'. It runs no code of this project.
 *
 * The alarm's window slides: each minute CloudWatch evaluates the 24 hours before. It would evaluate a calendar day only when
 * the day is over. The alarm watches the cost of the whole function, which includes models that are no longer granted.
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

  /** Of type Standard, whose history `make status` reads: it is kept for 90 days. The machine runs once per crossing, so its price is negligible. */
  private stateMachine(props: BrakeProps): StateMachine {
    const { function: fn, functionName, batch } = props;
    const stop = new CallAwsService(this, 'Stop', {
      comment: 'A reserved concurrency of 0 refuses every call',
      service: 'lambda',
      action: 'putFunctionConcurrency',
      parameters: { FunctionName: fn.functionName, ReservedConcurrentExecutions: 0 },
      iamResources: [fn.functionArn],
    }).addRetry(RETRY);
    const machine = new StateMachine(this, 'StateMachine', {
      stateMachineName: brakeName(functionName),
      stateMachineType: StateMachineType.STANDARD,
      definitionBody: DefinitionBody.fromChainable(batch ? stop.next(this.endExecutions(batch)) : stop),
      timeout: Duration.minutes(10),
      role: this.roleFor(props),
    });
    Validations.of(machine).acknowledge(
      {
        id: 'AwsSolutions-SF1',
        reason:
          'Step Functions itself keeps each execution for 90 days; a log would need a permission on every log group.',
      },
      { id: 'AwsSolutions-SF2', reason: 'Some calls of AWS one after the other: there is nothing to trace.' },
    );
    return machine;
  }

  /** Without this a batch would try each of its rows again and again, for hours. A page of the list is 100 executions. */
  private endExecutions({ stateMachineArn }: StateMachine): Chain {
    const task = (id: string, action: string, parameters: Record<string, unknown>) =>
      new CallAwsService(this, id, { service: 'sfn', action, parameters, iamResources: [stateMachineArn] }).addRetry(
        RETRY,
      );
    const running = { StateMachineArn: stateMachineArn, StatusFilter: 'RUNNING' };
    const end = task('End', 'stopExecution', {
      ExecutionArn: JsonPath.stringAt('$.ExecutionArn'),
      Error: 'DailyLimitReached',
      Cause: 'The estimated cost of 24 hours reached DAILY_LIMIT_USD',
    });
    // The page stays the input of the next state, which needs its token.
    const each = new ForEach(this, 'Each', { itemsPath: '$.Executions', resultPath: JsonPath.DISCARD });
    const next = task('ListMore', 'listExecutions', { ...running, NextToken: JsonPath.stringAt('$.NextToken') });
    const more = new Choice(this, 'More')
      .when(Condition.isPresent('$.NextToken'), next.next(each))
      .otherwise(new Succeed(this, 'Ended'));
    return task('List', 'listExecutions', running).next(each.itemProcessor(end)).next(more);
  }

  /** One action on one function, and those that end batches. */
  private roleFor({ function: fn, functionName, batch }: BrakeProps): IRole {
    const executions = executionsOf(this, functionName);
    const ofBatch = batch
      ? [
          allow('ListTheBatches', ['states:ListExecutions'], batch.stateMachineArn),
          allow('EndTheBatches', ['states:StopExecution'], executions),
        ]
      : [];
    return machineRole(this, {
      description: `What the brake may do: stop the function${batch ? ', and end its batches' : ''}`,
      policyName: 'StopTheFunction',
      statements: [allow('StopTheFunction', ['lambda:PutFunctionConcurrency'], fn.functionArn), ...ofBatch],
      stars: batch ? [executions] : [],
    });
  }
}

/** The retries of each call of AWS. */
const RETRY = { maxAttempts: 5, interval: Duration.seconds(2) };

/** The alarm's ARN, made from its name: emulators give no ARN by which a reference could be resolved. */
function arnOf(scope: Construct, functionName: string): string {
  return Stack.of(scope).formatArn({
    service: 'cloudwatch',
    resource: 'alarm',
    resourceName: limitAlarmName(functionName),
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** The estimated cost of 24 hours, over all models. */
const costOf = (functionName: string): Metric =>
  new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: 'costUsd',
    dimensionsMap: dimensionsOf(functionName),
    statistic: Stats.SUM,
    period: Duration.days(1),
  });
