import { IAMClient, ListPoliciesCommand } from '@aws-sdk/client-iam';
import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { executionPolicies } from '../commands/deploy/execution-policies.ts';
import { clientOf } from './support/account.ts';
import { startAccount } from './support/aws-account.ts';
import { KEYS, type Machine, newMachine } from './support/make.ts';
import { loadCloudFormation, type Server, startMoto } from './support/servers.ts';
import { ACCOUNT } from './support/stack.ts';
import type { Outcome } from './support/tools.ts';

// Each run is one or two of the CDK's CLI, and the machine may be busy.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 120_000 });

const NAME = 'bedrock-titan-function';
const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';
const policyOf = (name: string, end = 'execution'): string =>
  `arn:aws:iam::${ACCOUNT}:policy/${name}-ap-northeast-1-${end}`;

/** Each step builds on the one above. */
describe('make bootstrap', () => {
  let machine: Machine;
  let moto: Server;
  let account: Server;
  beforeAll(async () => {
    machine = newMachine();
    moto = await startMoto();
    await loadCloudFormation(moto);
    account = await startAccount({ moto, bedrock: moto, directory: machine.directory });
  });
  afterAll(async () => {
    await Promise.all([account?.stop(), moto?.stop()]);
    machine?.remove();
  });

  const make = (...args: string[]): Promise<Outcome> =>
    machine.make(args, { ...KEYS, AWS_ENDPOINT_URL: account.url, AWS_ENDPOINT_URL_S3: account.url });

  /** What the CDK's stack gives CloudFormation's role, by its parameter: moto makes nothing of a list in a template. */
  async function allowed(): Promise<string[]> {
    const { Stacks } = await new CloudFormationClient(clientOf(account)).send(
      new DescribeStacksCommand({ StackName: 'CDKToolkit' }),
    );
    const parameter = Stacks?.[0]?.Parameters?.find(
      ({ ParameterKey }) => ParameterKey === 'CloudFormationExecutionPolicies',
    );
    return (parameter?.ParameterValue ?? '').split(',');
  }

  it('holds CloudFormation to the stack, in an account that is new to the CDK', async () => {
    const { status, stderr } = await make('bootstrap');
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(`CloudFormation may deploy ${NAME} in it, and no other stack`),
    });
    expect(await allowed()).toEqual([policyOf(NAME)]);
    const iam = new IAMClient(clientOf(moto));
    const { Policies } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
    expect(Policies?.map(({ Arn }) => Arn).toSorted()).toEqual([policyOf(NAME, 'boundary'), policyOf(NAME)]);
  });

  it('is needed for another function, and a deploy says so before it builds', async () => {
    expect(await make('deploy', 'FUNCTION_NAME=other')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(
        `\nCloudFormation may deploy other functions in account ${ACCOUNT}, region ap-northeast-1, and not other. Run \`make bootstrap\` with the same settings, once, then try again.\n`,
      ),
    });
  });

  it('adds another function to the first', async () => {
    expect((await make('bootstrap', 'FUNCTION_NAME=other')).status).toBe(0);
    expect(await allowed()).toEqual([policyOf(NAME), policyOf('other')]);
  });

  it('changes nothing the second time', async () => {
    const { status, stdout, stderr } = await make('bootstrap');
    expect({ status, said: stdout + stderr }).toMatchObject({
      status: 0,
      said: expect.stringContaining(`${NAME}-bootstrap (no changes)`),
    });
    expect(await allowed()).toEqual([policyOf(NAME), policyOf('other')]);
  });

  it('gives everything to who asks for it', async () => {
    expect((await make('bootstrap', 'ADMINISTRATOR=1')).status).toBe(0);
    expect(await allowed()).toContain(ADMINISTRATOR);
  });

  it('takes nothing from other stacks without being asked, and says what there is', async () => {
    expect(await make('bootstrap')).toMatchObject({
      status: 0,
      stderr: expect.stringContaining(
        `CloudFormation has AdministratorAccess in it, and whoever deploys has that too: make bootstrap ADMINISTRATOR=0 leaves it what ${NAME} needs, if no other stack needs more.\n`,
      ),
    });
    expect(await allowed()).toContain(ADMINISTRATOR);
  });

  it('takes AdministratorAccess away when asked', async () => {
    expect((await make('bootstrap', 'ADMINISTRATOR=0')).status).toBe(0);
    expect(await allowed()).toEqual([policyOf(NAME), policyOf('other')]);
  });
});

/** An account where the CDK was set up by its own command, which writes no policy down. */
it('AdministratorAccess that the CDK gave without a word is known', async () => {
  const moto = await startMoto();
  try {
    await new CloudFormationClient(clientOf(moto)).send(
      new CreateStackCommand({
        StackName: 'CDKToolkit',
        TemplateBody: JSON.stringify({
          Parameters: { CloudFormationExecutionPolicies: { Type: 'String', Default: '' } },
          Resources: { Topic: { Type: 'AWS::SNS::Topic' } },
        }),
      }),
    );
    vi.stubEnv('AWS_ENDPOINT_URL', moto.url);
    for (const [name, value] of Object.entries(KEYS)) vi.stubEnv(name, value);
    const target = { account: ACCOUNT, region: 'ap-northeast-1', stackName: NAME };
    expect(await executionPolicies(target)).toEqual([ADMINISTRATOR]);
  } finally {
    vi.unstubAllEnvs();
    await moto.stop();
  }
});
