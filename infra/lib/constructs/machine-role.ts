import { ArnFormat, Aws, Stack, Validations } from 'aws-cdk-lib';
import { type IRole, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { batchName } from '../names.ts';

/** A statement on one resource. */
export const allow = (sid: string, actions: string[], resource: string): PolicyStatement =>
  new PolicyStatement({ sid, actions, resources: [resource] });

/** The policy of a state machine's role. */
export interface MachineRoleProps {
  readonly description: string;
  readonly policyName: string;
  readonly statements: PolicyStatement[];
  /** The resources among them that end in a star, as cdk-nag writes them. */
  readonly stars: readonly string[];
}

/** The role of a state machine of this account; immutable, so that a task of the machine adds no policy beside it. */
export function machineRole(scope: Construct, { description, policyName, statements, stars }: MachineRoleProps): IRole {
  const role = new Role(scope, 'Role', {
    description,
    assumedBy: new ServicePrincipal('states.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
    inlinePolicies: { [policyName]: new PolicyDocument({ statements }) },
  });
  for (const resource of stars)
    Validations.of(role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${resource.replaceAll(Aws.ACCOUNT_ID, '<AWS::AccountId>')}]`,
      reason: 'The star stands for names that are made up as they come, in one folder or of one state machine.',
    });
  return role.withoutPolicyUpdates();
}

/** The ARN of a resource of Step Functions. */
export const statesArn = (scope: Construct, resource: string, resourceName: string): string =>
  Stack.of(scope).formatArn({ service: 'states', resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });

/** The ARN pattern of a batch's executions, whose names are generated. */
export const executionsOf = (scope: Construct, functionName: string): string =>
  statesArn(scope, 'execution', `${batchName(functionName)}:*`);
