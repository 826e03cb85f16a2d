import { readFileSync, readlinkSync } from 'node:fs';
import type { Container, ContainerId } from '../engine/engine.ts';

/** Whose a build is: a builder container in one of its lives, or a process on a host. */
export type Owner =
  | { readonly kind: 'container'; readonly id: ContainerId; readonly startedAt: string }
  | {
      readonly kind: 'process';
      readonly machine: string;
      readonly boot: string;
      readonly pidNamespace: string;
      readonly pid: number;
      /** Clock ticks after boot, field 22 of proc_pid_stat(5): tells a reused process id from the process that had it. */
      readonly startTime: string;
    };

/** What the world says about owners; the real one is {@link procWorld} with an engine's `inspectContainer`. */
export interface OwnerWorld {
  inspectContainer(id: ContainerId): Promise<Container | undefined>;
  /** This machine's identity, empty where it has none; a different one says nothing about its processes. */
  machine(): Promise<string>;
  boot(): Promise<string>;
  pidNamespace(): Promise<string>;
  /** The start time of a process of this namespace, undefined if there is no such process. */
  processStartTime(pid: number): Promise<string | undefined>;
}

/** The owner that this process is. */
export async function currentOwner(self: Container | undefined, world: OwnerWorld): Promise<Owner> {
  if (self !== undefined) return { kind: 'container', id: self.id, startedAt: self.startedAt };
  const [machine, boot, pidNamespace] = await Promise.all([world.machine(), world.boot(), world.pidNamespace()]);
  const startTime = (await world.processStartTime(process.pid)) ?? '';
  return { kind: 'process', machine, boot, pidNamespace, pid: process.pid, startTime };
}

/**
 * Whether an owner is proven to be gone. Everything that cannot be known (another machine, another namespace of process
 * ids, a machine without an identity) counts as alive: what is left over costs disk, what is wrongly removed costs a build.
 */
export async function isGone(owner: Owner, world: OwnerWorld): Promise<boolean> {
  if (owner.kind === 'container') {
    const container = await world.inspectContainer(owner.id);
    if (container === undefined) return true;
    const ended = container.state === 'exited' || container.state === 'dead';
    return ended || container.startedAt !== owner.startedAt;
  }
  const [machine, boot, pidNamespace] = await Promise.all([world.machine(), world.boot(), world.pidNamespace()]);
  if (machine === '' || owner.machine !== machine) return false;
  if (owner.boot !== boot) return true;
  if (owner.pidNamespace !== pidNamespace) return false;
  return (await world.processStartTime(owner.pid)) !== owner.startTime;
}

/** An owner as it stands in a label. */
export function formatOwner(owner: Owner): string {
  return JSON.stringify(owner);
}

/** The owner in a label's text; undefined for anything that is not one, which is then nobody's to remove. */
export function parseOwner(text: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isText = (name: string) => typeof fields.get(name) === 'string';
  const valid =
    fields.get('kind') === 'container'
      ? isText('id') && isText('startedAt')
      : fields.get('kind') === 'process' &&
        ['machine', 'boot', 'pidNamespace', 'startTime'].every(isText) &&
        Number.isInteger(fields.get('pid'));
  return valid ? (value as Owner) : undefined;
}

/** The world as Linux shows it in /proc and /etc/machine-id. */
export function procWorld(inspectContainer: OwnerWorld['inspectContainer']): OwnerWorld {
  return {
    inspectContainer,
    machine: async () => readText('/etc/machine-id'),
    boot: async () => readText('/proc/sys/kernel/random/boot_id'),
    pidNamespace: async () => readlinkSync('/proc/self/ns/pid'),
    processStartTime: async (pid) => {
      const stat = readText(`/proc/${pid}/stat`);
      // The second field is the program's name in parentheses, and may have spaces and parentheses of its own.
      return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    },
  };
}

/** All of them are small and in memory: no thread is needed to wait for them. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}
