import { chmodSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { bootstrapFile, workspaceDir } from '../../lib/paths.ts';
import { run } from './run.ts';

/**
 * Compiles the function for Lambda: x86_64, glibc of Amazon Linux 2023. Zig, which cargo-lambda
 * links with, is what pins glibc: a plain `cargo build` takes this machine's.
 */
export async function buildFunction(): Promise<void> {
  await run({
    program: 'cargo',
    args: ['lambda', 'build', '--release', '--x86-64', '-p', 'bedrock-function'],
    directory: workspaceDir,
    // What is deployed is taken from here: a target folder of the person's own would leave an older build in its place.
    environment: {
      CARGO_TARGET_DIR: join(workspaceDir, 'target'),
      PATH: [join(workspaceDir, '.tools/venv/bin'), process.env.PATH].join(delimiter),
      RUSTFLAGS: rustFlags(),
    },
  });
  // Lambda runs it as another user than the zip's owner; a umask of 077 would keep that user out.
  chmodSync(bootstrapFile, 0o755);
}

/**
 * Panic messages name source files; without the renaming they would name the builder's home, and no two
 * machines would build the same. haswell is what cargo-lambda asks for where RUSTFLAGS is not set: Lambda has it.
 */
function rustFlags(): string {
  const cargoHome = process.env.CARGO_HOME ?? join(homedir(), '.cargo');
  const renamed = [`${cargoHome}=/cargo`, `${workspaceDir.replace(/\/$/, '')}=/workspace`];
  return [process.env.RUSTFLAGS ?? '', '-Ctarget-cpu=haswell', ...renamed.map((pair) => `--remap-path-prefix=${pair}`)]
    .join(' ')
    .trim();
}
