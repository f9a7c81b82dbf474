import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import {
  CloudWatchClient,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch';
import {
  type GetAccountSettingsCommandOutput,
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { SETTINGS_METADATA } from '../../lib/settings/settings.ts';
import { policyOf } from './policy.ts';
import type { Answer, Asked, Server } from './servers.ts';
import { stackOf, table } from './stack.ts';

/** A client of an emulator. */
export const clientOf = ({ url }: Server) => ({
  region: 'ap-northeast-1',
  endpoint: url,
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
});

/** Where the CDK writes its version. */
export async function bootstrap(moto: Server, version: string): Promise<void> {
  await new SSMClient(clientOf(moto)).send(
    new PutParameterCommand({
      Name: '/cdk-bootstrap/hnb659fds/version',
      Value: version,
      Type: 'String',
      Overwrite: true,
    }),
  );
}

/** A stack that holds little, with the function of its name and that function's role as the CDK app would have made them. */
export async function deploy(
  moto: Server,
  name: string,
  code: string,
  policy: unknown = policyOf(stackOf()),
  {
    settings = {},
    variables = { BEDROCK_MODEL_IDS: table.default },
  }: Partial<Record<'settings' | 'variables', object>> = {},
): Promise<void> {
  const iam = new IAMClient(clientOf(moto));
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: '{}' }));
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: name,
      PolicyName: 'CallModelsAndWriteLog',
      PolicyDocument: JSON.stringify(policy),
    }),
  );
  const deployed = {
    FunctionName: name,
    Role: Role?.Arn,
    Runtime: 'provided.al2023',
    Handler: 'bootstrap',
    Code: { ZipFile: '' },
    Environment: { Variables: variables },
  };
  const template = {
    Metadata: { S3Key: `${code}.zip`, [SETTINGS_METADATA]: settings },
    Resources: {
      Function: { Type: 'AWS::Lambda::Function', Properties: deployed },
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${name}` } },
    },
  };
  await new CloudFormationClient(clientOf(moto)).send(
    new CreateStackCommand({ StackName: name, TemplateBody: JSON.stringify(template) }),
  );
}

/** The brake's alarm of 5 dollars as a deploy makes it, in this state. */
export async function limitOf5(moto: Server, functionName: string, StateValue: StateValue): Promise<void> {
  const cloudwatch = new CloudWatchClient(clientOf(moto));
  const AlarmName = `${functionName}-daily-limit`;
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: 'x',
      MetricName: 'x',
      Statistic: 'Sum',
      Period: 86_400,
      EvaluationPeriods: 1,
      Threshold: 5,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    }),
  );
  await cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'test' }));
}

/** Sets or (with undefined) lifts the function's reserved concurrency. */
export async function reserve(
  moto: Server,
  FunctionName: string,
  ReservedConcurrentExecutions: number | undefined,
): Promise<void> {
  const lambda = new LambdaClient(clientOf(moto));
  if (ReservedConcurrentExecutions === undefined)
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
  else await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
}

/** Lambda's account settings, which the emulator does not have. */
export function accountSettings(limit: number, unreserved = limit) {
  const body: Omit<GetAccountSettingsCommandOutput, '$metadata'> = {
    AccountLimit: { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: unreserved },
  };
  return ({ path }: Asked): Answer | undefined =>
    path.startsWith('/2016-08-19/account-settings') ? { status: 200, body: JSON.stringify(body) } : undefined;
}
