import { type FunctionConfiguration, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { clientOptions } from '../../shared/aws.ts';
import { findStack } from '../../shared/stack-state.ts';
import { type Context, succeeded } from '../context.ts';
import type { Step } from '../run.ts';

/** The name of the step that all others need that call the function. */
export const DEPLOY = 'make deploy';

const deploy: Step = {
  name: DEPLOY,
  proves: 'the stack is made by one command, and CloudFormation reports it as complete',
  run: async ({ make, target, figures }) => {
    const began = Date.now();
    succeeded(await make('deploy'), 'deploy');
    figures.deploySeconds = Math.round((Date.now() - began) / 1000);
    const status = (await findStack(target))?.StackStatus ?? 'no stack';
    if (status !== 'CREATE_COMPLETE') throw new Error(`the stack is ${status}`);
    return `${status} in ${figures.deploySeconds} s`;
  },
};

const deployAgain: Step = {
  name: 'make deploy again',
  proves: 'a second deploy of the same changes nothing',
  needs: DEPLOY,
  run: async ({ make }) => {
    const { stdout, stderr } = succeeded(await make('deploy'), 'deploy');
    if (!/\(no changes\)/.test(stdout + stderr)) throw new Error('it changed something');
    return 'no changes';
  },
};

const stop: Step = {
  name: 'make stop and make resume',
  proves: 'a stopped function refuses every call, and takes them again once it is resumed',
  needs: DEPLOY,
  calls: [{ count: 2, chars: 200, maxTokens: 16 }],
  run: async (context) => {
    const event = { prompt: `Say yes. ${context.marker}`, maxTokens: 16 };
    succeeded(await context.make('stop'), 'stop');
    const { kind } = await context.invoke(event);
    succeeded(await context.make('resume'), 'resume');
    if (kind !== 'throttled') throw new Error(`a stopped function gave ${kind}, and not a refusal of Lambda's`);
    const { statusCode } = await context.call(event);
    if (statusCode !== 200) throw new Error(`${statusCode} after make resume`);
    return 'refused, then 200';
  },
};

const rollback: Step = {
  name: 'make rollback',
  proves: 'what was deployed before the last deploy is deployed again',
  needs: 'a deploy with TIMEOUT_SECONDS=3',
  run: async (context) => {
    succeeded(await context.make('rollback'), 'rollback');
    const seconds = await timeoutOf(context);
    const before = context.choice.settings.timeoutSeconds;
    if (seconds !== before) throw new Error(`the time-out is ${seconds} s, and was ${before} s`);
    return `the time-out is ${seconds} s again`;
  },
};

/** The deployed function as Lambda has it. */
export const configurationOf = ({ target: { region, stackName } }: Context): Promise<FunctionConfiguration> =>
  new LambdaClient(clientOptions(region)).send(new GetFunctionConfigurationCommand({ FunctionName: stackName }));

/** The time-out of the deployed function, in seconds. */
export const timeoutOf = async (context: Context): Promise<number | undefined> =>
  (await configurationOf(context)).Timeout;

/** What comes first. */
export const deploySteps: readonly Step[] = [deploy];

/** What is done with a deployment as it is. */
export const operateSteps: readonly Step[] = [deployAgain, stop];

/** What follows a deploy that changed something. */
export const rollbackSteps: readonly Step[] = [rollback];
