import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { infraDir, workspaceDir } from '../../lib/paths.ts';
import { ACCOUNT } from './stack.ts';
import { type Outcome, outcomeOf, tool } from './tools.ts';

/** Where cargo puts what is built for this machine. */
export const debugDir = join(workspaceDir, process.env.CARGO_TARGET_DIR ?? 'target', 'debug');

interface ClientOptions {
  readonly region: string;
  readonly endpoint: string;
  readonly forcePathStyle: boolean;
}

/** The zip in the bucket that the deployed template names. */
export async function uploadedCode(options: ClientOptions, stackName: string): Promise<{ zip: Uint8Array }> {
  const { TemplateBody } = await new CloudFormationClient(options).send(
    new GetTemplateCommand({ StackName: stackName }),
  );
  const [, key] = /([0-9a-f]{64}\.zip)/.exec(TemplateBody ?? '') ?? [];
  const { Body } = await new S3Client(options).send(
    new GetObjectCommand({ Bucket: `cdk-hnb659fds-assets-${ACCOUNT}-ap-northeast-1`, Key: key }),
  );
  return { zip: (await Body?.transformToByteArray()) ?? new Uint8Array() };
}

/** Unpacks it below a directory. Returns the path of `bootstrap`. */
export async function unpacked(directory: string, zip: Uint8Array): Promise<string> {
  const here = mkdtempSync(join(directory, 'code-'));
  const [archive, code] = [join(here, 'code.zip'), join(here, 'code')];
  writeFileSync(archive, zip);
  mkdirSync(code);
  const { status, stderr } = await outcomeOf(tool('python'), [join(infraDir, 'test/support/unpack.py'), archive, code]);
  if (status !== 0) throw new Error(`unpack.py ended with ${status}: ${stderr}`);
  return join(code, 'bootstrap');
}

/** Whether this is the code that Lambda says it has. */
export const hasSha256 = (zip: Uint8Array, codeSha256: string | undefined): boolean =>
  createHash('sha256').update(zip).digest('base64') === codeSha256;

/** Invokes the code with an event under the Runtime API: the deployed variables, and what the stand-in for Bedrock needs. */
export function runAsLambda(
  bootstrap: string,
  configuration: FunctionConfiguration,
  bedrockUrl: string,
  event: string,
): Promise<Outcome> {
  const variables = {
    ...configuration.Environment?.Variables,
    AWS_ENDPOINT_URL_BEDROCK_RUNTIME: bedrockUrl,
    AWS_ACCESS_KEY_ID: 'BEDROCKLOCAL0000000',
    AWS_SECRET_ACCESS_KEY: 'bedrock-local-is-a-stand-in-and-no-secret',
  };
  const environment = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const limits = ['--timeout', `${configuration.Timeout}s`, '--memory-mb', String(configuration.MemorySize)];
  return outcomeOf(join(debugDir, 'lambda-local'), [...environment, ...limits, '--event', event, '--', bootstrap]);
}
