import type { EngineInfo } from '../../engine/engine.ts';
import type { Limits } from '../../site/site.ts';

/** The memory for one compiler process in bytes; Gentoo's handbook assumes the same amount for each job. */
export const jobMemory = 2 * 1024 ** 3;

/** The machine of the engine: processors, and memory in bytes. */
export type Machine = Pick<EngineInfo, 'cpus' | 'memory'>;

/** The default number of containers that work at once: as many as the machine has processors and memory for. */
export function defaultJobs(machine: Machine, limits: Limited): number {
  return Math.max(1, fittingJobs(machine, limits));
}

/** Like {@link defaultJobs}; 0 if there is no room for one container. */
export function fittingJobs({ cpus, memory }: Machine, limits: Limited): number {
  if (cpus <= 0) return 0;
  const byMemory = memory / Math.max(limits.memory ?? 0, jobMemory);
  const byCpus = limits.cpus === undefined ? cpus : Math.min(cpus, cpus / Math.min(limits.cpus, cpus));
  return Math.floor(Math.min(byMemory, byCpus));
}

/** The share of the machine that one container may use. */
export interface Share {
  /** The number of compiler processes at once. */
  readonly processes: number;
  /** The load average above which no further package or compiler starts. Every container sees the load of the machine. */
  readonly load: number;
}

/**
 * The share of one of `concurrency` containers. Together they run at most one compiler for each processor, and for each 2 GiB of
 * memory if that is less; but each runs at least one.
 */
export function shareMachine({ cpus, memory }: Machine, concurrency: number, limits: Limited): Share {
  const own = Math.min(cpus, memory / jobMemory) / Math.max(1, concurrency);
  const allowed = Math.min(own, limits.cpus ?? own, (limits.memory ?? Infinity) / jobMemory);
  return { processes: Math.max(1, Math.floor(allowed)), load: cpus };
}

/**
 * The limits of a container on the engine's machine. A limit of processors that the machine does not exceed is left out: Docker refuses a
 * container that may use more processors than there are, and a site may be built on several machines.
 */
export async function containerLimits(
  { memory, cpus }: Limited,
  engine: { info(): Promise<Pick<Machine, 'cpus'>> },
): Promise<Limited> {
  if (cpus === undefined) return { memory, cpus };
  const machine = await engine.info();
  return { memory, cpus: cpus < machine.cpus ? cpus : undefined };
}

type Limited = Pick<Limits, 'memory' | 'cpus'>;

/** Divides compiler processes between packages that emerge builds at once and the make of each package. */
export interface DividedShare {
  /** The number of packages at once. */
  readonly jobs: number;
  /** The number of processes of each make. `jobs` times `makeJobs` is at most the number of processes. */
  readonly makeJobs: number;
}

/**
 * Divides compiler processes: emerge's `--jobs` multiplies with make's `-j`. As the steps of a package's build that run alone take long,
 * several packages are built at once, but no more than there are, and no more than each make has processes.
 */
export function divideShare({ processes }: Pick<Share, 'processes'>, packages: number): DividedShare {
  const jobs = Math.max(1, Math.min(packages, Math.floor(Math.sqrt(processes))));
  return { jobs, makeJobs: Math.max(1, Math.floor(processes / jobs)) };
}
