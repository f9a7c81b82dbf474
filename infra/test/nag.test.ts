import { App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { stackOf } from './support/stack.ts';

/** What AWS Solutions' rules have against a stack, beyond what it answers for with a reason. */
const violationsOf = (stack: Stack): string[] =>
  new AwsSolutionsChecks().validateScope(stack).violations.map((violation) => violation.ruleName);

it.each([
  ['by default', {}],
  [
    'with everything on',
    {
      ALARM_EMAIL: 'someone@example.com',
      MONTHLY_BUDGET_USD: '10',
      DAILY_LIMIT_USD: '5',
      DASHBOARD: '1',
      FUNCTION_URL: '1',
      STREAM: '1',
      BATCH: '1',
    },
  ],
  [
    'with models reached in every way',
    { MODEL: 'jp.amazon.nova-2-lite-v1:0,global.amazon.nova-2-lite-v1:0,openai.gpt-oss-20b-1:0' },
  ],
])('AWS Solutions has nothing against the stack %s', (_, given) => {
  expect(violationsOf(stackOf(given))).toEqual([]);
});

it('AWS Solutions would have something against a careless stack', () => {
  const stack = new Stack(new App(), 'Careless');
  new Bucket(stack, 'Bucket');
  expect(violationsOf(stack)).toContain('AwsSolutions-S10');
});
