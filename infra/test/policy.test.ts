import { describe, expect, it } from 'vitest';
import { policyOf } from './support/policy.ts';
import { ACCOUNT, stackGranting, stackOf, table } from './support/stack.ts';

const writeOwnLog = {
  Sid: 'WriteOwnLog',
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: [`arn:aws:logs:ap-northeast-1:${ACCOUNT}:log-group:/aws/lambda/bedrock-titan-function:*`],
};

const invoke = { Effect: 'Allow', Action: ['bedrock:InvokeModel'] };
const profile = (id: string): string => `arn:aws:bedrock:ap-northeast-1:${ACCOUNT}:inference-profile/${id}`;

const japan = [
  { ...invoke, Sid: 'JpAmazonNova2LiteV10Profile', Resource: [profile('jp.amazon.nova-2-lite-v1:0')] },
  {
    ...invoke,
    Sid: 'JpAmazonNova2LiteV10Destinations',
    Resource: [
      'arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0',
      'arn:aws:bedrock:ap-northeast-3::foundation-model/amazon.nova-2-lite-v1:0',
    ],
    Condition: { StringEquals: { 'bedrock:InferenceProfileArn': profile('jp.amazon.nova-2-lite-v1:0') } },
  },
];

const inRegion = {
  ...invoke,
  Sid: 'OpenaiGptOss20b10Model',
  Resource: ['arn:aws:bedrock:ap-northeast-1::foundation-model/openai.gpt-oss-20b-1:0'],
};

const worldwide = [
  {
    ...invoke,
    Sid: 'GlobalAmazonNova2LiteV10Profile',
    Resource: [profile('global.amazon.nova-2-lite-v1:0')],
    Condition: { StringEquals: { 'aws:RequestedRegion': 'ap-northeast-1' } },
  },
  {
    ...invoke,
    Sid: 'GlobalAmazonNova2LiteV10InRegion',
    Resource: ['arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0'],
    Condition: {
      StringEquals: {
        'aws:RequestedRegion': 'ap-northeast-1',
        'bedrock:InferenceProfileArn': profile('global.amazon.nova-2-lite-v1:0'),
      },
    },
  },
  {
    ...invoke,
    Sid: 'GlobalAmazonNova2LiteV10Global',
    Resource: ['arn:aws:bedrock:::foundation-model/amazon.nova-2-lite-v1:0'],
    Condition: {
      StringEquals: {
        'aws:RequestedRegion': 'unspecified',
        'bedrock:InferenceProfileArn': profile('global.amazon.nova-2-lite-v1:0'),
      },
    },
  },
];

describe('the whole policy', () => {
  it.each([
    ['a geographic profile, by default', {}, japan],
    ['a model in the region', { MODEL: 'openai.gpt-oss-20b-1:0' }, [inRegion]],
    ['a global profile', { MODEL: 'global.amazon.nova-2-lite-v1:0' }, worldwide],
    [
      'several at once',
      { MODEL: 'jp.amazon.nova-2-lite-v1:0, openai.gpt-oss-20b-1:0,global.amazon.nova-2-lite-v1:0' },
      [...japan, inRegion, ...worldwide],
    ],
  ])('of %s is that and the log', (_, given, statements) => {
    expect(policyOf(stackOf(given))).toStrictEqual({ Version: '2012-10-17', Statement: [writeOwnLog, ...statements] });
  });

  it.each(['jp.amazon.nova-2-lite-v1:0', 'openai.gpt-oss-20b-1:0', 'global.amazon.nova-2-lite-v1:0'])(
    'of %s adds to each statement one action, and no other, for streamed answers',
    (MODEL) => {
      const whole = policyOf(stackOf({ MODEL }));
      const Action = ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'];
      expect(policyOf(stackOf({ MODEL, STREAM: '1' }))).toStrictEqual({
        ...whole,
        Statement: whole.Statement.map((one) => (one.Sid === writeOwnLog.Sid ? one : { ...one, Action })),
      });
    },
  );

  it('of a model that does not stream is the same with streaming', () => {
    const whole = table.models.filter((row) => !row.responseStreaming);
    expect(whole).toHaveLength(1);
    expect(policyOf(stackGranting(whole, { STREAM: '1' }))).toStrictEqual(policyOf(stackGranting(whole)));
  });

  it('names six regions for a profile that routes to six', () => {
    const [, , destinations] = policyOf(stackOf({ MODEL: 'apac.amazon.nova-micro-v1:0' })).Statement;
    expect(destinations?.Resource.map((arn) => arn.split(':')[3])).toEqual([
      'ap-northeast-1',
      'ap-northeast-2',
      'ap-northeast-3',
      'ap-south-1',
      'ap-southeast-1',
      'ap-southeast-2',
    ]);
  });

  it('follows the function name to its log group', () => {
    const [log] = policyOf(stackOf({ FUNCTION_NAME: 'another' })).Statement;
    expect(log?.Resource).toEqual([`arn:aws:logs:ap-northeast-1:${ACCOUNT}:log-group:/aws/lambda/another:*`]);
  });

  it('fits a role even when it grants every row of models.json', () => {
    // IAM quotas: 10,240 characters for all inline policies of a role, white space not counted.
    for (const STREAM of ['0', '1'])
      expect(JSON.stringify(policyOf(stackGranting(table.models, { STREAM }))).length).toBeLessThan(10_240);
  });
});
