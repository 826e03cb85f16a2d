import { runCommand } from '../../engine/run-command.ts';
import { Failure } from '../../failure.ts';
import { chosenMachine, nativeFlagsOf, realFlags, replaceNative } from '../../portage/native-flags.ts';
import type { Cpu } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';

const script = `
chost=$1
shift
export LC_ALL=C
compiler=$chost-gcc
command -v "$compiler" >/dev/null || compiler=cc
exec "$compiler" "$@" </dev/null 2>&1
`;

/**
 * A cpu with real flags in the place of `-march=native` and the like, as the compiler of a container finds them out on the
 * engine's machine. So the store, the compilers of other machines and whoever reads what a package was compiled with are all
 * told the same. Throws `cpu-unusable` where the compiler does not say.
 */
export async function resolveNative(
  { engine }: Pick<BuildContext, 'engine'>,
  { id, base: image }: BuildContainer,
  cpu: Cpu,
): Promise<Cpu> {
  const words = nativeFlagsOf(cpu.cflags);
  if (words.length === 0) return cpu;
  const ask = async (...flags: string[]): Promise<string> => {
    const command = ['/bin/sh', '-c', script, 'zentoo-native', cpu.chost, ...flags];
    return (await runCommand(engine, id, { command })).stdout;
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
        `failed to use the cpu ${cpu.name}: the compiler of ${image} does not say what ${word} comes to`,
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
