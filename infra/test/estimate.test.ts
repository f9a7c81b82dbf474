import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { batchEstimateOf, tokensPerMinute } from '../lib/models/batch-estimate.ts';
import { ALARMS, estimateOf, FREE_STREAMED_BYTES, streamedBytes } from '../lib/models/estimate.ts';
import { type Machine, newMachine } from './support/make.ts';
import { table, templateOf } from './support/stack.ts';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

const CALL = { inputTokens: 1_000_000, outputTokens: 1_000_000, seconds: 8 };
const [first] = table.models;
if (!first) throw new Error('models.json has no model');
const model = { ...first, pricePerMillionTokens: { input: 2, output: 3 } };

describe('an estimate', () => {
  it('adds up tokens, Lambda, logs, alarms and metrics', () => {
    // 30 calls of 8 s at 1024 MB: 240 GB-seconds; 30 × 1,300 bytes of log; 3 alarms, 6 metrics of the model and 1 of the function.
    const { tokensUsd, lambdaUsd, logsUsd, alarmsAndMetricsUsd, totalUsd } = estimateOf(model, 1024, CALL, 1);
    expect(tokensUsd).toBeCloseTo(30 * 5, 9);
    expect(lambdaUsd).toBeCloseTo(30 * 0.000_000_2 + 240 * 0.000_016_666_7, 9);
    expect(logsUsd).toBeCloseTo((30 * 1300 * 0.76) / 1e9, 12);
    expect(alarmsAndMetricsUsd).toBeCloseTo(2.4, 9);
    expect(totalUsd).toBeCloseTo(tokensUsd + lambdaUsd + logsUsd + alarmsAndMetricsUsd, 9);
  });

  it('shows the free tier apart, up to its bounds', () => {
    const small = estimateOf(model, 1024, CALL, 1);
    expect(small.freeTierUsd).toBeCloseTo(small.totalUsd - small.tokensUsd, 9);
    expect(estimateOf(model, 1024, CALL, 1e6).freeTierUsd).toBeCloseTo(
      1e6 * 0.000_000_2 + 400_000 * 0.000_016_666_7 + 5 * 0.76 + 2.4,
      9,
    );
  });

  it('has no price for streamed bytes, for no model puts out as much as is free', () => {
    // An answer of one event for each token, of six bytes; the last event is under 1 kB.
    const event = Buffer.byteLength('event: text\ndata: {"text":"こん"}\n\n');
    for (const { maxOutputTokens } of table.models) {
      expect(streamedBytes(maxOutputTokens)).toBeGreaterThan(maxOutputTokens * event + 1000);
      expect(streamedBytes(maxOutputTokens)).toBeLessThan(FREE_STREAMED_BYTES);
    }
  });

  it('counts the alarms that the stack has', () => {
    templateOf().resourceCountIs('AWS::CloudWatch::Alarm', ALARMS);
  });
});

describe("a batch's estimate", () => {
  const call = { inputTokens: 1000, outputTokens: 100, seconds: 2.34 };
  const run = { memory: 1024, concurrency: 10, retentionDays: 15 };

  it('adds up tokens, Step Functions, Lambda, logs and S3', () => {
    const { tokensUsd, stepFunctionsUsd, lambdaUsd, logsUsd, s3Usd, totalUsd } = batchEstimateOf(model, run, call, 1e6);
    expect(tokensUsd).toBeCloseTo(2 * 1000 + 3 * 100, 9);
    // A start of a child, a request, and 2.4 s in 64 MB, for an Express workflow is billed in tenths of a second.
    expect(stepFunctionsUsd).toBeCloseTo(25 + 1 + (2.4 * 16.67) / 16, 9);
    expect(lambdaUsd).toBeCloseTo(0.2 + 2.34 * 16.6667, 9);
    expect(logsUsd).toBeCloseTo(1.3 * 0.76, 9);
    // 5,100 bytes in and 800 out, each million of them a GB, for half a month; in 738 parts of 8 MB.
    expect(s3Usd).toBeCloseTo(5.9 * 0.5 * 0.025 + 738 * (0.000_004_7 + 0.000_000_37), 9);
    expect(totalUsd).toBeCloseTo(tokensUsd + stepFunctionsUsd + lambdaUsd + logsUsd + s3Usd, 9);
  });

  it('takes the time of its waves, and no less than Step Functions needs to start its rows', () => {
    expect(batchEstimateOf(model, run, call, 1).seconds).toBe(2.34);
    expect(batchEstimateOf(model, run, call, 25).seconds).toBeCloseTo(3 * 2.34, 9);
    expect(batchEstimateOf(model, { ...run, concurrency: 10_000 }, call, 1e6).seconds).toBe(1000);
  });

  it('cuts what one run does not read into files', () => {
    // 5,100 bytes a row.
    expect(batchEstimateOf(model, run, call, 1_960_784).files).toBe(1);
    expect(batchEstimateOf(model, run, call, 1_960_785).files).toBe(2);
    expect(batchEstimateOf(model, run, { ...call, inputTokens: 1 }, 100_000_001).files).toBe(2);
  });

  it('says how many tokens a minute it asks of Bedrock', () => {
    expect(tokensPerMinute({ ...call, seconds: 2 }, 10)).toBe(10 * 30 * 1100);
  });
});

