import { Failure } from '../../failure.ts';
import { missingCpuFeatures } from '../../portage/cpu-features.ts';
import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../run-command.ts';

const script = `
chost=$1
shift
cat /proc/cpuinfo
printf '\\0'
compiler=$chost-gcc
command -v "$compiler" >/dev/null || compiler=cc
"$compiler" "$@" -dM -E -x c /dev/null
printf '\\0'
cat /var/db/pkg/*/*/CHOST 2>/dev/null | sort | uniq -c | sort -rn | head -n 1
`;

/**
 * Refuses a cpu whose code the engine's machine cannot run, as everything that is compiled for it runs there as well, from
 * configure scripts to post-install phases: by what the container's own compiler says that it would use with these flags.
 * Refuses a CHOST that is not the stage's, too, unless the tuple is cross.
 */
export async function checkCpu({ engine }: BuildContext, container: BuildContainer, tuple: Tuple): Promise<void> {
  const { cpu, stage, cross } = tuple;
  const flags = cpu.cflags.split(/\s+/).filter((flag) => flag.startsWith('-m'));
  const command = ['/bin/sh', '-c', script, 'zentoo-cpu', cpu.chost, ...flags];
  const { stdout, stderr } = await runCommand(engine, container.id, { command });
  const [cpuinfo = '', macros = '', hosts = ''] = stdout.split('\0');
  const host = /^\s*\d+\s+(\S+)/.exec(hosts)?.[1];
  if (host !== undefined && host !== cpu.chost && !cross)
    throw new Failure(
      'cpu-unusable',
      `failed to use the cpu ${cpu.name}: its CHOST is ${cpu.chost}, and that of the stage ${stage.name} is ${host}`,
      {
        hint: `give the cpu the CHOST of the stage, name another stage for the branch ${tuple.portage.name}, or compile with cross: true`,
      },
    );
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
