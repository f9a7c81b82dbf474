import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { environmentOf } from '../lib/settings/function-environment.ts';
import { FUNCTION_LINE_BYTES, METRICS_OF_A_MODEL, METRICS_OF_THE_FUNCTION } from '../lib/models/estimate.ts';
import { METRICS_NAMESPACE } from '../lib/names.ts';
import { workspaceDir } from '../lib/paths.ts';
import { emfFaults } from './support/emf.ts';
import { type Server, startBedrockLocal } from './support/servers.ts';
import { table } from './support/stack.ts';
import { outcomeOf } from './support/tools.ts';

/** A program of the workspace; infra/check builds it before the tests. */
function program(name: string): string {
  const path = join(workspaceDir, process.env.CARGO_TARGET_DIR ?? 'target', 'debug', name);
  if (!existsSync(path)) throw new Error(`${path} is missing: make test-infra builds it (cargo build -p ${name})`);
  return path;
}

const model = table.models.slice(0, 1);
const metricLine = z.looseObject({
  message: z.literal('invocation'),
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

let bedrock: Server;
let directory = '';
beforeAll(async () => {
  bedrock = await startBedrockLocal(program('bedrock-local'));
  directory = mkdtempSync(join(tmpdir(), 'bedrock-metrics-'));
});
afterAll(async () => {
  await bedrock.stop();
  rmSync(directory, { recursive: true });
});

/** The log line of the real function for an event, in the environment that the stack gives it. */
async function lineFor(event: object, endpoint = bedrock.url) {
  const path = join(directory, 'event.json');
  writeFileSync(path, JSON.stringify(event));
  const variables = {
    ...environmentOf({ timeoutSeconds: 60 }, model),
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: endpoint,
    AWS_ACCESS_KEY_ID: 'BEDROCKLOCAL0000000',
    AWS_SECRET_ACCESS_KEY: 'bedrock-local-is-a-stand-in-and-no-secret',
  };
  const environment = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const { stderr } = await outcomeOf(program('lambda-local'), [
    ...environment,
    '--event',
    path,
    '--',
    program('bedrock-function'),
  ]);
  const lines = stderr.split('\n').filter((line) => line.includes('"message":"invocation"'));
  expect(lines).toHaveLength(1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  expect(emfFaults(line)).toEqual([]);
  return metricLine.parse(line);
}

const shapeOf = (line: z.infer<typeof metricLine>) =>
  line._aws.CloudWatchMetrics.map(({ Namespace, Dimensions, Metrics }) => [
    Namespace,
    Dimensions,
    Metrics.map(({ Name }) => Name),
  ]);

describe('the log line of the real function', () => {
  it('of an answer is embedded metrics by function and model, and its cost by function alone', async () => {
    const line = await lineFor({ prompt: 'What is AWS Lambda?' });
    expect(shapeOf(line)).toEqual([
      [
        METRICS_NAMESPACE,
        [['functionName', 'modelId']],
        ['coldStarts', 'overheadMs', 'latencyMs', 'inputTokens', 'outputTokens', 'costUsd'],
      ],
      [METRICS_NAMESPACE, [['functionName']], ['costUsd']],
    ]);
    const counts = line._aws.CloudWatchMetrics.map(({ Metrics }) => Metrics.length);
    expect(counts, 'what an estimate counts').toEqual([METRICS_OF_A_MODEL, METRICS_OF_THE_FUNCTION]);
    expect(line).toMatchObject({ modelId: table.default, outcome: 'Answered' });
    // In the deployed function its name is some ten characters longer than the binary's.
    expect(JSON.stringify(line).length).toBeLessThan(FUNCTION_LINE_BYTES - 50);
  });

  it('of a refused event is embedded metrics by function, and by outcome', async () => {
    const line = await lineFor({});
    expect(shapeOf(line).map(([, dimensions]) => dimensions)).toEqual([
      [['functionName']],
      [['functionName', 'outcome']],
    ]);
  });

  it('of a failed call is embedded metrics by model and outcome', async () => {
    const line = await lineFor({ prompt: 'x' }, 'http://127.0.0.1:1');
    expect(shapeOf(line).at(-1)).toEqual([METRICS_NAMESPACE, [['functionName', 'modelId', 'outcome']], ['errors']]);
  });
});

describe('the schema', () => {
  const good = {
    _aws: {
      Timestamp: 1,
      CloudWatchMetrics: [{ Namespace: 'n', Dimensions: [['d']], Metrics: [{ Name: 'm', Unit: 'Count' }] }],
    },
    d: 'x',
    m: 1,
  };
  const withDirective = (change: object) => ({
    ...good,
    _aws: { Timestamp: 1, CloudWatchMetrics: [{ ...good._aws.CloudWatchMetrics[0], ...change }] },
  });

  it('takes what is right', () => {
    expect(emfFaults(good)).toEqual([]);
  });

  it.each([
    [{}, "required property '_aws'"],
    [{ ...good, _aws: { ...good._aws, Timestamp: '1' } }, 'must be integer'],
    [withDirective({ Namespace: '' }), 'fewer than 1 characters'],
    [withDirective({ Dimensions: [] }), 'fewer than 1 items'],
    [withDirective({ Metrics: [{ Name: 'm', Unit: 'USD' }] }), 'allowed values'],
    [withDirective({ Extra: 1 }), 'additional properties'],
    [withDirective({ Metrics: [{ Name: 'missing' }] }), 'the metric missing is no number'],
    [withDirective({ Dimensions: [['m']] }), 'the dimension m is no text'],
  ])('refuses what is not: %#', (line, fault) => {
    expect(emfFaults(line).join()).toContain(fault);
  });
});
