import { createHash } from 'node:crypto';
import { shellProgram } from '../../container-program.ts';
import type { CommandRunner } from '../../engine/run-command.ts';

/** Identifies the compilers of a container for a CHOST: equal digests mean equal output for equal source. */
export interface CompilerIdentity {
  /** The first line of the C compiler's `--version`; empty if there is no compiler. */
  readonly version: string;
  /** SHA-256 over all programs that a compilation runs. */
  readonly digest: string;
}

/** Identifies the compilers of a running container. */
export async function identifyCompiler({ run }: CommandRunner, chost: string): Promise<CompilerIdentity> {
  const program = new URL('./identify-compiler.sh', import.meta.url);
  const command = shellProgram(program, 'zentoo-compiler', chost);
  const { stdout } = await run({ command });
  const digest = createHash('sha256').update(stdout).digest('hex');
  return { version: stdout.slice(0, stdout.indexOf('\n')), digest };
}
