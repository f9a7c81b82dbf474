import { exitOnError, UserError } from '../../lib/errors.ts';
import { requireAccountOfBatch } from '../batch/deployment.ts';
import { asBatchError, describeBatch, endExecution, isRunning, sfnClient } from '../batch/execution.ts';
import { requireRecord, typedOutput } from '../batch/files.ts';

const PERMISSIONS = ['states:StopExecution', 'states:DescribeExecution', 'states:ListMapRuns', 'states:DescribeMapRun'];

await exitOnError(async () => {
  const output = typedOutput();
  if (!output)
    throw new UserError(
      'OUTPUT names no batch. Give that of make batch, as in make batch-stop OUTPUT=answers.jsonl; make stop ends all.',
    );
  const record = requireRecord(output);
  const { region, executionArn, command } = record;
  try {
    await requireAccountOfBatch(record);
    const sfn = sfnClient(region);
    const runs = isRunning(await describeBatch(sfn, executionArn));
    if (runs) await endExecution(sfn, executionArn, 'make batch-stop');
    console.error(
      `${runs ? 'Stopped: no more rows are asked, and those under way are given up.' : 'The batch had ended before.'} What was answered is kept on AWS: ${command} fetches it, and asks the rest.`,
    );
  } catch (error) {
    throw asBatchError(error, region, PERMISSIONS, output);
  }
});
