import { Failure } from '../../failure.ts';
import { choosesNative, missingCpuFeatures } from '../../portage/cpu-features.ts';
import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { underLock } from '../job-scripts.ts';
import { runCommand } from '../../engine/run-command.ts';

const script = `
chost=$1
shift
cat /proc/cpuinfo
printf '\\0'
compiler=$chost-gcc
command -v "$compiler" >/dev/null || compiler=cc
"$compiler" "$@" -dM -E -x c /dev/null
`;

const chostScript = `
most=$(cat /var/db/pkg/*/*/CHOST 2>/dev/null | sort | uniq -c | sort -rn | head -n 1)
echo "\${most:-1 $(portageq envvar CHOST)}"
`;

/**
 * Refuses a CHOST that is not the stage's, unless the tuple is cross: in a container of the stage with its own
 * configuration, by what is installed there, and in one without packages by what its Portage says. A stage that tells in neither way is taken at
 * the site's word.
 */
export async function checkChost({ engine }: BuildContext, container: BuildContainer, tuple: Tuple): Promise<void> {
  const { cpu, stage, portage, cross } = tuple;
  if (cross) return;
  const command = underLock('shared', container.trees, ['/bin/sh', '-c', chostScript]);
  const { stdout } = await runCommand(engine, container.id, { command });
  const own = /^\s*\d+\s+(\S+)/.exec(stdout)?.[1];
  if (own === undefined || own === cpu.chost) return;
  throw new Failure(
    'cpu-unusable',
    `failed to use the cpu ${cpu.name}: its CHOST is ${cpu.chost}, and that of the stage ${stage.name} is ${own}`,
    {
      hint: `give the cpu the CHOST of the stage, name another stage for the branch ${portage.name}, or compile with cross: true`,
    },
  );
}

/**
 * Refuses a cpu whose code the engine's machine cannot run, as everything that is compiled for it runs there as well, from
 * configure scripts to post-install phases: by what the container's own compiler says that it would use with these flags.
 */
export async function checkCpu({ engine }: BuildContext, container: BuildContainer, tuple: Tuple): Promise<void> {
  const { cpu } = tuple;
  const flags = cpu.cflags.split(/\s+/).filter((flag) => flag.startsWith('-m'));
  const command = ['/bin/sh', '-c', script, 'zentoo-cpu', cpu.chost, ...flags];
  const { stdout, stderr } = await runCommand(engine, container.id, { command });
  const [cpuinfo = '', macros = ''] = stdout.split('\0');
  if (macros.trim() === '')
    throw new Failure(
      'cpu-unusable',
      `failed to use the cpu ${cpu.name}: the compiler of ${container.base} refuses its CFLAGS ${cpu.cflags}`,
      {
        logTail: stderr
          .split('\n')
          .filter((line) => line !== '')
          .slice(-10),
        hint: 'see the names that it knows: gcc -Q --help=target',
      },
    );
  if (choosesNative(cpu.cflags)) return;
  const missing = missingCpuFeatures(macros, cpuinfo);
  if (missing.length > 0)
    throw new Failure(
      'cpu-unusable',
      `failed to use the cpu ${cpu.name}: the machine of the engine cannot run its code, for want of ${missing.join(', ')}`,
      {
        hint: 'build it on a machine that has these, or for less: -march=x86-64-v2 in its CFLAGS',
      },
    );
}
