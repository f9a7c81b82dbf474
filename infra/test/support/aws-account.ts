import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { clientOf, reserve } from './account.ts';
import { hasSha256, runAsLambda, uploadedCode, unpacked } from './deployed-function.ts';
import { answerOf, type Answer, type Asked, type Server, startFront } from './servers.ts';
import { simulated } from './policy.ts';
import { ACCOUNT } from './stack.ts';

/** One request as IAM is asked about it. */
interface Request {
  readonly action: string;
  readonly resource: string;
}

/** An account on loopback: moto, with what it does not have of AWS. */
export interface AwsAccount extends Server {
  /** From now on, whoever signs with this key may do what the policy says and nothing else. */
  readonly restrict: (accessKeyId: string, policy: unknown) => void;
  /** What was asked with restricted keys, and what came of it, as `allowed sts:AssumeRole` */
  readonly decisions: readonly string[];
}

/** What the account is made of. */
export interface Parts {
  readonly moto: Server;
  readonly bedrock: Server;
  /** Where code is unpacked. */
  readonly directory: string;
}

/** moto gives the values of a list as Python prints one; CloudFormation with commas, as they were given. */
async function stacks(asked: Asked, moto: Server): Promise<Answer | undefined> {
  if (asked.operation !== 'DescribeStacks') return undefined;
  const answer = await answerOf(moto, asked);
  return {
    ...answer,
    body: answer.body.replace(/<ParameterValue>\[(.*?)\]<\/ParameterValue>/g, (_, list: string) => {
      const values = list.split(',').map((value) => value.trim().replace(/^('|&#39;)|('|&#39;)$/g, ''));
      return `<ParameterValue>${values.join(',')}</ParameterValue>`;
    }),
  };
}

const REGION = 'ap-northeast-1';

/** Puts IAM, Lambda's Invoke and what CloudFormation says of change sets before moto. */
export async function startAccount(parts: Parts): Promise<AwsAccount> {
  const policies = new Map<string, unknown>();
  const decisions: string[] = [];
  const server = await startFront(
    parts.moto,
    async (asked) =>
      (await refusal(asked, policies, decisions)) ??
      (await invocation(asked, parts)) ??
      (await stacks(asked, parts.moto)) ??
      changeSet(asked, parts.moto),
  );
  return { ...server, decisions, restrict: (accessKeyId, policy) => policies.set(accessKeyId, policy) };
}

async function refusal(
  asked: Asked,
  policies: ReadonlyMap<string, unknown>,
  decisions: string[],
): Promise<Answer | undefined> {
  const [, key = ''] = /Credential=([^/]+)\//.exec(asked.headers.authorization ?? '') ?? [];
  const policy = policies.get(key);
  if (!policy) return undefined;
  const request = requestOf(asked);
  const allowed = await isAllowed(policy, request);
  decisions.push(`${allowed ? 'allowed' : 'denied'} ${request.action}`);
  return allowed ? undefined : denied(asked);
}

/** Requests of other services that name a resource. */
const NAMED: Readonly<Record<string, (form: URLSearchParams, asked: Asked) => Request>> = {
  AssumeRole: (form) => ({ action: 'sts:AssumeRole', resource: form.get('RoleArn') ?? '' }),
  GetPolicy: (form) => ({ action: 'iam:GetPolicy', resource: form.get('PolicyArn') ?? '' }),
  'AmazonSSM.GetParameter': (_, { body }) => {
    const { Name } = z.object({ Name: z.string() }).parse(JSON.parse(body.toString()));
    return { action: 'ssm:GetParameter', resource: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${Name}` };
  },
};

/** What the request is to IAM. Only those that the commands make with a pipeline's keys have a resource of their own. */
function requestOf(asked: Asked): Request {
  const form = new URLSearchParams(asked.body.toString());
  const [, service = ''] = /\/([a-z0-9]+)\/aws4_request/.exec(asked.headers.authorization ?? '') ?? [];
  if (service === 'lambda') return lambdaRequest(asked);
  if (service === 'cloudformation') return cloudFormationRequest(asked.operation, form.get('StackName') ?? '');
  const named = NAMED[asked.operation]?.(form, asked);
  if (named) return named;
  return { action: `${service}:${asked.operation.split('.').at(-1) || 'unknown'}`, resource: '*' };
}

function cloudFormationRequest(operation: string, name: string): Request {
  const resource = name.startsWith('arn:') ? name : `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${name}/0123`;
  return { action: `cloudformation:${operation}`, resource };
}

function lambdaRequest({ path, method }: Asked): Request {
  const [, name, part] = /^\/[0-9-]+\/functions\/([^/]+)(\/\w+)?/.exec(path) ?? [];
  const resource = name ? `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}` : '*';
  if (part === '/invocations') return { action: 'lambda:InvokeFunction', resource };
  if (part === '/concurrency')
    return { action: `lambda:${method === 'GET' ? 'Get' : 'Put'}FunctionConcurrency`, resource };
  return { action: method === 'GET' && name ? 'lambda:GetFunctionConfiguration' : 'lambda:unknown', resource };
}

/** Whether the role may do it; a request that AWS has not got is one that it may not. */
async function isAllowed(policy: unknown, { action, resource }: Request): Promise<boolean> {
  if (action === 'sts:GetCallerIdentity') return true;
  const result = await simulated(policy, action, resource);
  return result.resultType !== 'error' && result.overallResult === 'Allowed';
}

/** A refusal in the protocol of who is asked. */
function denied({ headers, operation }: Asked): Answer {
  const message = 'User is not authorized to perform this';
  if (headers['content-type']?.includes('x-www-form-urlencoded'))
    return {
      status: 403,
      headers: { 'content-type': 'text/xml' },
      body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error></ErrorResponse>`,
    };
  return {
    status: operation === '' ? 403 : 400,
    headers: { 'x-amzn-errortype': 'AccessDeniedException' },
    body: JSON.stringify({ __type: 'AccessDeniedException', message }),
  };
}

/** Lambda's Invoke: the code that was uploaded runs in the environment that was deployed. */
async function invocation(
  { path, method, body }: Asked,
  { moto, bedrock, directory }: Parts,
): Promise<Answer | undefined> {
  const [, name] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(path) ?? [];
  if (!name || method !== 'POST') return undefined;
  const options = {
    region: REGION,
    endpoint: moto.url,
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  };
  const configuration = await new LambdaClient(options).send(
    new GetFunctionConfigurationCommand({ FunctionName: name }),
  );
  const { zip } = await uploadedCode(options, name);
  if (!hasSha256(zip, configuration.CodeSha256)) throw new Error('The uploaded code is not what Lambda has.');
  const event = join(directory, 'event.json');
  writeFileSync(event, body);
  const { status, stdout, stderr } = await runAsLambda(
    await unpacked(directory, zip),
    configuration,
    bedrock.url,
    event,
  );
  if (status === 0) return { status: 200, body: stdout.trimEnd() };
  return {
    status: 200,
    headers: { 'x-amz-function-error': 'Unhandled' },
    body: JSON.stringify({ errorType: 'Error', errorMessage: stderr.trim() }),
  };
}

/**
 * moto finds a change set by its name alone, whatever its stack, and fails where there is none; it leaves a function's
 * reserved concurrency alone. CloudFormation does nothing of that.
 */
async function changeSet(asked: Asked, moto: Server): Promise<Answer | undefined> {
  if (!/^\w+ChangeSet$/.test(asked.operation)) return undefined;
  const stackName = new URLSearchParams(asked.body.toString()).get('StackName') ?? '';
  const before = await reservedIn(stackName, moto);
  const answer = await answerOf(moto, namedAfterStack(asked));
  if (asked.operation === 'ExecuteChangeSet') await reserveAsDeployed(stackName, moto, before);
  if (asked.operation === 'DeleteChangeSet' && answer.status >= 500)
    return {
      ...answer,
      status: 200,
      body: '<DeleteChangeSetResponse><DeleteChangeSetResult/></DeleteChangeSetResponse>',
    };
  return asked.operation === 'DescribeChangeSet'
    ? { ...answer, body: answer.body.replace('<Code>ValidationError</Code>', '<Code>ChangeSetNotFound</Code>') }
    : answer;
}

/** What the template reserves for the stack's function; undefined of another stack, and where it reserves nothing. */
async function reservedIn(StackName: string, moto: Server): Promise<number | undefined> {
  const { TemplateBody = '' } = await new CloudFormationClient(clientOf(moto))
    .send(new GetTemplateCommand({ StackName }))
    .catch((): { TemplateBody?: string } => ({}));
  return Number(/"ReservedConcurrentExecutions": *(\d+)/.exec(TemplateBody)?.[1]) || undefined;
}

async function reserveAsDeployed(stackName: string, moto: Server, before: number | undefined): Promise<void> {
  const now = await reservedIn(stackName, moto);
  if (now !== undefined || before !== undefined) await reserve(moto, stackName, now);
}

function namedAfterStack(asked: Asked): Asked {
  const form = new URLSearchParams(asked.body.toString());
  const name = form.get('ChangeSetName') ?? '';
  if (name.startsWith('arn:')) return asked;
  form.set('ChangeSetName', `${name}-${form.get('StackName')}`.replace(/[^A-Za-z0-9-]/g, '-'));
  const body = Buffer.from(form.toString());
  return { ...asked, body, headers: { ...asked.headers, 'content-length': String(body.length) } };
}
