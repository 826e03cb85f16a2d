import type { Container, Engine, Mount, MountSpec } from '../engine/engine.ts';
import { storeDirectory } from '../store/store-directory.ts';

/** The volumes that are made when the builder has none of its own to hand on. */
export const defaultVolumes = {
  tree: 'gentoo-repository',
  binpkgs: 'gentoo-binpkgs',
  distfiles: 'gentoo-distfiles',
  logs: 'gentoo-logs',
} as const;

export type Role = keyof typeof defaultVolumes;

/** Where each of them may stand in the builder container, and where it stands in the build container. */
const targets: Readonly<Record<Role, readonly [string, ...string[]]>> = {
  tree: ['/var/db/repos/gentoo', '/usr/portage'],
  binpkgs: [storeDirectory],
  distfiles: ['/var/cache/distfiles'],
  logs: ['/var/log/portage'],
};

/**
 * A volume or a path on the engine's host for one role.
 *
 * - `given`: the user named it, so it has to be what it is said to be.
 * - `own`: an anonymous volume of a builder container that is kept: `--volumes-from` hands it on.
 * - `default`: one of {@link defaultVolumes}, made on first use.
 */
export interface MountChoice {
  readonly role: Role;
  readonly type: 'volume' | 'bind';
  readonly source: string;
  readonly origin: 'given' | 'own' | 'default';
  /** As it is mounted in the builder container; a build container gets no more than that. */
  readonly readOnly: boolean;
}

/**
 * Which volume or host path serves a role: what an option names, else what is mounted in the builder container itself,
 * else the default volume. The engine names anonymous volumes by 64 hexadecimal digits and removes them with a
 * container started with `--rm`, unless another one has them too: those that were `borrowed` by `--volumes-from`.
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

/** Where a role's mount stands in the build container; the tree's place depends on the base (`base-system.ts`). */
export function defaultTarget(role: Role): string {
  return targets[role][0];
}

/** The mount of a choice at a place in a container. What the image has there is never copied into a volume. */
export function mountAt(choice: MountChoice, target: string): MountSpec {
  return { type: choice.type, source: choice.source, target, readOnly: choice.readOnly };
}

/** How a message names it. */
export function describeMount(choice: MountChoice): string {
  return choice.type === 'bind' ? choice.source : `the volume ${choice.source}`;
}

/** The anonymous volumes of the builder container that another container has as well, and so outlive it. */
export async function findBorrowedVolumes(engine: Engine, self: Container | undefined): Promise<ReadonlySet<string>> {
  const borrowed = new Set<string>();
  if (self === undefined || self.volumesFrom.length === 0) return borrowed;
  for (const { source } of self.mounts.filter(isAnonymous)) {
    const users = await engine.containersWithVolume(source);
    if (users.some((user) => user !== self.id)) borrowed.add(source);
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