describe('make estimate PROMPTS=', () => {
  it('follows the settings, and prints JSON for programs', async () => {
    const { status, stdout } = await machine.make([
      'estimate',
      'PROMPTS=16,1000',
      'MAX_CONCURRENCY=16',
      'SECONDS=2',
      'JSON=1',
    ]);
    const estimates = z.array(z.looseObject({ prompts: z.number(), seconds: z.number() })).parse(JSON.parse(stdout));
    expect(status).toBe(0);
    expect(estimates.map(({ prompts, seconds }) => [prompts, seconds])).toEqual([
      [16, 2],
      [1000, 126],
    ]);
  });

  it('says where a batch of that size would stop', async () => {
    const { status, stderr } = await machine.make(['estimate', 'PROMPTS=1000,10000000']);
    expect(status).toBe(0);
    expect(stderr.split('\n').filter((line) => line.includes('prompts'))).toEqual([
      '10,000,000 prompts are more than one run of Step Functions reads (10 GB, 100 million rows). Make 3 files.',
      '10,000,000 prompts take 44 days at 8 at once, and a batch ends after 7. Raise MAX_CONCURRENCY or BATCH_RETENTION_DAYS.',
    ]);
    const enough = await machine.make(['estimate', 'PROMPTS=1000000', 'BATCH_RETENTION_DAYS=5', 'MAX_CONCURRENCY=8']);
    expect(enough.stderr).not.toContain('prompts');
  });

  it.each([
    ['PROMPTS=1e3', 'PROMPTS takes a whole number from 1 to 10000000000 prompts, or several, comma-separated; "1e3"'],
    ['PROMPTS=1 CALLS_PER_DAY=1', 'CALLS_PER_DAY is for a month and PROMPTS for a batch. Leave one of them out.'],
  ])('%s is refused in a sentence', async (words, sentence) => {
    const { status, stdout, stderr } = await machine.make(['estimate', ...words.split(' ')]);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: expect.stringContaining(sentence) });
  });
});

