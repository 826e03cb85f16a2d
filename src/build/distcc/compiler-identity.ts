import { createHash } from 'node:crypto';
import type { ContainerId, Engine } from '../../engine/engine.ts';
import { runCommand } from '../../engine/run-command.ts';

/** A container's compilers for a CHOST, such that equal ones make the same of the same source. */
export interface CompilerIdentity {
  /** What the C compiler says of itself; empty where there is none. */
  readonly version: string;
  /** Of all programs that a compilation runs. */
  readonly digest: string;
}

const script = `
chost=$1
PATH=$(printf %s "$PATH" | tr : '\\n' | grep -Ev '/(distcc|ccache)/' | paste -sd :)
for name in gcc g++ clang clang++; do
  compiler=$(command -v "$chost-$name") || compiler=$(command -v "$name") || continue
  "$compiler" --version | head -n 1
  sha256sum <"$compiler"
  for part in cc1 cc1plus as; do
    program=$(command -v "$("$compiler" -print-prog-name=$part)") && sha256sum <"$program"
  done
done
`;

/** Finds out what a running container compiles with. */
export async function identifyCompiler(
  engine: Engine,
  container: ContainerId,
  chost: string,
): Promise<CompilerIdentity> {
  const command = ['/bin/sh', '-c', script, 'zentoo-compiler', chost];
  const { stdout } = await runCommand(engine, container, { command });
  const digest = createHash('sha256').update(stdout).digest('hex');
  return { version: stdout.slice(0, stdout.indexOf('\n')), digest };
}
