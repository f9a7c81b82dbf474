import { describe, expect, it } from 'vitest';
import { readDeployedStack } from '../commands/support/deployed-stack.ts';
import { returnsToDefault } from '../commands/support/returns-to-default.ts';
import { choose } from '../lib/granted-models.ts';
import { checkSettings } from '../lib/settings-sources.ts';
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
