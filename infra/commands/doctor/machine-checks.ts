import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { bootstrapFile, isBuilt, workspaceDir } from '../../lib/paths.ts';
import { artifactFault } from './artifact-kind.ts';
import type { Check } from './check.ts';
import { failure, type Finding, ok, warning } from './finding.ts';
import { machineMessages as says } from './machine-messages.ts';

/** Checks of the tools and of the built function. */
export const machineChecks: readonly Check[] = [
  { id: 'node', run: node },
  { id: 'rust', essential: true, run: rust },
  { id: 'cargo-lambda', run: cargoLambda },
  { id: 'artifact', run: artifact },
];

function node(): Finding[] {
  const version = process.versions.node;
  return [
    Number(version.split('.')[0]) >= 22 ? ok(says.node(version)) : warning(says.nodeOld(version), says.nodeRemedy()),
  ];
}

async function rust(signal: AbortSignal): Promise<Finding[]> {
  const version = await versionOf('cargo', ['--version'], signal);
  return [version ? ok(says.rust(version)) : failure(says.rustMissing(), says.rustRemedy())];
}

async function cargoLambda(signal: AbortSignal): Promise<Finding[]> {
  const wanted = wantedCargoLambda();
  const version = /\d+(\.\d+)+/.exec((await versionOf('cargo-lambda', ['lambda', '--version'], signal)) ?? '')?.[0];
  return [
    version && isAtLeast(version, wanted)
      ? ok(says.cargoLambda(version))
      : warning(says.cargoLambdaMissing(wanted), says.cargoLambdaRemedy()),
  ];
}

function artifact(): Finding[] {
  if (!isBuilt()) return [warning(says.artifactMissing(), says.artifactMissingRemedy())];
  const fault = artifactFault(bootstrapFile);
  if (fault) return [failure(says.artifactWrong(fault), says.artifactWrongRemedy())];
  return [ok(says.artifact((statSync(bootstrapFile).size / 1e6).toFixed(1)))];
}

/** A tool's version line, or undefined when it cannot be run. The project's own tools come first in the PATH. */
async function versionOf(program: string, args: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  const PATH = [join(workspaceDir, '.tools/venv/bin'), process.env.PATH].join(delimiter);
  try {
    return (
      await promisify(execFile)(program, args, { cwd: workspaceDir, env: { ...process.env, PATH }, signal })
    ).stdout.trim();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The version that tools/setup installs. */
function wantedCargoLambda(): string {
  return (
    /^cargo-lambda==([\d.]+)/m.exec(readFileSync(join(workspaceDir, 'tools/requirements.in'), 'utf8'))?.[1] ?? '1.9.2'
  );
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}
