import type { Settings } from '../settings.ts';

/** The stack that the policies are for. */
export type Deployed = Pick<Settings, 'functionName' | 'region'>;

/** The stack that makes both policies, with the credentials of whoever runs `make bootstrap`. */
export const bootstrapStackName = (functionName: string): string => `${functionName}-bootstrap`;

/** What CloudFormation may do for the stack. Policies are an account's, of all regions. */
export const executionPolicyName = ({ functionName, region }: Deployed): string =>
  `${functionName}-${region}-execution`;

/** The most that a role may do that CloudFormation makes for the stack. */
export const boundaryName = ({ functionName, region }: Deployed): string => `${functionName}-${region}-boundary`;

/** The name of one's own policy in an ARN for `Fn::Sub`. */
export const policyArn = (name: string): string => `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:policy/${name}`;
