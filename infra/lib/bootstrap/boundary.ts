import { Fn } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { brakeName } from '../brake-names.ts';
import type { Deployed } from './names.ts';

/**
 * The most that any role of the stack needs, whatever its settings: to call models and to write its log; for the brake, to
 * stop the function, and for the rule, to start the brake. What a template gives a role beyond this has no effect.
 */
export function boundaryStatements({ functionName, region }: Deployed): PolicyStatement[] {
  const here = (service: string, resource: string): string =>
    Fn.sub(`arn:\${AWS::Partition}:${service}:${region}:\${AWS::AccountId}:${resource}`);
  const allow = (sid: string, actions: string[], resources: string[]): PolicyStatement =>
    new PolicyStatement({ sid, actions, resources });
  return [
    allow(
      'WriteOwnLog',
      ['logs:CreateLogStream', 'logs:PutLogEvents'],
      [here('logs', `log-group:/aws/lambda/${functionName}:*`)],
    ),
    allow(
      'CallModels',
      ['bedrock:InvokeModel', 'bedrock:InvokeModelWithResponseStream'],
      [Fn.sub(`arn:\${AWS::Partition}:bedrock:*::foundation-model/*`), here('bedrock', 'inference-profile/*')],
    ),
    allow('StopTheFunction', ['lambda:PutFunctionConcurrency'], [here('lambda', `function:${functionName}`)]),
    allow('StartTheBrake', ['states:StartExecution'], [here('states', `stateMachine:${brakeName(functionName)}`)]),
  ];
}
