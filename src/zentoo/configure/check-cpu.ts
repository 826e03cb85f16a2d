import { shellProgram } from '../../container-program.ts';
import { Failure } from '../../failure.ts';
import { choosesNative, missingCpuFeatures } from '../../portage/cpu-features.ts';
import type { Tuple } from '../../site/site.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';

/**
 * Refuses a CHOST that differs from the stage's, unless the tuple is cross. Call it while the container has the stage's own
 * configuration: the stage's CHOST is that of its installed packages or, without packages, the one that Portage prints. If
 * neither is known, the site's CHOST is accepted.
 */
export async function checkChost(session: ContainerSession, tuple: Tuple): Promise<void> {
  const { cpu, stage, portage, cross } = tuple;
  if (cross) return;
  const program = new URL('./find-chost.sh', import.meta.url);
  const command = underLock('shared', session, shellProgram(program, 'zentoo-chost'));
  const { stdout } = await session.run({ command });
  const own = /^\s*\d+\s+(\S+)/.exec(stdout)?.[1];
  if (own === undefined || own === cpu.chost) return;
  throw new Failure(
    'cpu-unusable',
    `failed to use the cpu ${cpu.name}: its CHOST is ${cpu.chost}, but the stage ${stage.name} compiles for ${own}`,
    {
      hint: `give the cpu the CHOST of the stage, name another stage for the branch ${portage.name}, or compile with cross: true`,
    },
  );
}

/**
 * Refuses a CPU whose code the engine's machine cannot run, because configure scripts and post-install phases run there. The
 * container's compiler tells which instruction sets the CPU's flags use.
 */
export async function checkCpu(session: ContainerSession, tuple: Tuple): Promise<void> {
  const { cpu } = tuple;
  const flags = cpu.cflags.split(/\s+/).filter((flag) => flag.startsWith('-m'));
  const programs = ['./find-compiler.sh', './describe-cpu.sh'].map((name) => new URL(name, import.meta.url));
  const command = shellProgram(programs, 'zentoo-cpu', cpu.chost, ...flags);
  const { stdout, stderr } = await session.run({ command });
  const [cpuinfo = '', macros = ''] = stdout.split('\0');
  if (macros.trim() === '')
    throw new Failure(
      'cpu-unusable',
      `failed to use the cpu ${cpu.name}: the compiler of ${session.base} refuses its CFLAGS ${cpu.cflags}`,
      {
        logTail: stderr
          .split('\n')
          .filter((line) => line !== '')
          .slice(-10),
        hint: 'list the values that the compiler accepts: gcc -Q --help=target',
      },
    );
  if (choosesNative(cpu.cflags)) return;
  const missing = missingCpuFeatures(macros, cpuinfo);
  if (missing.length > 0)
    throw new Failure(
      'cpu-unusable',
      `failed to use the cpu ${cpu.name}: the machine of the engine lacks ${missing.join(', ')}`,
      {
        hint: 'build on a machine that has them, or choose an older instruction set: -march=x86-64-v2 in CFLAGS of the cpu',
      },
    );
}
