import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import type { GetAccountSettingsCommandOutput } from '@aws-sdk/client-lambda';
import {
  CreateFunctionCommand,
  DeleteFunctionConcurrencyCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { policyOf } from './policy.ts';
import type { Answer, Asked, Server } from './servers.ts';
import { stackOf } from './stack.ts';

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
  const zip = Buffer.from('UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==', 'base64');
  await new LambdaClient(clientOf(moto)).send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: Role?.Arn,
      Runtime: 'provided.al2023',
      Handler: 'bootstrap',
      Code: { ZipFile: zip },
    }),
  );
  const template = {
    Metadata: { S3Key: `${code}.zip` },
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Resources: {
      Logs: { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${name}` } },
      // Says that the stack is this project's; the function itself was made above.
      Function: {
        Type: 'AWS::Lambda::Function',
        Condition: 'Never',
        Properties: { FunctionName: name, Environment: { Variables: { BEDROCK_MODEL_IDS: 'any' } } },
      },
    },
  };
  await new CloudFormationClient(clientOf(moto)).send(
    new CreateStackCommand({ StackName: name, TemplateBody: JSON.stringify(template) }),
  );
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
