import type { Container, Mount, MountSpec, Containers } from '../engine/containers.ts';
import { storeDirectory } from '../store/store-directory.ts';

/** The name of the volume for each role that gets neither a mount by the user nor one of the builder container. */
export const defaultVolumes = {
  tree: 'gentoo-repository',
  binpkgs: 'gentoo-binpkgs',
  distfiles: 'gentoo-distfiles',
  logs: 'gentoo-logs',
  metadata: 'gentoo-metadata',
} as const;

/** The purpose of a mount. */
export type Role = keyof typeof defaultVolumes;

/** The mount points of each role that are recognised in the builder container; the first is used in the build container. */
const targets: Readonly<Record<Role, readonly [string, ...string[]]>> = {
  tree: ['/var/db/repos/gentoo', '/usr/portage'],
  binpkgs: [storeDirectory],
  distfiles: ['/var/cache/distfiles'],
  logs: ['/var/log/portage'],
  // Portage's own place for the metadata of ebuilds that their repository has no cache of (DEPCACHE_PATH in portage/const.py).
  metadata: ['/var/cache/edb/dep'],
};

/**
 * A volume or a path on the engine's host for one role.
 *
 * - `given`: the user named it, by an option or by a mount of the builder container, so it must exist.
 * - `own`: an anonymous volume of the builder container that outlives this run.
 * - `default`: one of {@link defaultVolumes}, created on first use.
 */
export interface MountChoice {
  readonly role: Role;
  readonly type: 'volume' | 'bind';
  readonly source: string;
  readonly origin: 'given' | 'own' | 'default';
  /** Whether the builder container mounts the source read-only; the build container then mounts it read-only, too. */
  readonly readOnly: boolean;
}

/**
 * Chooses the volume or host path for a role: the value of the option, else the mount of the builder container, else the
 * default volume. An anonymous volume of the builder container is chosen only if it outlives the builder: if the builder was
 * started without `--rm`, or if the volume is in `borrowed` ({@link findBorrowedVolumes}). The engine names anonymous volumes
 * by 64 hexadecimal digits.
 */
export function chooseMount(
  role: Role,
  option: string | undefined,
  self: Container | undefined,
  borrowed: ReadonlySet<string> = new Set(),
): MountChoice {
  if (option !== undefined) {
    return { role, type: option.startsWith('/') ? 'bind' : 'volume', source: option, origin: 'given', readOnly: false };
  }
  const mounted = mountsFor(role, self);
  const named = mounted.find((mount) => !isAnonymous(mount));
  if (named !== undefined) {
    return { role, type: kindOf(named), source: named.source, origin: 'given', readOnly: named.readOnly };
  }
  const anonymous = mounted[0];
  const survives = anonymous !== undefined && (self?.autoRemove === false || borrowed.has(anonymous.source));
  if (survives) {
    return { role, type: 'volume', source: anonymous.source, origin: 'own', readOnly: anonymous.readOnly };
  }
  return { role, type: 'volume', source: defaultVolumes[role], origin: 'default', readOnly: false };
}

/**
 * The usual mount point of a role in the build container. The mount point of the tree also depends on the base: see
 * `base-system.ts`.
 */
export function defaultTarget(role: Role): string {
  return targets[role][0];
}

/** Mounts a choice at `target`. The engine never copies the image's files at `target` into the volume. */
export function mountAt(choice: MountChoice, target: string): MountSpec {
  return { type: choice.type, source: choice.source, target, readOnly: choice.readOnly };
}

/** Describes a volume or host path for a message. */
export function describeMount(choice: MountChoice): string {
  return choice.type === 'bind' ? choice.source : `the volume ${choice.source}`;
}

/** Finds the anonymous volumes that the builder container got by `--volumes-from`: they outlive the builder. */
export async function findBorrowedVolumes(
  engine: Containers,
  self: Container | undefined,
): Promise<ReadonlySet<string>> {
  const borrowed = new Set<string>();
  if (self === undefined || self.volumesFrom.length === 0) return borrowed;
  for (const { source } of self.mounts.filter(isAnonymous)) {
    const users = await engine.containersWithVolume(source);
    if (users.some(({ id }) => id !== self.id)) borrowed.add(source);
  }
  return borrowed;
}

function mountsFor(role: Role, self: Container | undefined): Mount[] {
  if (self === undefined) return [];
  return targets[role].flatMap((target) =>
    self.mounts.filter((mount) => mount.target === target && (mount.type === 'volume' || mount.type === 'bind')),
  );
}

function isAnonymous(mount: Mount): boolean {
  return mount.type === 'volume' && /^[0-9a-f]{64}$/.test(mount.source);
}

function kindOf(mount: Mount): 'volume' | 'bind' {
  return mount.type === 'bind' ? 'bind' : 'volume';
}
