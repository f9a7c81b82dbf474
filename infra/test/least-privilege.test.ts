import { runSimulation, runUnsafeSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import type { ModelRow } from '../lib/models/table.ts';
import { type Policy, policyOf } from './support/policy.ts';
import { ACCOUNT, stackGranting, stackOf, table } from './support/stack.ts';

/** One request as IAM is asked about it. */
interface Request {
  action: string;
  resource: string;
  context?: Record<string, string>;
}

/** What an evaluator that knows nothing of this project decides. */
async function decision(policy: Policy, { action, resource, context = {} }: Request): Promise<string> {
  const simulation: Simulation = {
    request: {
      principal: `arn:aws:iam::${ACCOUNT}:role/the-function`,
      action,
      resource: { resource, accountId: ACCOUNT },
      contextVariables: { 'aws:RequestedRegion': 'ap-northeast-1', ...context },
    },
    identityPolicies: [{ name: 'role', policy }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
  };
  // The one ARN that AWS's service reference lacks: a foundation model without a region, as global profiles use it.
  return resource.startsWith('arn:aws:bedrock:::')
    ? runUnsafeSimulation(simulation, {})
    : validatedDecision(simulation);
}

/** Refuses a request that AWS's service reference does not know: a misspelt action would be "denied" too. */
async function validatedDecision(simulation: Simulation): Promise<string> {
  const result = await runSimulation(simulation, {});
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  return result.overallResult;
}

const PROFILE = 'bedrock:InferenceProfileArn';
const profile = (id: string, region = 'ap-northeast-1'): string =>
  `arn:aws:bedrock:${region}:${ACCOUNT}:inference-profile/${id}`;
const model = (id: string, region = 'ap-northeast-1'): string => `arn:aws:bedrock:${region}::foundation-model/${id}`;
const log = (name: string): string => `arn:aws:logs:ap-northeast-1:${ACCOUNT}:log-group:${name}`;

const OWN_LOG = '/aws/lambda/bedrock-titan-function';
const JP = 'jp.amazon.nova-2-lite-v1:0';
const NOVA = 'amazon.nova-2-lite-v1:0';
const throughJp = { [PROFILE]: profile(JP) };
const invoke = 'bedrock:InvokeModel';
const stream = 'bedrock:InvokeModelWithResponseStream';

const allowed: [string, Request][] = [
  ['the profile', { action: invoke, resource: profile(JP) }],
  ['its model in Tokyo', { action: invoke, resource: model(NOVA), context: throughJp }],
  ['its model in Osaka', { action: invoke, resource: model(NOVA, 'ap-northeast-3'), context: throughJp }],
  [
    'opening a stream of its log',
    { action: 'logs:CreateLogStream', resource: `${log(OWN_LOG)}:log-stream:2026/11/23/[$LATEST]0123` },
  ],
  [
    'writing to its log',
    { action: 'logs:PutLogEvents', resource: `${log(OWN_LOG)}:log-stream:2026/11/23/[$LATEST]0123` },
  ],
];

const denied: [string, Request][] = [
  ['another profile', { action: invoke, resource: profile('apac.amazon.nova-micro-v1:0') }],
  [
    'another model through the profile',
    { action: invoke, resource: model('amazon.nova-pro-v1:0'), context: throughJp },
  ],
  ['the model past the profile', { action: invoke, resource: model(NOVA) }],
  [
    'the model through another profile',
    { action: invoke, resource: model(NOVA), context: { [PROFILE]: profile('apac.amazon.nova-2-lite-v1:0') } },
  ],
  ['the profile in another region', { action: invoke, resource: profile(JP, 'us-east-1') }],
  ['the model in another region', { action: invoke, resource: model(NOVA, 'us-east-1'), context: throughJp }],
  ['the profile of another account', { action: invoke, resource: profile(JP).replace(ACCOUNT, '999999999999') }],
  ['a streamed answer', { action: stream, resource: profile(JP) }],
  ['listing models', { action: 'bedrock:ListFoundationModels', resource: '*' }],
  ['listing profiles', { action: 'bedrock:ListInferenceProfiles', resource: '*' }],
  ['another log group', { action: 'logs:PutLogEvents', resource: `${log('/aws/lambda/another')}:log-stream:s` }],
  [
    'a log group whose name begins alike',
    { action: 'logs:PutLogEvents', resource: `${log(`${OWN_LOG}-2`)}:log-stream:s` },
  ],
  ['making a log group', { action: 'logs:CreateLogGroup', resource: log(OWN_LOG) }],
  ['reading its log', { action: 'logs:GetLogEvents', resource: `${log(OWN_LOG)}:log-stream:s` }],
  [
    'calling itself',
    {
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:bedrock-titan-function`,
    },
  ],
];

describe('the default role', () => {
  const policy = policyOf(stackOf());

  it.each(allowed)('is allowed %s', async (_, request) => {
    expect(await decision(policy, request)).toBe('Allowed');
  });

  it.each(denied)('is denied %s', async (_, request) => {
    expect(await decision(policy, request)).toBe('ImplicitlyDenied');
  });
});

/** What Bedrock asks IAM about for one call of the model: the profile if there is one, and the model wherever it may run. */
function requestsOfOneCall(row: ModelRow, action = invoke): Request[] {
  const through = { [PROFILE]: profile(row.id) };
  const inRegion = { action, resource: model(row.foundationModel) };
  switch (row.reach) {
    case 'in-region':
      return [inRegion];
    case 'geographic-profile':
      return [
        { action, resource: profile(row.id) },
        ...row.destinationRegions.map((region) => ({
          action,
          resource: model(row.foundationModel, region),
          context: through,
        })),
      ];
    case 'global-profile':
      return [
        { action, resource: profile(row.id) },
        { ...inRegion, context: through },
        {
          action,
          resource: model(row.foundationModel, ''),
          context: { ...through, 'aws:RequestedRegion': 'unspecified' },
        },
      ];
  }
}

describe.each(table.models.map((row) => [row.id, row] as const))('a role for %s', (_, row) => {
  const policy = policyOf(stackGranting([row]));

  it('is allowed every part of a call to it', async () => {
    const decisions = await Promise.all(requestsOfOneCall(row).map((request) => decision(policy, request)));
    expect(decisions).toEqual(requestsOfOneCall(row).map(() => 'Allowed'));
  });

  it('is denied every other model', async () => {
    const others = table.models.filter((other) => other.id !== row.id && other.reach !== 'in-region');
    const decisions = await Promise.all(
      others.map((other) => decision(policy, { action: invoke, resource: profile(other.id) })),
    );
    expect(new Set(decisions)).toEqual(new Set(['ImplicitlyDenied']));
  });
});

describe.each(table.models.map((row) => [row.id, row] as const))('a role for %s, streamed', (_, row) => {
  const policy = policyOf(stackGranting([row], { STREAM: '1' }));
  const whole = policyOf(stackGranting([row]));
  const outcome = row.responseStreaming ? 'Allowed' : 'ImplicitlyDenied';

  it(`is ${outcome} every part of a streamed call to it, and without streaming none`, async () => {
    const requests = requestsOfOneCall(row, stream);
    expect(await Promise.all(requests.map((request) => decision(policy, request)))).toEqual(
      requests.map(() => outcome),
    );
    expect(await Promise.all(requests.map((request) => decision(whole, request)))).toEqual(
      requests.map(() => 'ImplicitlyDenied'),
    );
  });

  it('is allowed every part of a whole call to it', async () => {
    const requests = requestsOfOneCall(row);
    expect(await Promise.all(requests.map((request) => decision(policy, request)))).toEqual(
      requests.map(() => 'Allowed'),
    );
  });
});

describe('the default role with streaming', () => {
  const policy = policyOf(stackOf({ STREAM: '1' }));

  it.each(allowed)('is allowed %s', async (_, request) => {
    expect(await decision(policy, request)).toBe('Allowed');
  });

  it.each(denied.filter(([, { action }]) => action === invoke))('is denied %s, streamed too', async (_, request) => {
    expect(await decision(policy, request)).toBe('ImplicitlyDenied');
    expect(await decision(policy, { ...request, action: stream })).toBe('ImplicitlyDenied');
  });

  it.each(denied.filter(([, { action }]) => action !== invoke && action !== stream))(
    'is denied %s',
    async (_, request) => {
      expect(await decision(policy, request)).toBe('ImplicitlyDenied');
    },
  );
});

describe.each(['0', '1'])('a role for the global profile, with STREAM=%s', (STREAM) => {
  const policy = policyOf(stackOf({ MODEL: 'global.amazon.nova-2-lite-v1:0', STREAM }));
  const through = { [PROFILE]: profile('global.amazon.nova-2-lite-v1:0') };

  it.each<[string, Request]>([
    [
      'the profile from another region',
      {
        action: invoke,
        resource: profile('global.amazon.nova-2-lite-v1:0'),
        context: { 'aws:RequestedRegion': 'us-east-1' },
      },
    ],
    [
      'the model anywhere, past the profile',
      { action: invoke, resource: model(NOVA, ''), context: { 'aws:RequestedRegion': 'unspecified' } },
    ],
    [
      'the model of one foreign region',
      {
        action: invoke,
        resource: model(NOVA, 'us-east-1'),
        context: { ...through, 'aws:RequestedRegion': 'us-east-1' },
      },
    ],
  ])('is denied %s', async (_, request) => {
    for (const action of [invoke, stream])
      expect(await decision(policy, { ...request, action })).toBe('ImplicitlyDenied');
  });
});
