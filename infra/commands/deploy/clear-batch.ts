import type { Stack } from '@aws-sdk/client-cloudformation';
import { DeleteObjectsCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { UserError } from '../../lib/errors.ts';
import { asUserError, clientOptions, unlessMissing } from '../shared/aws.ts';
import { batchResources } from '../batch/deployment.ts';
import { endExecutions, sfnClient } from '../batch/execution.ts';
import type { Target } from '../shared/target.ts';
import { isConfirmed } from '../shared/terminal.ts';
import { message, localized } from '../../lib/text.ts';
import { unattended } from './programs.ts';

/**
 * Ends the running batches and empties their bucket, because CloudFormation does not remove a bucket with files. A person is asked first.
 *
 * @returns whether a person was asked. The question is about the stack too.
 * @throws UserError when the person says no, or the caller lacks a permission.
 */
export async function clearBatch(target: Target, stack: Stack): Promise<boolean> {
  const resources = batchResources(stack);
  if (!resources) return false;
  const { bucket, stateMachineArn } = resources;
  const s3 = new S3Client(clientOptions(target.region));
  try {
    // A removal that failed halfway may have left the bucket without the state machine, or the other way round.
    const files = await unlessMissing(filesIn(s3, bucket).next());
    const asked = files?.done === false && !unattended();
    if (asked) await confirm(localized(texts.question(bucket)));
    await unlessMissing(endExecutions(sfnClient(target.region), stateMachineArn, 'make destroy'));
    await unlessMissing(empty(s3, bucket));
    return asked;
  } catch (error) {
    throw asUserError(error, target.region, PERMISSIONS);
  }
}

const PERMISSIONS = ['s3:ListBucket', 's3:DeleteObject', 'states:ListExecutions', 'states:StopExecution'];

async function confirm(question: string): Promise<void> {
  if (!(await isConfirmed(question))) throw new UserError(texts.kept());
}

/** The keys of the files, in pages of a thousand. */
async function* filesIn(s3: S3Client, Bucket: string): AsyncGenerator<{ Key: string | undefined }[], void> {
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket }))
    if (Contents.length > 0) yield Contents.map(({ Key }) => ({ Key }));
}

async function empty(s3: S3Client, Bucket: string): Promise<void> {
  for await (const Objects of filesIn(s3, Bucket)) {
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [refused] = Errors;
    if (refused) throw new UserError(texts.refused(refused.Key ?? '', Bucket, refused.Code ?? ''));
  }
}

const texts = {
  question: message(
    (bucket: string) => `The bucket ${bucket} has files of batches. Remove them, and the stack? [y/N] `,
    (bucket) => `バケット ${bucket} にバッチのファイルがあります。ファイルとスタックを削除しますか? [y/N] `,
  ),
  kept: message(
    () => 'Nothing was removed.',
    () => '何も削除していません。',
  ),
  refused: message(
    (key: string, bucket: string, code: string) => `S3 did not remove ${key} of ${bucket}: ${code}. Try again.`,
    (key, bucket, code) => `S3 が ${bucket} の ${key} を削除しませんでした (${code})。やり直してください。`,
  ),
} as const;
