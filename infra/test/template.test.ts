import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { environmentOf } from '../lib/settings/function-environment.ts';
import { stackOf, table, templateOf } from './support/stack.ts';

const types = (template: Template): string[] => {
  const { Resources } = z
    .object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) })
    .parse(template.toJSON());
  return Object.values(Resources)
    .map((resource) => resource.Type)
    .toSorted();
};

const BY_DEFAULT = [
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Alarm',
  'AWS::IAM::Role',
  'AWS::Lambda::Function',
  'AWS::Logs::LogGroup',
];

/** The one model that does not stream. */
const WHOLE = 'amazon.titan-text-express-v1';

it('the default template is the one that was reviewed', () => {
  expect(templateOf().toJSON()).toMatchSnapshot();
});

it('what is off leaves no trace in the template', () => {
  expect(types(templateOf())).toEqual(BY_DEFAULT);
});

it('the settings reach the function and its log', () => {
  const template = templateOf({
    MEMORY: '512',
    TIMEOUT_SECONDS: '90',
    FUNCTION_NAME: 'another',
    LOG_RETENTION_DAYS: '7',
  });
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'another',
    MemorySize: 512,
    Timeout: 90,
    Runtime: 'provided.al2023',
    Architectures: ['x86_64'],
  });
  template.hasResource('AWS::Logs::LogGroup', {
    Properties: { LogGroupName: '/aws/lambda/another', RetentionInDays: 7 },
    DeletionPolicy: 'Delete',
  });
});

it('one stack goes with one function', () => {
  const stack = stackOf({ FUNCTION_NAME: 'another', REGION: 'us-west-2', MODEL: 'global.amazon.nova-2-lite-v1:0' });
  expect([stack.stackName, stack.region]).toEqual(['another', 'us-west-2']);
});

describe('alarms', () => {
  it('without an address tell nobody, and there is no topic', () => {
    templateOf().allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: Match.absent(),
      TreatMissingData: 'notBreaching',
    });
  });

  it('with an address all write to it', () => {
    const template = templateOf({ ALARM_EMAIL: 'someone@example.com' });
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [Match.objectLike({ Ref: Match.stringLikeRegexp('Topic') })],
    });
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'someone@example.com' });
    expect(types(template)).toEqual([
      ...BY_DEFAULT,
      'AWS::SNS::Subscription',
      'AWS::SNS::Topic',
      'AWS::SNS::TopicPolicy',
    ]);
  });

  it('may publish to the topic, whose own policy replaces the one that let them', () => {
    templateOf({ ALARM_EMAIL: 'someone@example.com' }).hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Action: 'sns:Publish',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
          }),
        ]),
      },
    });
  });

  it('warn of an invocation that took four fifths of the time-out', () => {
    templateOf({ TIMEOUT_SECONDS: '10' }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Duration',
      Statistic: 'Maximum',
      Threshold: 8000,
    });
  });
});

const warning = (NotificationType: string, Threshold: number) => ({
  Notification: { NotificationType, Threshold, ThresholdType: 'PERCENTAGE', ComparisonOperator: 'GREATER_THAN' },
  Subscribers: [{ SubscriptionType: 'EMAIL', Address: 'someone@example.com' }],
});

describe('the budget', () => {
  it('warns at 50, 80 and 100 % and at a forecast of 100 %', () => {
    const template = templateOf({ ALARM_EMAIL: 'someone@example.com', MONTHLY_BUDGET_USD: '12.5' });
    template.hasResourceProperties('AWS::Budgets::Budget', {
      Budget: { BudgetLimit: { Amount: 12.5, Unit: 'USD' }, TimeUnit: 'MONTHLY', BudgetType: 'COST' },
      NotificationsWithSubscribers: [
        warning('ACTUAL', 50),
        warning('ACTUAL', 80),
        warning('ACTUAL', 100),
        warning('FORECASTED', 100),
      ],
    });
  });

  it('is not there without an amount', () => {
    templateOf({ ALARM_EMAIL: 'someone@example.com' }).resourceCountIs('AWS::Budgets::Budget', 0);
  });
});

describe('the Function URL', () => {
  it('asks for signed requests and lets nobody in by itself', () => {
    const template = templateOf({ FUNCTION_URL: '1' });
    template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM' });
    expect(types(template)).toEqual([...BY_DEFAULT, 'AWS::Lambda::Url'].toSorted());
    template.hasOutput('FunctionUrl', {});
  });
});

