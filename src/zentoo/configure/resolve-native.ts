import { shellProgram } from '../../container-program.ts';
import { Failure } from '../../failure.ts';
import { chosenMachine, nativeFlagsOf, realFlags, replaceNative } from '../../portage/native-flags.ts';
import type { Cpu } from '../../site/site.ts';
import type { ContainerSession } from '../../container/container-session.ts';

/**
 * Replaces `-march=native`, `-mcpu=native` and `-mtune=native` in a CPU's CFLAGS by the real flags that the container's
 * compiler finds on the engine's machine. So the store, distcc workers and readers of a package's metadata all see the same
 * flags. Throws `cpu-unusable` if the compiler does not tell.
 */
export async function resolveNative(session: ContainerSession, cpu: Cpu): Promise<Cpu> {
  const words = nativeFlagsOf(cpu.cflags);
  if (words.length === 0) return cpu;
  const programs = ['./find-compiler.sh', './ask-compiler.sh'].map((name) => new URL(name, import.meta.url));
  const ask = async (...flags: string[]): Promise<string> => {
    const command = shellProgram(programs, 'zentoo-native', cpu.chost, ...flags);
    return (await session.run({ command })).stdout;
  };
  const dryRun = ['-###', '-E', '-x', 'c', '-'];
  const base = await ask(...dryRun);
  const resolved = new Map<string, readonly string[]>();
  for (const word of words) {
    const native = await ask(...dryRun, word);
    const machine = chosenMachine({ base, native });
    const target = machine === undefined ? '' : await ask('-Q', '--help=target', machine);
    const flags = realFlags({ base, native, target });
    if (flags === undefined)
      throw new Failure(
        'cpu-unusable',
        `failed to use the cpu ${cpu.name}: the compiler of ${session.base} does not tell the flags of ${word}`,
        {
          logTail: native
            .split('\n')
            .filter((line) => line !== '')
            .slice(-10),
          hint: 'name the machine in its CFLAGS: -march=x86-64-v3',
        },
      );
    resolved.set(word, flags);
  }
  return { ...cpu, cflags: replaceNative(cpu.cflags, resolved) };
}
