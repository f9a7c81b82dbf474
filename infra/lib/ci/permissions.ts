import { DefaultStackSynthesizer, Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { boundaryName, type Deployed, policyArn } from '../names.ts';

/** The stack, under whatever id CloudFormation gives it. */
export const stackArn = ({ functionName, region }: Deployed): string =>
  `arn:\${AWS::Partition}:cloudformation:${region}:\${AWS::AccountId}:stack/${functionName}/*`;

/** Why its ARN has a star. */
export const ONE_STACK =
  'The star stands for the id that CloudFormation makes up for the one stack; no other stack matches.';

/**
 * The roles that the CDK's CLI takes on for `deploy`, of its own bootstrap. That for images has nothing to do here. That to look
 * up may read the whole account: the CLI asks for it to show a person what changes, and with `--require-approval=never` shows nothing.
 */
const CDK_ROLES = [
  DefaultStackSynthesizer.DEFAULT_DEPLOY_ROLE_ARN,
  DefaultStackSynthesizer.DEFAULT_FILE_ASSET_PUBLISHING_ROLE_ARN,
];

/** A name of the CDK's bootstrap in this region, for `Fn::Sub`. */
export const cdkName = (name: string, { region }: Deployed): string =>
  name.replaceAll(`\${Qualifier}`, DefaultStackSynthesizer.DEFAULT_QUALIFIER).replaceAll(`\${AWS::Region}`, region);

/** Everything that changes something is done as one of these, of this account and region. */
export function assumeCdkRoles(deployed: Deployed, roles = CDK_ROLES): PolicyStatement {
  return new PolicyStatement({
    sid: 'AssumeCdkRoles',
    actions: ['sts:AssumeRole'],
    resources: roles.map((role) => Fn.sub(cdkName(role, deployed))),
  });
}

/** DescribeStacks: whether there is a stack, and its outputs. GetTemplate: what a rollback goes back to, and what a diff compares with. */
export function readTheStack(deployed: Deployed): PolicyStatement {
  return new PolicyStatement({
    sid: 'ReadTheStack',
    actions: ['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'],
    resources: [Fn.sub(stackArn(deployed))],
  });
}

/** Every model and every profile, as the region that models.json was written for has them: which ones are in the table changes. */
export function askAboutModels(region: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'AskAboutModels',
    actions: ['bedrock:GetFoundationModel', 'bedrock:GetInferenceProfile'],
    resources: modelArns(region).map((arn) => Fn.sub(arn)),
  });
}

/** For `Fn::Sub`. */
export const modelArns = (region: string): string[] => [
  `arn:\${AWS::Partition}:bedrock:${region}::foundation-model/*`,
  `arn:\${AWS::Partition}:bedrock:${region}:\${AWS::AccountId}:inference-profile/*`,
];

/** Whether there is a boundary that the stack's roles have to have. */
export function seeTheBoundary(deployed: Deployed): PolicyStatement {
  return new PolicyStatement({
    sid: 'SeeTheBoundary',
    actions: ['iam:GetPolicy'],
    resources: [Fn.sub(policyArn(boundaryName(deployed)))],
  });
}

const functionArn = ({ functionName, region }: Deployed): string =>
  Fn.sub(`arn:\${AWS::Partition}:lambda:${region}:\${AWS::AccountId}:function:${functionName}`);

/** The smoke call. */
export function callTheFunction(deployed: Deployed): PolicyStatement {
  const resources = [functionArn(deployed)];
  return new PolicyStatement({ sid: 'CallTheFunction', actions: ['lambda:InvokeFunction'], resources });
}

/** A deploy leaves a function stopped that was stopped before: it looks, and where CloudFormation let calls in, it stops it again. */
export function keepTheStop(deployed: Deployed): PolicyStatement {
  const actions = ['lambda:GetFunctionConcurrency', 'lambda:PutFunctionConcurrency'];
  return new PolicyStatement({ sid: 'KeepTheStop', actions, resources: [functionArn(deployed)] });
}