describe('streaming', () => {
  it.each<Record<string, string>>([{ STREAM: '1' }, { STREAM: '1', FUNCTION_URL: '1' }])(
    '%j makes one URL, signed for, that streams',
    (given) => {
      const template = templateOf(given);
      template.hasResourceProperties('AWS::Lambda::Url', { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' });
      expect(types(template)).toEqual([...BY_DEFAULT, 'AWS::Lambda::Url'].toSorted());
      template.hasOutput('FunctionUrl', {});
    },
  );

  it('off is the template without the setting', () => {
    expect(templateOf({ STREAM: '0' }).toJSON()).toEqual(templateOf().toJSON());
    templateOf({ FUNCTION_URL: '1' }).hasResourceProperties('AWS::Lambda::Url', { InvokeMode: Match.absent() });
  });

  it('tells the function, and which of its models stream', () => {
    const { BEDROCK_STREAM, BEDROCK_MODEL_TABLE = '' } = environmentOf(
      { timeoutSeconds: 30, stream: true },
      table.models,
    );
    expect(BEDROCK_STREAM).toBe('1');
    const rows = z
      .array(z.object({ id: z.string(), responseStreaming: z.boolean() }))
      .parse(JSON.parse(BEDROCK_MODEL_TABLE));
    expect(rows.filter((row) => !row.responseStreaming).map(({ id }) => id)).toEqual([WHOLE]);
    templateOf({ STREAM: '1' }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { BEDROCK_STREAM: '1' } },
    });
  });
});

describe("the function's environment", () => {
  it('names the granted models, the first first, and what the function computes with', () => {
    const models = table.models.filter((row) => row.id.includes('nova-2-lite')).toReversed();
    const {
      BEDROCK_MODEL_IDS,
      BEDROCK_MODEL_TABLE,
      BEDROCK_METRICS_NAMESPACE,
      GLIBC_TUNABLES,
      BEDROCK_TIMEOUT_SECONDS,
      ...rest
    } = environmentOf({ timeoutSeconds: 30 }, models);
    expect(BEDROCK_TIMEOUT_SECONDS).toBe('30');
    expect(BEDROCK_MODEL_IDS).toBe('global.amazon.nova-2-lite-v1:0,jp.amazon.nova-2-lite-v1:0');
    expect(JSON.parse(BEDROCK_MODEL_TABLE ?? '')).toEqual([
      {
        id: 'global.amazon.nova-2-lite-v1:0',
        api: 'Converse',
        structuredOutput: 'tool',
        pricePerMillionTokens: { input: 0.3, output: 2.5 },
        maxOutputTokens: 64000,
        refusedParameters: [],
        exclusiveParameters: [],
      },
      {
        id: 'jp.amazon.nova-2-lite-v1:0',
        api: 'Converse',
        structuredOutput: 'tool',
        pricePerMillionTokens: { input: 0.396, output: 3.311 },
        flexPricePerMillionTokens: { input: 0.198, output: 1.6555 },
        maxOutputTokens: 64000,
        refusedParameters: [],
        exclusiveParameters: [],
      },
    ]);
    expect(BEDROCK_METRICS_NAMESPACE).toBe('BedrockOnLambda');
    expect(GLIBC_TUNABLES).toBe('glibc.malloc.mmap_threshold=1048576');
    expect(rest).toEqual({});
  });

  it('is all that a tier changes: no role has another permission', () => {
    expect(templateOf({ SERVICE_TIER: 'default' }).toJSON()).toEqual(templateOf().toJSON());
    const ofType = (given: Record<string, string>, type: string) => templateOf(given).findResources(type);
    for (const type of ['AWS::IAM::Role', 'AWS::IAM::Policy'])
      expect(ofType({ SERVICE_TIER: 'flex' }, type)).toEqual(ofType({}, type));
  });

  it('has what was set, a zero too', () => {
    templateOf({
      SERVICE_TIER: 'flex',
      MAX_TOKENS: '1',
      MAX_TOKENS_LIMIT: '2',
      TEMPERATURE: '0',
      MAX_PROMPT_CHARS: '10',
    }).hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          BEDROCK_MAX_TOKENS: '1',
          BEDROCK_MAX_TOKENS_LIMIT: '2',
          BEDROCK_TEMPERATURE: '0',
          BEDROCK_SERVICE_TIER: 'flex',
          BEDROCK_MAX_PROMPT_CHARS: '10',
        },
      },
    });
  });
});
