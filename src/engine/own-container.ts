import { randomUUID } from 'node:crypto';
import type { Container, Containers } from './containers.ts';
import { thisSystem, type LocalSystem } from './local-system.ts';

/**
 * Finds the container of `engine` that this process runs in; undefined if there is none or it cannot be proven. Candidates
 * come from the mounts, the control group and the host name, in an order that was measured on Docker 20.10 to 28.5 and
 * Podman 4.3 and 5.4. The proof is the writable layer. Throws the errors of the engine's inspecting methods.
 */
export async function findOwnContainer(
  engine: Containers,
  system: LocalSystem = thisSystem,
): Promise<Container | undefined> {
  const mounts = parseMountInfo((await system.readFile('/proc/self/mountinfo')) ?? '');
  const groups = (await system.readFile('/proc/self/cgroup')) ?? '';
  for (const candidate of ownContainerCandidates(mounts, groups, system.hostname())) {
    const container = await engine.inspectContainer(candidate);
    if (container !== undefined && (await isOwn(container, mounts, engine, system))) return container;
  }
  return undefined;
}

/** The fields of a line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)) that are used. */
export interface MountPoint {
  /** The mounted directory, as a path within its file system. */
  readonly root: string;
  readonly target: string;
  /** Options of the file system itself. */
  readonly options: readonly string[];
}

/** Parses `/proc/self/mountinfo`. Lines with missing fields are left out. */
export function parseMountInfo(text: string): readonly MountPoint[] {
  return text.split('\n').flatMap((line) => {
    const [mount, system] = line.split(' - ');
    const [, , , root, target] = mount?.split(' ') ?? [];
    const options = system?.split(' ')[2];
    if (root === undefined || target === undefined || options === undefined) return [];
    return [{ root: unescapePath(root), target: unescapePath(target), options: options.split(',').map(unescapePath) }];
  });
}

/** The names and ids that this process's container may have, the most likely one first, without repetition. */
export function ownContainerCandidates(mounts: readonly MountPoint[], groups: string, host: string): readonly string[] {
  const roots = (targets: readonly string[], pattern: RegExp): readonly string[] =>
    mounts.filter(({ target }) => targets.includes(target)).flatMap(({ root }) => pattern.exec(root)?.[1] ?? []);
  const found = [
    ...roots(['/run/.containerenv'], /\/overlay-containers\/([0-9a-f]{64})\/userdata\//),
    // The last id of a line: if the engine runs in a container, the ids before it are those of outer containers.
    ...groups.split('\n').flatMap((line) => line.match(/[0-9a-f]{64}/g)?.at(-1) ?? []),
    // With `--network container:X`, these three files belong to X.
    ...roots(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'], /\/containers\/([0-9a-f]{64})\//),
    host,
  ];
  return [...new Set(found)].filter((candidate) => candidate !== '');
}

/** Whether a candidate is this process's container: its writable layer is mounted at `/`. */
async function isOwn(
  container: Container,
  mounts: readonly MountPoint[],
  engine: Containers,
  system: LocalSystem,
): Promise<boolean> {
  if (container.upperDir === undefined) return await hasOwnFile(container, engine, system);
  // The last mount at `/` hides the others.
  const options = mounts.findLast(({ target }) => target === '/')?.options ?? [];
  const upperDir = options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  if (upperDir === undefined || upperDir === '') return false;
  // If the paths of all layers together are too long, the engine mounts them relative to its own directory.
  return container.upperDir === upperDir || (!upperDir.startsWith('/') && container.upperDir.endsWith(`/${upperDir}`));
}

/**
 * Whether a new file at `/` appears in the container's changes. This proves the container if the engine does not name the
 * writable layer.
 */
async function hasOwnFile(container: Container, engine: Containers, system: LocalSystem): Promise<boolean> {
  const path = `/.gentoo-builder-${randomUUID()}`;
  if (!(await system.makeFile(path))) return false;
  try {
    return (await engine.changedPaths(container.id)).includes(path);
  } finally {
    await system.removeFile(path);
  }
}

/** Replaces the octal escapes of space, tab, newline and backslash. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
