import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { infraDir, workspaceDir } from '../lib/paths.ts';
import { decision, policyOfRole } from './support/policy.ts';
import { definitionIn } from './support/definition.ts';
import { ACCOUNT, stackOf, templateOf } from './support/stack.ts';
import { outcomeOf } from './support/tools.ts';

const BATCH = { BATCH: '1' };
const withBrake = { ...BATCH, DAILY_LIMIT_USD: '5' };
const NAME = 'bedrock-titan-function';
const BUCKET = 'AWS::S3::Bucket';

describe('without BATCH', () => {
  it.each<Record<string, string>>([{}, { DAILY_LIMIT_USD: '5' }])(
    'the template of %j has no trace of it, and is that of BATCH=0',
    (given) => {
      const template = templateOf(given).toJSON();
      expect(templateOf({ ...given, BATCH: '0' }).toJSON()).toEqual(template);
      expect(JSON.stringify(template)).not.toMatch(/batch|s3:|states:(List|Stop|Describe)/i);
    },
  );

  it('the function, its role and its log are the same as with it', () => {
    const resources = z.record(z.string(), z.unknown());
    const [without, withIt] = [{}, BATCH].map((given) => resources.parse(templateOf(given).toJSON().Resources));
    expect(withIt).toMatchObject(without ?? {});
    const added = Object.keys(withIt ?? {}).filter((id) => !(id in (without ?? {})));
    expect(added.map((id) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual([
      'BatchBucket',
      'BatchBucketPolicy',
      'BatchRole',
      'BatchStateMachine',
    ]);
  });
});

describe('the bucket', () => {
  it.each([
    [BATCH, 7],
    [{ ...BATCH, BATCH_RETENTION_DAYS: '30' }, 30],
  ])('of %j is encrypted, closed, and forgets after %i days', (given, ExpirationInDays) => {
    templateOf(given).hasResource(BUCKET, {
      DeletionPolicy: 'Delete',
      Properties: {
        BucketName: Match.absent(),
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: {
          Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, ExpirationInDays, Status: 'Enabled' }],
        },
      },
    });
    expect(definitionIn(Template.fromStack(stackOf(given)), 'Batch').TimeoutSeconds).toBe(ExpirationInDays * 86_400);
  });

  it('takes no request without TLS', () => {
    templateOf(BATCH).hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          Match.objectLike({ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ],
      },
    });
  });

  it('is emptied by nobody in the account: there is one function, ours', () => {
    templateOf(BATCH).resourceCountIs('AWS::Lambda::Function', 1);
  });
});

/** The map and what it does with a row, as Step Functions will read them. */
const definition = z.object({
  StartAt: z.literal('Rows'),
  States: z.strictObject({
    Rows: z.looseObject({
      ItemProcessor: z.looseObject({
        States: z.strictObject({
          Ask: z.looseObject({
            Retry: z.array(z.looseObject({ ErrorEquals: z.array(z.string()), MaxAttempts: z.number() })),
          }),
          Failed: z.unknown(),
        }),
      }),
    }),
  }),
});
const rowsOf = (given: Record<string, string>) =>
  definition.parse(definitionIn(Template.fromStack(stackOf(given)), 'Batch')).States.Rows;
const retriesOf = (given: Record<string, string>) => rowsOf(given).ItemProcessor.States.Ask.Retry;

/** The codes of these statuses, by the function's own table. */
function codesOf(...statuses: readonly number[]): string[] {
  const code = readFileSync(join(workspaceDir, 'crates/bedrock-function/src/errors/code.rs'), 'utf8');
  return [...code.matchAll(/^ {4}(\w+): (\d{3})\b/gm)].flatMap(([, name = '', status]) =>
    statuses.includes(Number(status)) ? [name] : [],
  );
}

