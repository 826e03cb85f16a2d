import type { EngineInfo } from '../../engine/engine.ts';
import type { Limits } from '../../site/site.ts';

/** What a compiler may well need; bytes. Gentoo's handbook counts with as much for each job. */
const memoryPerJob = 2 * 1024 ** 3;

/** The engine's machine, as far as work is shared out on it. Memory is in bytes. */
export type Machine = Pick<EngineInfo, 'cpus' | 'memory'>;

/** How many containers are at work at once where nobody says it: no more than the machine has processors and memory for. */
export function defaultJobs({ cpus, memory }: Machine, limits: Pick<Limits, 'memory' | 'cpus'>): number {
  const byMemory = memory / Math.max(limits.memory ?? 0, memoryPerJob);
  const byCpus = limits.cpus === undefined ? cpus : Math.min(cpus, cpus / Math.min(limits.cpus, cpus));
  return Math.max(1, Math.floor(Math.min(byMemory, byCpus)));
}

/** What one container may make of the machine. */
export interface Share {
  /** How many processes of a compiler, and how many packages at once. */
  readonly jobs: number;
  /** The load above which nothing more is begun: all containers see the machine's. */
  readonly load: number;
}

/** The share of one container of so many at work at once: together they have each processor busy once. */
export function shareMachine({ cpus }: Machine, atOnce: number, limits: Pick<Limits, 'cpus'>): Share {
  const own = Math.ceil(cpus / Math.max(1, atOnce));
  return { jobs: Math.max(1, Math.min(own, Math.ceil(limits.cpus ?? own))), load: cpus };
}
