import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { infraDir } from '../lib/paths.ts';
import { overrunOf } from '../lib/models/overrun.ts';
import { definitionIn } from './support/definition.ts';
import { stackOf, table, templateOf } from './support/stack.ts';
import { outcomeOf, tool } from './support/tools.ts';

const NAME = 'bedrock-titan-function';
const withLimit = (given: Record<string, string> = {}) => templateOf({ DAILY_LIMIT_USD: '5', ...given });

describe('the brake', () => {
  it('leaves no trace when there is no limit', () => {
    const template = templateOf({ ALARM_EMAIL: 'someone@example.com', DASHBOARD: '1' });
    template.resourceCountIs('AWS::Events::Rule', 0);
    template.resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    template.resourceCountIs('AWS::IAM::Role', 1);
  });

  it.each([table.default, 'jp.amazon.nova-2-lite-v1:0,apac.amazon.nova-micro-v1:0', 'apac.amazon.nova-micro-v1:0'])(
    "has an alarm on the function's cost over 24 hours, whichever models it granted meanwhile: %s",
    (MODEL) => {
      withLimit({ MODEL }).hasResourceProperties('AWS::CloudWatch::Alarm', {
        AlarmName: `${NAME}-daily-limit`,
        Threshold: 5,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
        Namespace: 'BedrockOnLambda',
        MetricName: 'costUsd',
        Dimensions: [{ Name: 'functionName', Value: NAME }],
        Period: 86_400,
        Statistic: 'Sum',
      });
    },
  );

  it('has a rule that starts the state machine when that alarm turns red', () => {
    withLimit().hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        resources: [
          {
            'Fn::Join': [
              '',
              ['arn:aws:cloudwatch:ap-northeast-1:', { Ref: 'AWS::AccountId' }, `:alarm:${NAME}-daily-limit`],
            ],
          },
        ],
        detail: { state: { value: ['ALARM'] } },
      },
      Targets: [
        Match.objectLike({
          Arn: { Ref: Match.stringLikeRegexp('^BrakeStateMachine') },
          RoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('EventsRole'), 'Arn'] },
        }),
      ],
    });
  });

  it('has its alarm made last: one that turned red before the rule is there would stop nothing', () => {
    const parts = z
      .record(z.string(), z.looseObject({ DependsOn: z.array(z.string()).optional() }))
      .parse(withLimit().toJSON().Resources);
    const alarm = Object.keys(parts).find((id) => id.startsWith('BrakeAlarm')) ?? '';
    const others = Object.keys(parts).filter((id) => id.startsWith('Brake') && id !== alarm);
    expect(parts[alarm]?.DependsOn?.toSorted()).toEqual(others.filter((id) => !/^BrakeRole/.test(id)).toSorted());
    expect(others.map((id) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'BrakeRole',
      'BrakeStateMachine',
      'BrakeStateMachineEventsRole',
      'BrakeStateMachineEventsRoleDefaultPolicy',
      'BrakeRule',
    ]);
    const [role, machine] = others;
    expect(JSON.stringify(parts[machine ?? '']), 'the state machine needs its role').toContain(role);
  });

  it('may stop the one function, and its rule may start the one state machine: nothing else', () => {
    const template = withLimit();
    const roles = z.record(
      z.string(),
      z.object({ Properties: z.object({ Policies: z.array(z.object({ PolicyDocument: z.unknown() })).optional() }) }),
    );
    const inline = Object.entries(roles.parse(template.findResources('AWS::IAM::Role')))
      .filter(([id]) => id.startsWith('Brake'))
      .flatMap(([, { Properties }]) => Properties.Policies ?? []);
    const statement = {
      Sid: 'StopTheFunction',
      Effect: 'Allow',
      Action: 'lambda:PutFunctionConcurrency',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^BedrockFunction/), 'Arn'] },
    };
    expect(inline).toEqual([{ PolicyDocument: { Version: '2012-10-17', Statement: [statement] } }]);
    template.resourceCountIs('AWS::IAM::Policy', 1);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'states:StartExecution',
            Resource: { Ref: Match.stringLikeRegexp('^BrakeStateMachine') },
          },
        ],
      },
    });
  });

  it('mails where an address is set, and only then', () => {
    const alarm = { AlarmName: `${NAME}-daily-limit` };
    withLimit().hasResourceProperties('AWS::CloudWatch::Alarm', { ...alarm, AlarmActions: Match.absent() });
    withLimit({ ALARM_EMAIL: 'someone@example.com' }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      ...alarm,
      AlarmActions: [Match.anyValue()],
    });
    withLimit({ ALARM_EMAIL: 'someone@example.com' }).hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Condition: Match.objectLike({
              ArnEquals: {
                'aws:SourceArn': Match.arrayWith([{ 'Fn::GetAtt': [Match.stringLikeRegexp('^BrakeAlarm'), 'Arn'] }]),
              },
            }),
          }),
        ]),
      },
    });
  });

  it("started with the alarm's event sets the concurrency of the one function to 0", async () => {
    const input = JSON.stringify({
      definition: JSON.stringify(
        definitionIn(Template.fromStack(stackOf({ DAILY_LIMIT_USD: '5' })), 'Brake', () => NAME),
      ),
      functions: [NAME, 'another'],
      event: ALARM_EVENT,
    });
    const { status, stdout, stderr } = await outcomeOf(tool('python'), [join(infraDir, 'test/support/pull_brake.py')], {
      input,
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(JSON.parse(stdout)).toEqual({
      before: { [NAME]: null, another: null },
      after: { [NAME]: 0, another: null },
      status: 'SUCCEEDED',
    });
  });
});

