import { exitOnError, UserError } from '../../lib/errors.ts';
import { asUserError } from '../shared/aws.ts';
import { requireAccountOf } from '../shared/deployment-record.ts';
import { describeBatch, endExecution, isRunning, sfnClient } from '../batch/execution.ts';
import { quoted, readRecord, recordFile, typedOutput } from '../batch/files.ts';

const PERMISSIONS = ['states:StopExecution', 'states:DescribeExecution', 'states:ListMapRuns', 'states:DescribeMapRun'];

await exitOnError(async () => {
  const output = typedOutput();
  if (!output)
    throw new UserError(
      'OUTPUT names no batch. Give that of make batch, as in make batch-stop OUTPUT=answers.jsonl; make stop ends all.',
    );
  const record = readRecord(output);
  if (!record)
    throw new UserError(
      `No batch on AWS answers that output: there is no ${recordFile(output)}. make batch-status lists those that run.`,
    );
  const { region, executionArn, functionName, input } = record;
  try {
    await requireAccountOf({ ...record, stackName: functionName });
    const sfn = sfnClient(region);
    const runs = isRunning(await describeBatch(sfn, executionArn));
    if (runs) await endExecution(sfn, executionArn, 'make batch-stop');
    const again = `make batch INPUT=${quoted(input)} OUTPUT=${quoted(output)}`;
    console.error(
      `${runs ? 'Stopped: no more rows are asked, and those under way are given up.' : 'The batch had ended before.'} What was answered is kept on AWS: ${again} fetches it, and asks the rest.`,
    );
  } catch (error) {
    throw asUserError(error, region, PERMISSIONS);
  }
});