describe('the state machine', () => {
  it('reads the JSON Lines that its input names, and writes what came of them, in its own bucket', () => {
    const Bucket = expect.stringMatching(/^BatchBucket/);
    expect(rowsOf(BATCH)).toMatchObject({
      Label: 'Rows',
      ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' } },
      ItemReader: {
        Resource: 'arn:aws:states:::s3:getObject',
        ReaderConfig: { InputType: 'JSONL' },
        Parameters: { Bucket, 'Key.$': '$.key' },
      },
      // Left out by the CDK in silence where the app lacks the flag useDistributedMapResultWriterV2.
      ResultWriter: {
        Resource: 'arn:aws:states:::s3:putObject',
        Parameters: { Bucket, Prefix: 'results' },
        WriterConfig: { OutputType: 'JSONL', Transformation: 'COMPACT' },
      },
      ToleratedFailurePercentage: 100,
    });
  });

  it.each([
    [BATCH, 8],
    [{ ...BATCH, MAX_CONCURRENCY: '40' }, 40],
  ])('of %j asks %i rows at once', (given, MaxConcurrency) => {
    expect(rowsOf(given)).toMatchObject({ MaxConcurrency });
  });

  it('tries again what the function and Lambda say may be tried again, with full jitter, and nothing else', () => {
    const retries = retriesOf(BATCH);
    const tried = retries.flatMap(({ ErrorEquals }) => ErrorEquals);
    expect(tried.filter((name) => !name.startsWith('Lambda.')).toSorted()).toEqual(codesOf(429, 503, 504).toSorted());
    expect(tried.filter((name) => name.startsWith('Lambda.'))).toContain('Lambda.TooManyRequestsException');
    expect(codesOf(400, 403, 404, 502, 500).length).toBeGreaterThan(8);
    for (const retry of retries) {
      expect(retry).toMatchObject({ JitterStrategy: 'FULL', MaxDelaySeconds: expect.any(Number), BackoffRate: 2 });
    }
  });

  it.each([
    ['30', 3],
    ['60', 3],
    ['120', 1],
    ['240', 0],
  ])("asks again after a time-out of %s s as often as a row's five minutes have room: %i times", (seconds, times) => {
    const late = retriesOf({ ...BATCH, TIMEOUT_SECONDS: seconds }).find(({ ErrorEquals }) =>
      ErrorEquals.includes('DeadlineExceeded'),
    );
    expect(late?.MaxAttempts).toBe(times);
    expect((times + 1) * Number(seconds)).toBeLessThan(300);
  });

  it('may take less than five minutes with all its waits', () => {
    const z3 = z.object({ IntervalSeconds: z.number(), MaxDelaySeconds: z.number(), MaxAttempts: z.number() });
    const { IntervalSeconds, MaxDelaySeconds, MaxAttempts } = z3.parse(retriesOf(BATCH)[0]);
    const waits = Array.from({ length: MaxAttempts }, (_, n) => Math.min(IntervalSeconds * 2 ** n, MaxDelaySeconds));
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(270);
  });
});

describe('asl-validator', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'bedrock-asl-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  async function said(given: unknown): Promise<{ status: unknown; text: string }> {
    const path = join(directory, 'definition.json');
    writeFileSync(path, JSON.stringify(given));
    const { status, stdout, stderr } = await outcomeOf(process.execPath, [
      join(infraDir, 'node_modules/asl-validator/dist/bin/asl-validator.js'),
      '--json-path',
      path,
    ]);
    return { status, text: stdout + stderr };
  }

  it.each(['Batch', 'Brake'])('finds nothing in the definition of %s', async (construct) => {
    const { status, text } = await said(definitionIn(Template.fromStack(stackOf(withBrake)), construct));
    expect({ status, text }).toEqual({ status: 0, text: expect.any(String) });
  });

  it('would find a state that is not there', async () => {
    const States = { A: { Type: 'Pass', Next: 'B' } };
    expect((await said({ StartAt: 'A', States })).status).not.toBe(0);
  });
});

const bucket = `arn:aws:s3:::${NAME}-batchbucket1-x`;
const states = (resource: string): string => `arn:aws:states:ap-northeast-1:${ACCOUNT}:${resource}`;
const fn = `arn:aws:lambda:ap-northeast-1:${ACCOUNT}:function:${NAME}`;

