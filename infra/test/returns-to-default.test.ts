import { describe, expect, it } from 'vitest';
import { readDeployedStack } from '../commands/shared/deployed-stack.ts';
import { returnsToDefault } from '../commands/deploy/returns-to-default.ts';
import { choose } from '../lib/settings/choice.ts';
import { checkSettings } from '../lib/settings/sources.ts';
import { table, templateOf, TODAY } from './support/stack.ts';

const OTHER = 'apac.amazon.nova-micro-v1:0';

const deployedWith = (given: Record<string, string>): string => JSON.stringify(templateOf(given).toJSON());

function said(template: string | undefined, typed: Record<string, string>): string[] {
  const given = new Map(Object.entries(typed));
  return returnsToDefault(template, { given, ...choose(checkSettings(given), table, TODAY) });
}

describe('a deploy tells what it takes back for want of a setting:', () => {
  it('the brake', () => {
    const sentence =
      '! DAILY_LIMIT_USD is not given: this deploy takes the brake off. To keep it, type DAILY_LIMIT_USD again, or write it to infra/settings.json.';
    expect(said(deployedWith({ DAILY_LIMIT_USD: '5' }), {})).toEqual([sentence]);
    expect(said(deployedWith({ DAILY_LIMIT_USD: '5' }), { DAILY_LIMIT_USD: '6' })).toEqual([]);
  });

  it('the model', () => {
    const sentence = `! MODEL is not given: the function calls ${OTHER} now, and ${table.default} after this deploy. To keep it, type MODEL again, or write it to infra/settings.json.`;
    expect(said(deployedWith({ MODEL: OTHER }), {})).toEqual([sentence]);
    expect(said(deployedWith({ MODEL: OTHER }), { MODEL: table.default })).toEqual([]);
  });

  it.each([
    ['MEMORY', '512', 'it is 512 now, and 128 after this deploy'],
    ['TIMEOUT_SECONDS', '90', 'it is 90 now, and 60 after this deploy'],
    ['LOG_RETENTION_DAYS', '7', 'it is 7 now, and 30 after this deploy'],
    ['ALARM_EMAIL', 'someone@example.com', 'this deploy takes the address off'],
    ['BATCH', '1', 'this deploy takes the state machine away, and leaves the bucket behind if there are files in it'],
    ['DASHBOARD', '1', 'it is 1 now, and 0 after this deploy'],
    ['FUNCTION_URL', 'true', 'it is 1 now, and 0 after this deploy'],
    ['MAX_CONCURRENCY', '5', 'it is 5 now, and not set after this deploy'],
    ['MAX_TOKENS', '500', 'it is 500 now, and not set after this deploy'],
    ['MAX_TOKENS_LIMIT', '600', 'it is 600 now, and not set after this deploy'],
    ['TEMPERATURE', '0.5', 'it is 0.5 now, and not set after this deploy'],
    ['SERVICE_TIER', 'flex', 'it is flex now, and not set after this deploy'],
    ['MAX_PROMPT_CHARS', '1000', 'it is 1000 now, and not set after this deploy'],
  ])('%s', (name, value, consequence) => {
    const sentence = `! ${name} is not given: ${consequence}. To keep it, type ${name} again, or write it to infra/settings.json.`;
    expect(said(deployedWith({ [name]: value }), {})).toEqual([sentence]);
    expect(said(deployedWith({ [name]: value }), { [name]: value })).toEqual([]);
  });

  it.each([
    [
      'the Function URL that came with it',
      {},
      'answers come whole after this deploy, and it takes the Function URL away',
    ],
    ['not the Function URL that is given', { FUNCTION_URL: '1' }, 'answers come whole after this deploy'],
  ])('streaming, and %s', (_, typed, consequence) => {
    const sentence = `! STREAM is not given: ${consequence}. To keep it, type STREAM again, or write it to infra/settings.json.`;
    expect(said(deployedWith({ STREAM: '1', ...typed }), typed)).toEqual([sentence]);
    expect(said(deployedWith({ STREAM: '1', ...typed }), { STREAM: '1', ...typed })).toEqual([]);
    expect(said(deployedWith({ STREAM: '0', ...typed }), typed)).toEqual([]);
  });

  it('each of several', () => {
    const typed = { ALARM_EMAIL: 'someone@example.com', MONTHLY_BUDGET_USD: '20' };
    expect(said(deployedWith(typed), {}).map((sentence) => sentence.split(' ')[1])).toEqual(Object.keys(typed));
    expect(said(deployedWith(typed), typed)).toEqual([]);
  });

  it('what the resources tell, of a template that carries no settings', () => {
    const { Metadata: _, ...template } = templateOf({ MODEL: OTHER, DAILY_LIMIT_USD: '5', MEMORY: '512' }).toJSON();
    expect(said(JSON.stringify(template), {}).map((sentence) => sentence.split(' ')[1])).toEqual([
      'MODEL',
      'DAILY_LIMIT_USD',
    ]);
  });

  it('no brake of a template that has another state machine', () => {
    const { Metadata: _, Resources, ...template } = templateOf().toJSON();
    const Batch = { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'batch' } };
    expect(said(JSON.stringify({ ...template, Resources: { ...Resources, Batch } }), {})).toEqual([]);
  });

  it('nothing where nothing is lost, or nothing was deployed', () => {
    expect(said(deployedWith({}), { DAILY_LIMIT_USD: '5' })).toEqual([]);
    expect(said(undefined, {})).toEqual([]);
  });
});

it.each([
  [
    'a function that knows nothing of models',
    JSON.stringify({
      Resources: {
        F: { Type: 'AWS::Lambda::Function', Properties: { Environment: { Variables: { TABLE: 'orders' } } } },
      },
    }),
  ],
  ['YAML', 'Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n'],
  ['nothing', ''],
])('a template of another project is known as such: %s', (_, text) => {
  expect(readDeployedStack(text)).toBeUndefined();
});
