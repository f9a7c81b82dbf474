import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

/** The function that `FunctionAlarms` watch, and the address that they notify. */
export interface FunctionAlarmsProps {
  readonly function: LambdaFunction;
  /** Seconds after which Lambda ends an invocation. */
  readonly timeoutSeconds: number;
  /** The address to notify; without it an alarm only shows in the console, and there is no topic. */
  readonly email?: string | undefined;
  /** Alarms of other constructs that notify the same address. */
  readonly others?: readonly Alarm[];
}

const PERIOD = Duration.minutes(5);

/** The part of the time-out from which the alarm on durations goes off. */
const NEAR_TIMEOUT = 0.8;

/**
 * Three alarms on what only Lambda can see. They are made with or without an address, because each also shows in the
 * console. Beyond an account's ten free ones an alarm costs ten cents a month.
 *
 * A call that Bedrock refused is an answer, not an error of the function, and raises none of them; a row of a batch that is asked
 * again is one.
 */
export class FunctionAlarms extends Construct {
  constructor(scope: Construct, id: string, { function: fn, timeoutSeconds, email, others = [] }: FunctionAlarmsProps) {
    super(scope, id);
    const alarms = [
      this.alarm('Errors', 'An invocation crashed or ran out of time', fn.metricErrors({ period: PERIOD }), 1),
      this.alarm('Throttles', 'Lambda turned calls away: too many at once', fn.metricThrottles({ period: PERIOD }), 1),
      this.alarm(
        'Duration',
        `An invocation took ${NEAR_TIMEOUT * 100} % of the ${timeoutSeconds} s it has, or more`,
        fn.metricDuration({ period: PERIOD, statistic: Stats.MAXIMUM }),
        timeoutSeconds * 1000 * NEAR_TIMEOUT,
      ),
    ];
    if (email) this.tell(email, [...alarms, ...others]);
  }

  private alarm(id: string, alarmDescription: string, metric: IMetric, threshold: number): Alarm {
    return new Alarm(this, id, {
      alarmDescription,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      // Without calls there is no data, which is no fault.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private tell(email: string, alarms: readonly Alarm[]): void {
    const topic = new Topic(this, 'Topic', { displayName: 'Bedrock function alarms', enforceSSL: true });
    topic.addSubscription(new EmailSubscription(email));
    topic.addToResourcePolicy(publishFromAlarms(topic, alarms));
    for (const alarm of alarms) alarm.addAlarmAction(new SnsAction(topic));
  }
}

/** A topic with a policy of its own (enforceSSL writes one) loses the default one, which let the account's alarms in. */
function publishFromAlarms(topic: Topic, alarms: readonly Alarm[]): PolicyStatement {
  return new PolicyStatement({
    sid: 'AlarmsOfThisAccount',
    principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
    actions: ['sns:Publish'],
    resources: [topic.topicArn],
    conditions: {
      StringEquals: { 'aws:SourceAccount': Stack.of(topic).account },
      ArnEquals: { 'aws:SourceArn': alarms.map((alarm) => alarm.alarmArn) },
    },
  });
}