describe("the batch's role", () => {
  const policy = policyOfRole('Batch', BATCH);

  it.each([
    ['lambda:InvokeFunction', fn],
    ['states:StartExecution', states(`stateMachine:${NAME}-batch`)],
    ['states:DescribeExecution', states(`execution:${NAME}-batch:one`)],
    ['states:StopExecution', states(`execution:${NAME}-batch:one`)],
    ['s3:GetObject', `${bucket}/input/one.jsonl`],
    ['s3:PutObject', `${bucket}/results/one/manifest.json`],
    ['s3:GetObject', `${bucket}/results/one/manifest.json`],
    ['s3:ListMultipartUploadParts', `${bucket}/results/one/SUCCEEDED_0.jsonl`],
    ['s3:AbortMultipartUpload', `${bucket}/results/one/SUCCEEDED_0.jsonl`],
  ])('is allowed %s on %s', async (action, resource) => {
    expect(await decision(policy, action, resource)).toBe('Allowed');
  });

  it.each([
    ['lambda:InvokeFunction', `${fn}-2`],
    ['lambda:InvokeFunction', `${fn}:PROD`],
    ['lambda:PutFunctionConcurrency', fn],
    ['lambda:UpdateFunctionCode', fn],
    ['states:StartExecution', states('stateMachine:another')],
    ['states:StartExecution', states(`stateMachine:${NAME}-brake`)],
    ['states:StopExecution', states('execution:another:one')],
    ['states:StopExecution', states(`execution:${NAME}-brake:one`)],
    ['states:UpdateStateMachine', states(`stateMachine:${NAME}-batch`)],
    ['s3:PutObject', `${bucket}/input/one.jsonl`],
    ['s3:DeleteObject', `${bucket}/input/one.jsonl`],
    ['s3:DeleteObject', `${bucket}/results/one/manifest.json`],
    ['s3:GetObject', `${bucket}/other/one`],
    ['s3:GetObject', `${bucket}-2/input/one.jsonl`],
    ['s3:GetObject', 'arn:aws:s3:::another/input/one.jsonl'],
    ['s3:ListBucket', bucket],
    ['s3:PutBucketPolicy', bucket],
    ['bedrock:InvokeModel', 'arn:aws:bedrock:ap-northeast-1::foundation-model/amazon.nova-2-lite-v1:0'],
  ])('is denied %s on %s', async (action, resource) => {
    expect(await decision(policy, action, resource)).toBe('ImplicitlyDenied');
  });

  it('has no policy but this', () => {
    templateOf(BATCH).resourceCountIs('AWS::IAM::Policy', 0);
    templateOf(BATCH).resourceCountIs('AWS::IAM::Role', 2);
  });
});

describe("the brake's role, with a batch", () => {
  const policy = policyOfRole('Brake', withBrake);

  it.each([
    ['lambda:PutFunctionConcurrency', fn],
    ['states:ListExecutions', states(`stateMachine:${NAME}-batch`)],
    ['states:StopExecution', states(`execution:${NAME}-batch:one`)],
  ])('is allowed %s on %s', async (action, resource) => {
    expect(await decision(policy, action, resource)).toBe('Allowed');
  });

  it.each([
    ['lambda:PutFunctionConcurrency', `${fn}-2`],
    ['lambda:InvokeFunction', fn],
    ['states:ListExecutions', states('stateMachine:another')],
    ['states:ListExecutions', states(`stateMachine:${NAME}-brake`)],
    ['states:StopExecution', states('execution:another:one')],
    ['states:StopExecution', states(`execution:${NAME}-batch-2:one`)],
    ['states:StartExecution', states(`stateMachine:${NAME}-batch`)],
    ['s3:GetObject', `${bucket}/results/one/manifest.json`],
  ])('is denied %s on %s', async (action, resource) => {
    expect(await decision(policy, action, resource)).toBe('ImplicitlyDenied');
  });
});
