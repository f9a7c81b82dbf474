import { readFileSync } from 'node:fs';

/** Why Lambda could not run a file. */
export type ArtifactFault = 'not-elf' | 'not-x86_64' | 'glibc';

/** `e_machine` of x86_64 (System V ABI, AMD64 supplement), at byte 18 of the header. */
const EM_X86_64 = 62;

/** glibc of Amazon Linux 2023, which `provided.al2023` is, is 2.34. */
const LAMBDA_GLIBC_MINOR = 34;

/** Why Lambda could not run the executable at `path`, or undefined when no reason is found. */
export function artifactFault(path: string): ArtifactFault | undefined {
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
