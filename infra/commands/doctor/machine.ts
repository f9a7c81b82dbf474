import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { bootstrapFile, isBuilt, workspaceDir } from '../../lib/paths.ts';
import { message } from '../../lib/text.ts';
import { type Check, failure, type Finding, ok, warning } from './check.ts';

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
    Number(version.split('.')[0]) >= 22 ? ok(texts.node(version)) : warning(texts.nodeOld(version), texts.nodeRemedy()),
  ];
}

async function rust(signal: AbortSignal): Promise<Finding[]> {
  const version = await versionOf('cargo', ['--version'], signal);
  return [version ? ok(texts.rust(version)) : failure(texts.rustMissing(), texts.rustRemedy())];
}

async function cargoLambda(signal: AbortSignal): Promise<Finding[]> {
  const wanted = wantedCargoLambda();
  const version = /\d+(\.\d+)+/.exec((await versionOf('cargo-lambda', ['lambda', '--version'], signal)) ?? '')?.[0];
  return [
    version && isAtLeast(version, wanted)
      ? ok(texts.cargoLambda(version))
      : warning(texts.cargoLambdaMissing(wanted), texts.cargoLambdaRemedy()),
  ];
}

function artifact(): Finding[] {
  if (!isBuilt()) return [warning(texts.artifactMissing(), texts.artifactMissingRemedy())];
  const fault = artifactFault(bootstrapFile);
  if (fault) return [failure(texts.artifactWrong(fault), texts.artifactWrongRemedy())];
  return [ok(texts.artifact((statSync(bootstrapFile).size / 1e6).toFixed(1)))];
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

/** Why Lambda could not run a file. */
type ArtifactFault = 'not-elf' | 'not-x86_64' | 'glibc';

/** `e_machine` of x86_64 (System V ABI, AMD64 supplement), at byte 18 of the header. */
const EM_X86_64 = 62;

/** glibc of Amazon Linux 2023, which `provided.al2023` is, is 2.34. */
const LAMBDA_GLIBC_MINOR = 34;

/** Why Lambda could not run the executable at `path`, or undefined when no reason is found. */
function artifactFault(path: string): ArtifactFault | undefined {
  const bytes = readFileSync(path);
  if (bytes.length < 64 || bytes.toString('latin1', 0, 4) !== '\x7fELF') return 'not-elf';
  if (bytes.readUInt16LE(18) !== EM_X86_64) return 'not-x86_64';
  return newestGlibcMinor(bytes) > LAMBDA_GLIBC_MINOR ? 'glibc' : undefined;
}

/** The newest glibc that the executable requires: whole strings such as GLIBC_2.34 in its string table. */
function newestGlibcMinor(bytes: Buffer): number {
  return Math.max(
    0,
    ...[...bytes.toString('latin1').matchAll(/\0GLIBC_2\.(\d+)(?:\.\d+)?(?=\0)/g)].map((match) => Number(match[1])),
  );
}

const texts = {
  node: message(
    (version: string) => `Node.js ${version}`,
    (version) => `Node.js ${version}`,
  ),
  nodeOld: message(
    (version: string) => `Node.js ${version}: the AWS SDK drops Node 20 in January 2027`,
    (version) => `Node.js ${version}: AWS SDK は 2027 年 1 月に Node 20 のサポートを終了します`,
  ),
  nodeRemedy: message(
    () => 'Install Node.js 22 or newer from https://nodejs.org.',
    () => 'https://nodejs.org から Node.js 22 以降をインストールしてください。',
  ),
  rust: message(
    (version: string) => `Rust: ${version}`,
    (version) => `Rust: ${version}`,
  ),
  rustMissing: message(
    () => 'Rust is not installed: cargo cannot be run',
    () => 'Rust がインストールされていません (cargo を実行できません)',
  ),
  rustRemedy: message(
    () => 'Install it from https://rustup.rs, which brings the version in rust-toolchain.toml.',
    () => 'https://rustup.rs からインストールしてください。rust-toolchain.toml で指定したバージョンが使われます。',
  ),
  cargoLambda: message(
    (version: string) => `cargo-lambda ${version}`,
    (version) => `cargo-lambda ${version}`,
  ),
  cargoLambdaMissing: message(
    (wanted: string) => `cargo-lambda ${wanted} or newer is not installed yet`,
    (wanted) => `cargo-lambda ${wanted} 以降がまだインストールされていません`,
  ),
  cargoLambdaRemedy: message(
    () => 'make setup installs it into .tools; make deploy does so by itself.',
    () => 'make setup で .tools にインストールされます (make deploy でも自動的に行われます)。',
  ),
  artifact: message(
    (megabytes: string) => `The function is built: x86_64, ${megabytes} MB`,
    (megabytes) => `関数はビルド済みです: x86_64、${megabytes} MB`,
  ),
  artifactMissing: message(
    () => 'The function is not built yet',
    () => '関数はまだビルドされていません',
  ),
  artifactMissingRemedy: message(
    () => 'make build builds it; make deploy does so by itself.',
    () => 'make build でビルドできます (make deploy でも自動的に行われます)。',
  ),
  artifactWrong: message(
    (why: 'not-elf' | 'not-x86_64' | 'glibc') =>
      `The built function cannot run on Lambda: ${{ 'not-elf': 'it is no Linux executable', 'not-x86_64': 'it is not for x86_64', glibc: 'it asks for a newer glibc than Amazon Linux 2023 has (2.34)' }[why]}`,
    (why) =>
      `ビルドされた関数は Lambda で動きません: ${{ 'not-elf': 'Linux の実行ファイルではありません', 'not-x86_64': 'x86_64 用ではありません', glibc: 'Amazon Linux 2023 (glibc 2.34) より新しい glibc が必要です' }[why]}`,
  ),
  artifactWrongRemedy: message(
    () => 'Build it with make build, not with plain cargo.',
    () => 'cargo を直接使わず、make build でビルドしてください。',
  ),
} as const;
