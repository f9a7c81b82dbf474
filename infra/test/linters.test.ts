import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { policyOf, policyOfRole } from './support/policy.ts';
import { stackGranting, stackOf, table } from './support/stack.ts';
import { outcomeOf, tool } from './support/tools.ts';

const EVERYTHING_ON = {
  ALARM_EMAIL: 'someone@example.com',
  MONTHLY_BUDGET_USD: '10',
  DAILY_LIMIT_USD: '5',
  DASHBOARD: '1',
  FUNCTION_URL: '1',
  STREAM: '1',
  BATCH: '1',
  MAX_TOKENS: '100',
  MAX_TOKENS_LIMIT: '200',
  TEMPERATURE: '0.5',
  MAX_PROMPT_CHARS: '1000',
};

/** Wide enough for any linter to see. */
const TOO_WIDE = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['bedrock:InvokeModel', 's3:PutObject'], Resource: '*' }],
};

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'bedrock-infra-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Writes JSON where a tool can read it. */
function written(name: string, content: unknown): string {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

// W3005: aws-cdk-lib's Function always names its role in DependsOn, beside the reference that implies it.
const lint = (path: string) =>
  outcomeOf(tool('cfn-lint'), ['--ignore-checks', 'W3005', '--regions', 'ap-northeast-1', '--template', path]);

describe('cfn-lint', () => {
  it.each([
    ['by default', {}],
    ['with everything on', EVERYTHING_ON],
  ])('finds nothing in the template %s', async (name, given) => {
    const template = Template.fromStack(stackOf(given)).toJSON();
    expect(await lint(written(`${name}.json`, template))).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('would find a property that does not exist', async () => {
    const template = { Resources: { Logs: { Type: 'AWS::Logs::LogGroup', Properties: { Retention: 30 } } } };
    expect((await lint(written('broken.json', template))).stdout).toContain('E3002');
  });
});

const roles = [
  ['the default model', policyOf(stackOf())],
  ['every row of models.json', policyOf(stackGranting(table.models))],
  ['streamed answers', policyOf(stackOf({ STREAM: '1' }))],
  ['a batch', policyOfRole('Batch', { BATCH: '1' })],
  ['the brake of a batch', policyOfRole('Brake', { BATCH: '1', DAILY_LIMIT_USD: '5' })],
] as const;

const scan = async (policy: unknown) =>
  (await outcomeOf(tool('cloudsplaining'), ['scan-policy-file', '--input-file', written('policy.json', policy)]))
    .stdout;

describe('cloudsplaining', () => {
  it.each(roles)('finds nothing in the policy for %s', async (_, policy) => {
    expect(await scan(policy)).toBe('There were no results found.\n');
  });

  it('would find a policy that is too wide', async () => {
    expect(await scan(TOO_WIDE)).toContain('Potential Issue found');
  });
});
