import { BootstraplessSynthesizer, Stack } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { boundaryStatements } from './boundary.ts';
import { executionStatements } from './execution.ts';
import { boundaryName, bootstrapStackName, type Deployed, executionPolicyName } from './names.ts';

/**
 * The two policies by which CloudFormation is held to one stack of this project, instead of the AdministratorAccess that
 * the CDK gives it: what it may do itself, and the most that the roles may do that it makes.
 *
 * Made with the caller's own credentials: CloudFormation's role must not be able to change either.
 */
export class BootstrapStack extends Stack {
  constructor(scope: Construct, deployed: Deployed) {
    super(scope, bootstrapStackName(deployed.functionName), {
      env: { region: deployed.region },
      description: `What CloudFormation may do to deploy ${deployed.functionName}`,
      synthesizer: new BootstraplessSynthesizer(),
    });
    new ManagedPolicy(this, 'Boundary', {
      managedPolicyName: boundaryName(deployed),
      description: `The most that a role of ${deployed.functionName} may do`,
      statements: boundaryStatements(deployed),
    });
    new ManagedPolicy(this, 'Execution', {
      managedPolicyName: executionPolicyName(deployed),
      description: `What CloudFormation may do to deploy ${deployed.functionName}`,
      statements: executionStatements(deployed),
    });
  }
}
