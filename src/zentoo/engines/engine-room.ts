import type { Limits } from '../../site/site.ts';
import { fittingJobs, jobMemory, type Machine } from '../run/machine-share.ts';

/** What the other services of a swarm have reserved on a node: processors, and memory in bytes. */
export interface Reserved {
  readonly cpus: number;
  readonly memory: number;
}

/** The room of an engine for build containers. */
export interface EngineRoom {
  /** The number of containers at the same time. */
  readonly slots: number;
  /** The memory of all of them together in bytes. */
  readonly memory: number;
  /** The least memory limit of a container in bytes. */
  readonly share: number;
  /** The memory limit of each container in bytes if the user chose one. */
  readonly fixed: number | undefined;
}

/** The parts of a build that decide about the room of an engine. */
export interface RoomSettings {
  readonly reserved?: Reserved | undefined;
  readonly limits: Pick<Limits, 'memory' | 'cpus'>;
  /** The number of containers at the same time, if the user chose one; fewer if their memory does not suffice. */
  readonly jobs?: number | undefined;
  /** Whether the engine is the site's own, which has one slot at least: it alone carries out some orders. */
  readonly isOwn: boolean;
}

/**
 * Measures the room of an engine: its processors and memory without what other services have reserved. All containers together get no
 * more memory than that, and each at least what a job needs, or `limits.memory`. Only the own engine, and one that nobody has reserved
 * anything on, has a slot also if that is not there.
 */
export function measureRoom(machine: Machine, { reserved, limits, jobs, isOwn }: RoomSettings): EngineRoom {
  const { cpus = 0, memory: taken = 0 } = reserved ?? {};
  const free = { cpus: Math.max(0, machine.cpus - cpus), memory: Math.max(0, machine.memory - taken) };
  const least = Math.min(limits.memory ?? jobMemory, machine.memory);
  const byCpus = jobs === undefined ? fittingJobs(free, limits) : (jobs * free.cpus) / machine.cpus;
  const fitting = Math.floor(Math.min(byCpus, free.memory / least));
  const slots = isOwn || (cpus === 0 && taken === 0) ? Math.max(1, fitting) : fitting;
  const share = Math.max(least, Math.floor(free.memory / Math.max(1, slots)));
  return { slots, memory: free.memory, share, fixed: limits.memory };
}

/** The number of containers that an engine may have now: those that run, with their memory limits in bytes, and further ones. */
export function countSlots(room: EngineRoom, running: readonly number[]): number {
  const { slots, share, fixed } = room;
  const further = slots - running.length;
  if (fixed !== undefined || running.length === 0) return slots;
  return running.length + Math.min(further, Math.max(0, Math.floor(memoryLeft(room, running) / share)));
}

/**
 * The memory limit in bytes of a further container for which {@link countSlots} has a slot. A container that is expected to run with few
 * others gets more than its share: then the others get less of what is left.
 *
 * @param concurrency the containers that are expected to run together, on all engines
 * @param next the number of containers that start there at the same time after this one; one share stays free in any case
 */
export function chooseMemory(
  room: EngineRoom,
  running: readonly number[],
  { concurrency, next }: { readonly concurrency: number; readonly next: number },
): number {
  const { slots, memory, share, fixed } = room;
  if (fixed !== undefined) return fixed;
  const wanted = Math.floor(memory / Math.max(1, Math.min(slots, concurrency)));
  const others = Math.max(next, slots - running.length > 1 ? 1 : 0);
  return Math.max(share, Math.min(wanted, memoryLeft(room, running) - others * share));
}

/** The memory in bytes that the running containers leave. */
export function memoryLeft({ memory }: EngineRoom, running: readonly number[]): number {
  return memory - sum(running);
}

function sum(bytes: readonly number[]): number {
  return bytes.reduce((total, one) => total + one, 0);
}
