import { cdk } from './cdk.ts';
import { readDeployedStack } from './deployed-stack.ts';
import { isRecorded, recordDeployment } from './deployment-record.ts';
import { keepingStop } from './function-state.ts';
import { forgetPrevious, isRemembered, previousAssembly, readPrevious, settlePrevious } from './previous.ts';
import { deployedTemplate, hasWorked } from './stack-state.ts';
import type { Target } from './target.ts';

/** How a rollback went, in one sentence. */
export interface RolledBack {
  /** Whether the version before the last deploy is there again. */
  readonly done: boolean;
  readonly sentence: string;
}

const notDone = (sentence: string): RolledBack => ({ done: false, sentence });

/** Deploys what was deployed before the last deploy. The CDK does it, with its own roles, and waits for CloudFormation's end. */
export async function rollBack(target: Target): Promise<RolledBack> {
  const { stackName } = target;
  const nothing = notDone(
    `Nothing is remembered of ${stackName} from before the last deploy, so it stays as it is: check out the version that you want and run make deploy.`,
  );
  if (!isRemembered(target)) return nothing;
  const deployed = (await hasWorked(target)) ? await deployedTemplate(target) : undefined;
  settlePrevious(target, deployed);
  const previous = readPrevious(target);
  if (!previous || deployed === undefined) return nothing;
  if (!readDeployedStack(deployed))
    return notDone(`The stack ${stackName} that is there now was not made by this project: it stays as it is.`);
  if (previous.template === undefined)
    return notDone(
      `There is no previous version of ${stackName}: this deploy was its first. It stays as it is; make destroy removes it.`,
    );
  if (previous.template === deployed)
    return notDone(
      `The last deploy of ${stackName} changed nothing, so there is nothing to put back: it stays as it is.`,
    );
  const app = { app: ['--app', previousAssembly] };
  await keepingStop(target, () => cdk('deploy', target.region, ['deploy', '--require-approval=never'], app));
  forgetPrevious(target);
  const stream = readDeployedStack(previous.template)?.settings.STREAM === '1';
  if (isRecorded(target)) recordDeployment(target, stream);
  return { done: true, sentence: `Rolled back: ${stackName} is again what it was before the last deploy.` };
}
