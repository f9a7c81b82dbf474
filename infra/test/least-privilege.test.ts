import { runSimulation, runUnsafeSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import { allowedOf, arnsOf, type Asked, deniedOf, PROFILE, requestsOfOneCall } from '../lib/role-decisions.ts';
import { type Policy, policyOf } from './support/policy.ts';
import { ACCOUNT, stackGranting, stackOf, table } from './support/stack.ts';

/** What an evaluator that knows nothing of this project decides. */
async function decision(policy: Policy, { action, resource, context = {} }: Asked): Promise<string> {
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

const ROLE = { account: ACCOUNT, region: 'ap-northeast-1', functionName: 'bedrock-titan-function' };
const { profile, model } = arnsOf(ROLE);
const [defaultRow] = table.models.filter(({ id }) => id === table.default);
if (!defaultRow) throw new Error('models.json has no row for its default.');
const ALLOWED = allowedOf(ROLE, [defaultRow]);
const DENIED = deniedOf(ROLE, defaultRow);

const NOVA = 'amazon.nova-2-lite-v1:0';
const invoke = 'bedrock:InvokeModel';
const stream = 'bedrock:InvokeModelWithResponseStream';

it('the table of decisions has what it had to have', () => {
  expect([ALLOWED.length, DENIED.length]).toEqual([5, 15]);
});

describe('the default role', () => {
  const policy = policyOf(stackOf());

  it.each(ALLOWED)('is allowed %s', async (_, request) => {
    expect(await decision(policy, request)).toBe('Allowed');
  });

  it.each(DENIED)('is denied %s', async (_, request) => {
    expect(await decision(policy, request)).toBe('ImplicitlyDenied');
  });
});

describe.each(table.models.map((row) => [row.id, row] as const))('a role for %s', (_, row) => {
  const policy = policyOf(stackGranting([row]));

  it('is allowed every part of a call to it', async () => {
    const decisions = await Promise.all(requestsOfOneCall(ROLE, row).map((request) => decision(policy, request)));
    expect(decisions).toEqual(requestsOfOneCall(ROLE, row).map(() => 'Allowed'));
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
    const requests = requestsOfOneCall(ROLE, row, stream);
    expect(await Promise.all(requests.map((request) => decision(policy, request)))).toEqual(
      requests.map(() => outcome),
    );
    expect(await Promise.all(requests.map((request) => decision(whole, request)))).toEqual(
      requests.map(() => 'ImplicitlyDenied'),
    );
  });

  it('is allowed every part of a whole call to it', async () => {
    const requests = requestsOfOneCall(ROLE, row);
    expect(await Promise.all(requests.map((request) => decision(policy, request)))).toEqual(
      requests.map(() => 'Allowed'),
    );
  });
});

describe('the default role with streaming', () => {
  const policy = policyOf(stackOf({ STREAM: '1' }));

  it.each(ALLOWED)('is allowed %s', async (_, request) => {
    expect(await decision(policy, request)).toBe('Allowed');
  });

  it.each(DENIED.filter(([, { action }]) => action === invoke))('is denied %s, streamed too', async (_, request) => {
    expect(await decision(policy, request)).toBe('ImplicitlyDenied');
    expect(await decision(policy, { ...request, action: stream })).toBe('ImplicitlyDenied');
  });

  it.each(DENIED.filter(([, { action }]) => action !== invoke && action !== stream))(
    'is denied %s',
    async (_, request) => {
      expect(await decision(policy, request)).toBe('ImplicitlyDenied');
    },
  );
});

describe.each(['0', '1'])('a role for the global profile, with STREAM=%s', (STREAM) => {
  const policy = policyOf(stackOf({ MODEL: 'global.amazon.nova-2-lite-v1:0', STREAM }));
  const through = { [PROFILE]: profile('global.amazon.nova-2-lite-v1:0') };

  it.each<[string, Asked]>([
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
