/** Runs a program in an account that moto plays, set up for the CDK, on a machine where nothing is deployed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accountSettings } from './account.ts';
import { startControlPlane } from './bedrock-control-plane.ts';
import { KEYS, newMachine } from './make.ts';
import { loadCloudFormation, startFront, startMoto } from './servers.ts';
import { table } from './stack.ts';
import { workspaceDir } from '../../lib/paths.ts';

const machine = newMachine();
const [moto, bedrock] = await Promise.all([startMoto(), startControlPlane(table.models)]);
const front = await startFront(moto, accountSettings(1000));
try {
  await loadCloudFormation(moto);
  const account = {
    ...KEYS,
    AWS_ENDPOINT_URL: moto.url,
    AWS_ENDPOINT_URL_LAMBDA: front.url,
    AWS_ENDPOINT_URL_S3: moto.url,
    AWS_ENDPOINT_URL_BEDROCK: bedrock.url,
  };
  const { status, stderr } = await machine.make(['bootstrap'], account);
  if (status !== 0) throw new Error(`make bootstrap failed:\n${stderr}`);
  const [program = '', ...args] = process.argv.slice(2);
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ...machine.environment, ...account };
  const [code] = await once(spawn(program, args, { cwd: workspaceDir, env, stdio: 'inherit' }), 'close');
  process.exitCode = code ?? 1;
} finally {
  await Promise.all([front.stop(), moto.stop(), bedrock.stop()]);
  machine.remove();
}
