import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
  type Stack,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { asUserError, clientOptions, isMissing } from './aws.ts';
import type { Target } from './target.ts';

/** The stack as CloudFormation describes it, or undefined when it does not exist. */
export async function findStack(target: Target): Promise<Stack | undefined> {
  try {
    return await describeStack(target);
  } catch (error) {
    throw asUserError(error, target.region);
  }
}

/** Whether the stack has no resources: it does not exist, it was only reviewed, or its creation was rolled back. The CDK creates it anew. */
export const isEmpty = (status: string | undefined): boolean =>
  status === undefined || status === 'REVIEW_IN_PROGRESS' || status === 'ROLLBACK_COMPLETE';

/** Whether the creation of the stack succeeded. */
export const wasCreated = (status: string | undefined): boolean =>
  /^(CREATE_COMPLETE$|UPDATE_|IMPORT_)/.test(status ?? '');

/** Whether there is a stack whose creation succeeded. Where it failed, CloudFormation still has a template, but no resources. */
export const hasWorked = async (target: Target): Promise<boolean> => wasCreated((await findStack(target))?.StackStatus);

/** The stack as CloudFormation describes it, or undefined when it does not exist. Errors are the SDK's own. */
export async function describeStack(
  { region, stackName }: Target,
  abortSignal?: AbortSignal,
): Promise<Stack | undefined> {
  try {
    const { Stacks } = await new CloudFormationClient(clientOptions(region)).send(
      new DescribeStacksCommand({ StackName: stackName }),
      { abortSignal },
    );
    return Stacks?.[0];
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Type and physical id of each resource of the stack. */
export async function stackResources(target: Target): Promise<{ type: string; id: string }[]> {
  return (await resourcesOf(target)).map(({ ResourceType, PhysicalResourceId }) => ({
    type: ResourceType ?? '',
    id: PhysicalResourceId ?? '',
  }));
}

/** The roles that the stack made. */
export async function rolesOf(target: Target): Promise<{ logicalId: string; name: string }[]> {
  const roles = (await resourcesOf(target)).filter(
    ({ ResourceType, ResourceStatus }) => ResourceType === 'AWS::IAM::Role' && ResourceStatus !== 'DELETE_COMPLETE',
  );
  return roles.map(({ LogicalResourceId, PhysicalResourceId }) => ({
    logicalId: LogicalResourceId ?? '',
    name: PhysicalResourceId ?? '',
  }));
}

async function resourcesOf({ region, stackName }: Target): Promise<StackResourceSummary[]> {
  const { StackResourceSummaries = [] } = await new CloudFormationClient(clientOptions(region)).send(
    new ListStackResourcesCommand({ StackName: stackName }),
  );
  return StackResourceSummaries;
}

/** The template as it was handed to CloudFormation. */
export async function deployedTemplate({ region, stackName }: Target, abortSignal?: AbortSignal): Promise<string> {
  try {
    const { TemplateBody } = await new CloudFormationClient(clientOptions(region)).send(
      new GetTemplateCommand({ StackName: stackName, TemplateStage: 'Original' }),
      { abortSignal },
    );
    return TemplateBody ?? '';
  } catch (error) {
    throw asUserError(error, region);
  }
}
