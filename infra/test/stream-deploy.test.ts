import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  GetFunctionConfigurationCommand,
  GetFunctionUrlConfigCommand,
  LambdaClient,
  ListFunctionUrlConfigsCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { clientOf } from './support/account.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { policyDocument } from './support/policy.ts';
import { type Server, startMinistack } from './support/servers.ts';

// `make deploy` asks cargo whether the artifact is still that of the sources, and cargo may be waiting for another cargo.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const FunctionName = 'bedrock-titan-function';
const STREAMED = 'bedrock:InvokeModelWithResponseStream';

/** ministack makes a function's URL from a template, and moto does not. Each step builds on the one above. */
describe('a deploy', () => {
  let machine: Machine;
  let account: Server;
  const make = (...args: string[]) =>
    machine.make(args, { ...KEYS, AWS_ENDPOINT_URL: account.url, AWS_ENDPOINT_URL_S3: account.url });
  const lambda = () => new LambdaClient(clientOf(account));

  const recorded = (): unknown => JSON.parse(readFileSync(join(machine.directory, 'deployment.json'), 'utf8'));

  /** What the role of the deployed function may do with Bedrock. */
  async function bedrockActions(): Promise<Set<string>> {
    const { Role } = await lambda().send(new GetFunctionConfigurationCommand({ FunctionName }));
    const RoleName = Role?.split('/').at(-1);
    const { PolicyDocument } = await new IAMClient(clientOf(account)).send(
      new GetRolePolicyCommand({ RoleName, PolicyName: 'CallModelsAndWriteLog' }),
    );
    const { Statement } = policyDocument.parse(JSON.parse(decodeURIComponent(PolicyDocument ?? '')));
    return new Set(Statement.flatMap(({ Action }) => Action.filter((action) => action.startsWith('bedrock:'))));
  }

  beforeAll(async () => {
    machine = newMachine();
    account = await startMinistack();
    expect(await make('bootstrap')).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await account?.stop();
    machine?.remove();
  });

  it('without STREAM makes no URL, and a role that may not stream', async () => {
    expect(await make('deploy')).toMatchObject({ status: 0 });
    const { FunctionUrlConfigs } = await lambda().send(new ListFunctionUrlConfigsCommand({ FunctionName }));
    expect(FunctionUrlConfigs).toEqual([]);
    expect(await bedrockActions()).toEqual(new Set(['bedrock:InvokeModel']));
  });

  it('with STREAM=1 makes a URL that streams to callers of AWS IAM, and a role that may stream', async () => {
    expect(await make('deploy', 'STREAM=1')).toMatchObject({ status: 0 });
    expect(await lambda().send(new GetFunctionUrlConfigCommand({ FunctionName }))).toMatchObject({
      AuthType: 'AWS_IAM',
      InvokeMode: 'RESPONSE_STREAM',
    });
    expect(await bedrockActions()).toEqual(new Set(['bedrock:InvokeModel', STREAMED]));
  });

  it('and make rollback takes URL, permission and the record of streaming back', async () => {
    expect(recorded()).toMatchObject({ streams: true });
    expect(await make('rollback')).toMatchObject({ status: 0 });
    const { FunctionUrlConfigs } = await lambda().send(new ListFunctionUrlConfigsCommand({ FunctionName }));
    expect(FunctionUrlConfigs).toEqual([]);
    expect(await bedrockActions()).toEqual(new Set(['bedrock:InvokeModel']));
    expect(recorded()).not.toHaveProperty('streams');
  });
});
