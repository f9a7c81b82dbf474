import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { explained, isMissing } from './aws-errors.ts';
import { clientOptions } from './clients.ts';
import type { Target } from './target.ts';

/** The stack as CloudFormation has it, or undefined when there is none. */
export async function findStack(target: Target): Promise<Stack | undefined> {
  try {
    return await describeStack(target);
  } catch (error) {
    throw explained(error, target.region);
  }
}

/** Whether nothing is in the stack: there is none, it was only reviewed, or its making was undone. The CDK makes it anew. */
export const isEmpty = (status: string | undefined): boolean =>
  status === undefined || status === 'REVIEW_IN_PROGRESS' || status === 'ROLLBACK_COMPLETE';

/** Whether the stack was made whole at least once. */
export const wasWhole = (status: string | undefined): boolean =>
  /^(CREATE_COMPLETE$|UPDATE_|IMPORT_)/.test(status ?? '');

/** Whether there is a stack that was made whole at least once: one whose making failed has nothing left, whatever its template says. */
export const hasWorked = async (target: Target): Promise<boolean> => wasWhole((await findStack(target))?.StackStatus);

/** The same; an error as the SDK has it. */
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

/** Type → physical id of what the stack made; a type that occurs twice is listed as often. */
export async function stackResources({ region, stackName }: Target): Promise<{ type: string; id: string }[]> {
  const { StackResourceSummaries } = await new CloudFormationClient(clientOptions(region)).send(
    new ListStackResourcesCommand({ StackName: stackName }),
  );
  return (StackResourceSummaries ?? []).map(({ ResourceType, PhysicalResourceId }) => ({
    type: ResourceType ?? '',
    id: PhysicalResourceId ?? '',
  }));
}

/** The roles that the stack made. */
export async function rolesOf({ region, stackName }: Target): Promise<{ logicalId: string; name: string }[]> {
  const { StackResourceSummaries } = await new CloudFormationClient(clientOptions(region)).send(
    new ListStackResourcesCommand({ StackName: stackName }),
  );
  const roles = (StackResourceSummaries ?? []).filter(
    ({ ResourceType, ResourceStatus }) => ResourceType === 'AWS::IAM::Role' && ResourceStatus !== 'DELETE_COMPLETE',
  );
  return roles.map(({ LogicalResourceId, PhysicalResourceId }) => ({
    logicalId: LogicalResourceId ?? '',
    name: PhysicalResourceId ?? '',
  }));
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
    throw explained(error, region);
  }
}
