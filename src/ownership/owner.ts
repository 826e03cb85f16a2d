import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import * as v from 'valibot';
import { parseFormat } from '../format-number.ts';
import { parseJson } from '../parse-json.ts';
import type { Container } from '../engine/containers.ts';
import type { Engine } from '../engine/engine.ts';
import type { LocalEngine } from '../engine/local-engine.ts';
import { parseContainerId, type ContainerId } from '../engine/identifiers.ts';

/**
 * The builder that a build belongs to: a builder container since one of its starts, or a process on a host. The container is on
 * the engine that has the build or, `elsewhere`, on the engine with the id `engine`.
 */
export type Owner =
  | { readonly kind: 'container'; readonly id: ContainerId; readonly startedAt: string }
  | {
      readonly kind: 'container-elsewhere';
      readonly engine: string;
      readonly id: ContainerId;
      readonly startedAt: string;
    }
  | {
      readonly kind: 'process';
      readonly machine: string;
      readonly boot: string;
      readonly pidNamespace: string;
      readonly pid: number;
      /** Clock ticks after boot, field 22 of proc_pid_stat(5): it differs if another process got the same process id. */
      readonly startTime: string;
    };

/** The functions that tell whether an owner is alive; {@link procWorld} is the real implementation. */
export interface OwnerWorld {
  inspectContainer(id: ContainerId): Promise<Container | undefined>;
  /** Describes a container of the engine with the id `engine`; undefined if this program does not reach that engine. */
  inspectElsewhere(engine: string, id: ContainerId): Promise<{ readonly container: Container | undefined } | undefined>;
  /** The container that this program runs in on an engine other than the one that it works on, and that engine's id. */
  selfElsewhere(): Promise<{ readonly engine: string; readonly container: Container } | undefined>;
  /** The identity of this machine (machine-id(5)); empty if it has none. */
  machine(): Promise<string>;
  boot(): Promise<string>;
  pidNamespace(): Promise<string>;
  /** Whether a process of this machine is in the process id namespace; undefined if this program does not see all processes. */
  hasNamespace(pidNamespace: string): Promise<boolean | undefined>;
  /** The start time of a process in the process id namespace of this program; undefined if there is no such process. */
  processStartTime(pid: number): Promise<string | undefined>;
}

/** Describes this process as an owner. */
export async function currentOwner(self: Container | undefined, world: OwnerWorld): Promise<Owner> {
  if (self !== undefined) return { kind: 'container', id: self.id, startedAt: self.startedAt };
  const elsewhere = await world.selfElsewhere();
  if (elsewhere !== undefined) {
    const { id, startedAt } = elsewhere.container;
    return { kind: 'container-elsewhere', engine: elsewhere.engine, id, startedAt };
  }
  const [machine, boot, pidNamespace] = await Promise.all([world.machine(), world.boot(), world.pidNamespace()]);
  const startTime = (await world.processStartTime(process.pid)) ?? '';
  return { kind: 'process', machine, boot, pidNamespace, pid: process.pid, startTime };
}

/** The state of an owner: `gone` and `alive` are proven. The state is `unknown` if the owner is on another machine, or if its process id namespace still exists and is another one. */
export type OwnerLife = 'alive' | 'gone' | 'unknown';

/** Finds out whether an owner is alive. */
export async function judgeLife(owner: Owner, world: OwnerWorld): Promise<OwnerLife> {
  if (owner.kind === 'container') return lifeOf(await world.inspectContainer(owner.id), owner);
  if (owner.kind === 'container-elsewhere') {
    const found = await world.inspectElsewhere(owner.engine, owner.id);
    return found === undefined ? 'unknown' : lifeOf(found.container, owner);
  }
  const [machine, boot, pidNamespace] = await Promise.all([world.machine(), world.boot(), world.pidNamespace()]);
  // Every boot has its own identity, so the same one means the same machine; a container has no machine-id.
  if (owner.boot !== boot || boot === '')
    return machine !== '' && owner.machine === machine && owner.boot !== boot ? 'gone' : 'unknown';
  if (owner.pidNamespace !== pidNamespace)
    return (await world.hasNamespace(owner.pidNamespace)) === false ? 'gone' : 'unknown';
  return (await world.processStartTime(owner.pid)) === owner.startTime ? 'alive' : 'gone';
}

/**
 * Whether an owner is proven to be gone. An owner whose state is unknown counts as alive (another machine, another process id
 * namespace, a machine without an identity): a wrong removal costs a build, a missed removal only costs disk space.
 */