/** What EventBridge hands on: the shape of CloudWatch's user guide, "Alarm events and EventBridge". */
const ALARM_EVENT = {
  version: '0',
  id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
  'detail-type': 'CloudWatch Alarm State Change',
  source: 'aws.cloudwatch',
  account: '123456789012',
  time: '2026-11-23T09:00:00Z',
  region: 'ap-northeast-1',
  resources: [`arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:${NAME}-daily-limit`],
  detail: {
    alarmName: `${NAME}-daily-limit`,
    state: { value: 'ALARM', reason: 'Threshold Crossed', timestamp: '2026-11-23T09:00:00.000+0000' },
    previousState: { value: 'OK' },
  },
};

describe('the most that can be spent before the brake holds', () => {
  const models = table.models.slice(0, 1);

  it('follows the formula, from the settings', () => {
    // Nova 2 Lite: 10,000 tokens in cost 0.00396 and 64,000 out 0.211904; 400 tokens a second cost 0.0013244.
    const { callUsd, usd } = overrunOf(models, { maxPromptChars: 10_000 }, 10);
    expect(callUsd).toBeCloseTo(0.215864, 9);
    expect(usd).toBeCloseTo(10 * (300 * (0.00396 + 0.0013244) + 2 * 0.215864), 9);
  });

  it('is lowered by a limit of tokens', () => {
    expect(overrunOf(models, { maxPromptChars: 10_000, maxTokensLimit: 1000 }, 1).callUsd).toBeCloseTo(
      0.00396 + 0.003311,
      9,
    );
  });

  it('counts no more of a prompt than a model reads, and the dearest model', () => {
    expect(overrunOf(models, { maxPromptChars: 6_000_000 }, 1)).toEqual(
      overrunOf(models, { maxPromptChars: 1_000_000 }, 1),
    );
    expect(overrunOf(table.models, {}, 1).callUsd).toBe(
      Math.max(...table.models.map((row) => overrunOf([row], {}, 1).callUsd)),
    );
  });
});

describe('the dashboard', () => {
  it("shows every granted model's cost, and is not there unless asked for", () => {
    templateOf({ DASHBOARD: '1' }).hasResourceProperties('AWS::CloudWatch::Dashboard', {
      DashboardName: NAME,
      DashboardBody: Match.anyValue(),
    });
    expect(
      JSON.stringify(
        templateOf({ DASHBOARD: '1', MODEL: 'apac.amazon.nova-micro-v1:0' }).findResources(
          'AWS::CloudWatch::Dashboard',
        ),
      ),
    ).toContain(String.raw`costUsd\",\"functionName\",\"${NAME}\",\"modelId\",\"apac.amazon.nova-micro-v1:0`);
    templateOf().resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});

it.each([
  ['ap-northeast-1', table.default, ''],
  ['us-west-2', 'global.amazon.nova-2-lite-v1:0', '-us-west-2'],
])(
  'what an account has once is named after its region, where that is not the default one: %s',
  (REGION, MODEL, end) => {
    const optional = { DASHBOARD: '1', MONTHLY_BUDGET_USD: '10', ALARM_EMAIL: 'someone@example.com' };
    const template = templateOf({ REGION, MODEL, ...optional });
    template.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: NAME + end });
    template.hasResourceProperties('AWS::Budgets::Budget', { Budget: { BudgetName: `${NAME}-monthly${end}` } });
  },
);

it('MAX_CONCURRENCY is the concurrency that the function reserves, and reserves none by default', () => {
  const ofFunction = (ReservedConcurrentExecutions: unknown) =>
    ['AWS::Lambda::Function', { FunctionName: NAME, ReservedConcurrentExecutions }] as const;
  templateOf({ MAX_CONCURRENCY: '5' }).hasResourceProperties(...ofFunction(5));
  templateOf().hasResourceProperties(...ofFunction(Match.absent()));
});
