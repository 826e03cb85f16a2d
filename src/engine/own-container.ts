import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';

import type { Container, Engine } from './engine.ts';

/** What a process can see of itself, to be replaced in tests. */
export interface Surroundings {
  /** The text of a file; undefined if it cannot be read. */
  readFile(path: string): Promise<string | undefined>;
  /** Makes an empty file; false if that is not possible. */
  makeFile(path: string): Promise<boolean>;
  removeFile(path: string): Promise<void>;
  hostname(): string;
}

/**
 * The container that this process runs in, if it is one of `engine`; undefined outside of any, and wherever the proof
 * fails: a candidate is never taken on trust. The candidates are what Podman and Docker leave in the mounts, the
 * control group and the host name, in an order that was measured on engines 20.10 to 28.5 and Podman 4.3 and 5.4; the
 * proof is the writable layer. Throws what the engine's inspecting methods throw.
 */
export async function findOwnContainer(
  engine: Engine,
  surroundings: Surroundings = thisProcess,
): Promise<Container | undefined> {
  const mounts = parseMountInfo((await surroundings.readFile('/proc/self/mountinfo')) ?? '');
  const groups = (await surroundings.readFile('/proc/self/cgroup')) ?? '';
  for (const candidate of ownContainerCandidates(mounts, groups, surroundings.hostname())) {
    const container = await engine.inspectContainer(candidate);
    if (container !== undefined && (await isOwn(container, mounts, engine, surroundings))) return container;
  }
  return undefined;
}

/** A line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)), with the parts that matter here. */
export interface MountPoint {
  /** The directory of the file system that is mounted, as a path within it. */
  readonly root: string;
  readonly target: string;
  /** Options of the file system itself. */
  readonly options: readonly string[];
}

/** Reads `/proc/self/mountinfo`. What is no such line is left out. */
export function parseMountInfo(text: string): readonly MountPoint[] {
  return text.split('\n').flatMap((line) => {
    const [mount, system] = line.split(' - ');
    const [, , , root, target] = mount?.split(' ') ?? [];
    const options = system?.split(' ')[2];
    if (root === undefined || target === undefined || options === undefined) return [];
    return [{ root: unescapePath(root), target: unescapePath(target), options: options.split(',').map(unescapePath) }];
  });
}

/** Names and ids that may be this process's container, the likeliest first, each once. */
export function ownContainerCandidates(mounts: readonly MountPoint[], groups: string, host: string): readonly string[] {
  const roots = (targets: readonly string[], pattern: RegExp): readonly string[] =>
    mounts.filter(({ target }) => targets.includes(target)).flatMap(({ root }) => pattern.exec(root)?.[1] ?? []);
  const found = [
    ...roots(['/run/.containerenv'], /\/overlay-containers\/([0-9a-f]{64})\/userdata\//),
    // The last id of a line: with an engine in a container, the ones before are those of the containers around it.
    ...groups.split('\n').flatMap((line) => line.match(/[0-9a-f]{64}/g)?.at(-1) ?? []),
    // With `--network container:X` these three are X's.
    ...roots(['/etc/hostname', '/etc/hosts', '/etc/resolv.conf'], /\/containers\/([0-9a-f]{64})\//),
    host,
  ];
  return [...new Set(found)].filter((candidate) => candidate !== '');
}

/** A candidate is this process's container if its writable layer is the one at `/`. */
async function isOwn(
  container: Container,
  mounts: readonly MountPoint[],
  engine: Engine,
  surroundings: Surroundings,
): Promise<boolean> {
  if (container.upperDir === undefined) return await hasOwnFile(container, engine, surroundings);
  // The last one mounted at `/` hides the others.
  const options = mounts.findLast(({ target }) => target === '/')?.options ?? [];
  const upperDir = options.find((option) => option.startsWith('upperdir='))?.slice('upperdir='.length);
  if (upperDir === undefined || upperDir === '') return false;
  // The engine mounts with a path relative to its own directory where all the layers' would be too long together.
  return container.upperDir === upperDir || (!upperDir.startsWith('/') && container.upperDir.endsWith(`/${upperDir}`));
}

/** Where the engine does not say where the writable layer is: whether a new file at `/` turns up in it. */
async function hasOwnFile(container: Container, engine: Engine, surroundings: Surroundings): Promise<boolean> {
  const path = `/.gentoo-builder-${randomUUID()}`;
  if (!(await surroundings.makeFile(path))) return false;
  try {
    return (await engine.changedPaths(container.id)).includes(path);
  } finally {
    await surroundings.removeFile(path);
  }
}

/** Space, tab, newline and backslash are written in octal. */
function unescapePath(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

const thisProcess: Surroundings = {
  // Files of /proc: they are there at once, and the first that is read otherwise waits for threads to be made.
  readFile(path) {
    try {
      return Promise.resolve(readFileSync(path, 'utf8'));
    } catch {
      return Promise.resolve(undefined);
    }
  },

  async makeFile(path) {
    return await writeFile(path, '', { flag: 'wx' }).then(
      () => true,
      () => false,
    );
  },

  async removeFile(path) {
    await rm(path, { force: true });
  },

  hostname,
};