export async function isGone(owner: Owner, world: OwnerWorld): Promise<boolean> {
  return (await judgeLife(owner, world)) === 'gone';
}

/** The life of a container since `startedAt`: it is over if the container ended, was removed or was started again. */
function lifeOf(container: Container | undefined, { startedAt }: { readonly startedAt: string }): OwnerLife {
  if (container === undefined || container.startedAt !== startedAt) return 'gone';
  return container.state === 'exited' || container.state === 'dead' ? 'gone' : 'alive';
}

/** The format of the text of an owner: increment it when a former program must not judge by it whether the owner is alive. */
const ownerFormat = 1;

/** Writes an owner as the text of a label. */
export function formatOwner(owner: Owner): string {
  return JSON.stringify({ format: ownerFormat, ...owner });
}

/**
 * Reads an owner from the text of a label; undefined if the text is not an owner, or if it is of a newer format: such volumes are
 * never removed.
 */
export function parseOwner(text: string): Owner | undefined {
  return findNewerFormat(text) === undefined ? parseJson(ownerSchema, text) : undefined;
}

/** Finds the format of an owner that a newer program wrote; undefined if this program knows it, or if the text names none. */
export function findNewerFormat(text: string): string | undefined {
  const format = parseJson(formatSchema, text)?.format;
  return format === undefined || parseFormat(String(format)) <= ownerFormat ? undefined : String(format);
}

const formatSchema = v.object({ format: v.union([v.number(), v.string()]) });

const ownerSchema = v.variant('kind', [
  v.object({ kind: v.literal('container'), id: v.custom<ContainerId>(isContainerId), startedAt: v.string() }),
  v.object({
    kind: v.literal('container-elsewhere'),
    engine: v.string(),
    id: v.custom<ContainerId>(isContainerId),
    startedAt: v.string(),
  }),
  v.object({
    kind: v.literal('process'),
    machine: v.string(),
    boot: v.string(),
    pidNamespace: v.string(),
    pid: v.pipe(v.number(), v.integer()),
    startTime: v.string(),
  }),
]);

function isContainerId(value: unknown): boolean {
  return typeof value === 'string' && parseContainerId(value) !== undefined;
}

/**
 * Looks owners up in `proc` (proc(5)), in /etc/machine-id and, for containers, on the engine that this program works on, or on
 * the engine of the machine that it runs on.
 */
export function procWorld(
  engine: Pick<Engine, 'inspectContainer' | 'info'>,
  findLocal: () => Promise<LocalEngine | undefined> = () => Promise.resolve(undefined),
  proc = '/proc',
): OwnerWorld {
  return {
    inspectContainer: (id) => engine.inspectContainer(id),
    inspectElsewhere: async (id, container) => {
      const local = await findLocal();
      if (local?.id === id) return { container: await local.engine.inspectContainer(container) };
      return (await engine.info()).id === id ? { container: await engine.inspectContainer(container) } : undefined;
    },
    selfElsewhere: async () => {
      const local = await findLocal();
      return local?.self === undefined ? undefined : { engine: local.id, container: local.self };
    },
    hasNamespace: async (namespace) =>
      namespaceOf(proc, 'self') === initialNamespace ? findNamespace(proc, namespace) : undefined,
    machine: async () => readText('/etc/machine-id'),
    boot: async () => readText(`${proc}/sys/kernel/random/boot_id`),
    pidNamespace: async () => namespaceOf(proc, 'self') ?? '',
    processStartTime: async (pid) => {
      const stat = readText(`${proc}/${pid}/stat`);
      // The second field is the program's name in parentheses, and may have spaces and parentheses of its own.
      return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    },
  };
}

/** The process id namespace of the machine itself, PROC_PID_INIT_INO in the kernel: from there all processes are seen. */
const initialNamespace = 'pid:[4026531836]';

function namespaceOf(proc: string, process: string): string | undefined {
  try {
    return readlinkSync(`${proc}/${process}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** Whether some process is in the namespace; undefined if the namespace of a running process cannot be read. */
function findNamespace(proc: string, namespace: string): boolean | undefined {
  const processes = readdirSync(proc).filter((name) => /^\d+$/.test(name));
  const namespaces = processes.map((name) => namespaceOf(proc, name));
  if (namespaces.includes(namespace)) return true;
  const isBlind = processes.some((name, index) => namespaces[index] === undefined && existsSync(`${proc}/${name}`));
  return isBlind ? undefined : false;
}

/** Reads a small file at once; empty if it does not exist. The files are in memory, so reading them does not block. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return '';
    throw error;
  }
}