describe('make estimate', () => {
  it('follows the settings, and prints JSON for programs', async () => {
    const { status, stdout } = await machine.make([
      'estimate',
      'MODEL=apac.amazon.nova-micro-v1:0,apac.amazon.nova-lite-v1:0',
      'MEMORY=256',
      'CALLS_PER_DAY=10,20',
      'SECONDS=2.5',
      'JSON=1',
    ]);
    const estimates = z
      .array(z.looseObject({ modelId: z.string(), callsPerMonth: z.number(), lambdaUsd: z.number() }))
      .parse(JSON.parse(stdout));
    expect(status).toBe(0);
    expect(estimates.map(({ modelId, callsPerMonth }) => [modelId, callsPerMonth])).toEqual([
      ['apac.amazon.nova-micro-v1:0', 300],
      ['apac.amazon.nova-micro-v1:0', 600],
      ['apac.amazon.nova-lite-v1:0', 300],
      ['apac.amazon.nova-lite-v1:0', 600],
    ]);
    expect(estimates[0]?.lambdaUsd).toBe(Number((300 * (0.000_000_2 + 2.5 * 0.25 * 0.000_016_666_7)).toFixed(6)));
  });

  it('prices tokens in the flexible tier where that is set, and says so', async () => {
    const tokensUsd = async (...settings: string[]) => {
      const { stdout } = await machine.make(['estimate', 'JSON=1', ...settings]);
      return z.tuple([z.looseObject({ tokensUsd: z.number() })]).parse(JSON.parse(stdout))[0].tokensUsd;
    };
    for (const of of ['CALLS_PER_DAY=1000', 'PROMPTS=1000']) {
      expect(await tokensUsd(of, 'SERVICE_TIER=flex')).toBeCloseTo((await tokensUsd(of)) / 2, 5);
      expect((await machine.make(['estimate', of, 'SERVICE_TIER=flex'])).stdout).toContain('flexible tier');
    }
    expect((await machine.make(['estimate'])).stdout).not.toContain('flexible tier');
    const qwen = 'MODEL=qwen.qwen3-32b-v1:0';
    const ofBatch = await tokensUsd('PROMPTS=1000', qwen);
    expect(ofBatch, 'the default of a batch').toBeCloseTo((await tokensUsd('CALLS_PER_DAY=1000', qwen)) / 60, 5);
    expect(await tokensUsd('PROMPTS=1000', qwen, 'SERVICE_TIER=default')).toBeCloseTo(ofBatch * 2, 5);
  });

  it.each([
    [
      'STREAM=1',
      [
        'Streamed, an answer is some 12 kB; Lambda charges for streamed bytes beyond the first 6 MB of each, so nothing here.',
      ],
    ],
    ['STREAM=0', []],
  ])('with %s says of streamed answers %j', async (stream, sentences) => {
    const { status, stdout } = await machine.make(['estimate', stream]);
    expect(status).toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith('Streamed'))).toEqual(sentences);
  });

  it('says how many calls MAX_CONCURRENCY lets through, where more are asked about', async () => {
    const settings = ['estimate', 'MAX_CONCURRENCY=1', 'SECONDS=2', 'CALLS_PER_DAY=43200,43201'];
    const { stderr } = await machine.make(settings);
    expect(stderr).toContain(
      'MAX_CONCURRENCY=1 lets at most 43,200 calls a day of 2 s through; the rest are refused and cost nothing.\n',
    );
    expect((await machine.make([...settings, 'CALLS_PER_DAY=43200'])).stderr).not.toContain('lets at most');
  });

  it("says so where the prices are another region's", async () => {
    const { stderr } = await machine.make(['estimate', 'REGION=us-east-1', 'MODEL=global.amazon.nova-2-lite-v1:0']);
    expect(stderr).toContain(
      "The prices of AWS's services beside Bedrock are those of ap-northeast-1; us-east-1 may have others.\n",
    );
  });

  it.each([
    [
      'CALLS_PER_DAY=10,,20',
      'CALLS_PER_DAY takes a whole number from 1 to 100000000 calls, or several, comma-separated; "" was given.',
    ],
    [
      'CALLS_PER_DAY=0',
      'CALLS_PER_DAY takes a whole number from 1 to 100000000 calls, or several, comma-separated; "0" was given.',
    ],
    ['INPUT_TOKENS=1e3', 'INPUT_TOKENS takes a whole number from 1 to 1000000 tokens; "1e3" was given.'],
    [
      'OUTPUT_TOKENS=64001',
      'OUTPUT_TOKENS takes a whole number from 1 to 64000 tokens, the most of this model; "64001" was given.',
    ],
    ['SECONDS=61', 'SECONDS takes a number above 0, up to TIMEOUT_SECONDS (60); "61" was given.'],
    ['MODEL=x', 'MODEL x is not in models.json'],
  ])('%s is refused in a sentence', async (argument, sentence) => {
    const { status, stdout, stderr } = await machine.make(['estimate', argument]);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: expect.stringContaining(sentence) });
  });
});
