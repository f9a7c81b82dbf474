import { exitOnError, UserError } from '../../lib/errors.ts';
import { localized } from '../../lib/text.ts';
import { requireAccountOfBatch } from '../batch/deployment.ts';
import { asBatchError, describeBatch, endExecution, isRunning, sfnClient } from '../batch/execution.ts';
import { requireRecord, typedOutput } from '../batch/files.ts';

const PERMISSIONS = ['states:StopExecution', 'states:DescribeExecution', 'states:ListMapRuns', 'states:DescribeMapRun'];

await exitOnError(async () => {
  const output = typedOutput();
  if (!output)
    throw new UserError({
      en: 'OUTPUT names no batch. Give that of make batch, as in make batch-stop OUTPUT=answers.jsonl; make stop ends all.',
      ja: 'OUTPUT が指定されていません。make batch-stop OUTPUT=answers.jsonl のように、make batch に指定したものを書いてください。すべてのバッチを終了するには make stop を使います。',
    });
  const record = requireRecord(output);
  const { region, executionArn, command } = record;
  try {
    await requireAccountOfBatch(record);
    const sfn = sfnClient(region);
    const runs = isRunning(await describeBatch(sfn, executionArn));
    if (runs) await endExecution(sfn, executionArn, 'make batch-stop');
    console.error(
      localized({
        en: `${runs ? 'Stopped: no more rows are asked, and those under way are given up.' : 'The batch had ended before.'} What was answered is kept on AWS: ${command} fetches it, and asks the rest.`,
        ja: `${runs ? '停止しました。残りの行は実行せず、処理中の行は中断します。' : 'このバッチはすでに終了しています。'}届いた回答は AWS に残っています。${command} で取得し、残りを実行できます。`,
      }),
    );
  } catch (error) {
    throw asBatchError(error, region, PERMISSIONS, output);
  }
});
