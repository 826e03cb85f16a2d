import { followLinks, readFollowing } from '../../engine/follow-links.ts';
import { createHash } from 'node:crypto';
import type { PathStat } from '../../engine/containers.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { Probe } from '../../container/probe.ts';
import { statePlace } from './site-state.ts';

/** The version of the cache: increment it whenever revisions are read or stored in another way. */
const format = 'at1';

/** If two writes are further apart than this, their time stamps differ. git calls an index racy if they may be equal. */
const surelyLaterMs = 2000;

const longestName = 200;

/**
 * The files of a tree, which records each file that is read from it, so that a later run can tell whether the revision is still
 * right.
 */
export class WatchedTree {
  readonly #probe: Probe;
  readonly #place: string;
  readonly #seen = new Map<string, PathStat | undefined>();
  /** Whether the revision depends only on recorded files. */
  #isNoted = true;

  constructor(probe: Probe, place: string) {
    this.#probe = probe;
    this.#place = place;
  }

  async exists(path: string): Promise<boolean> {
    const stat = await this.#note(path);
    if (stat?.kind !== 'symlink') return stat !== undefined;
    this.#isNoted = false;
    return (await followLinks(this.#probe, `${this.#place}/${path}`)) !== undefined;
  }

  async readText(path: string): Promise<string | undefined> {
    // The stat comes before the text: a write in between changes the stat, and a later run does not use the cached revision.
    const stat = await this.#note(path);
    if (stat === undefined) return undefined;
    if (stat.kind !== 'file') this.#isNoted = false;
    return readFollowing(this.#probe, `${this.#place}/${path}`);
  }

  listFiles(): Promise<readonly string[]> {
    this.#isNoted = false;
    return this.#probe.listFiles(this.#place);
  }

  /** Caches a revision until one of the recorded files changes its size or time. If the volume refuses, nothing is cached. */
  async keep(name: string, revision: string): Promise<void> {
    const young = Date.now() - surelyLaterMs;
    const isOld = [...this.#seen.values()].every((stat) => stat === undefined || stat.modified.getTime() < young);
    const names = [revision, ...this.#seen.keys()].map(encodeURIComponent);
    if (!this.#isNoted || !isOld || names.some(({ length }) => length > longestName)) return;
    const target = [format, digestOf(this.#seen), ...names].join('/');
    try {
      await this.#probe.writeLink(statePlace, linkOf(name), target);
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
    }
  }

  async #note(path: string): Promise<PathStat | undefined> {
    const stat = await this.#probe.stat(`${this.#place}/${path}`);
    this.#seen.set(path, stat);
    return stat;
  }
}

/**
 * Finds the cached revision of a tree. Returns undefined if a file from which the revision was read has changed. The cache is
 * the target of a symbolic link, because the engine returns link targets, sizes and times without a process, and the content of
 * a file by one.
 */
export async function findCachedRevision(probe: Probe, name: string, place: string): Promise<string | undefined> {
  const link = await probe.stat(`${statePlace}/${linkOf(name)}`);
  const [, digest, names] = kept.exec(link?.linkTarget ?? '') ?? [];
  const [revision, ...paths] = (names ?? '').split('/').map(decode);
  if (revision === undefined || paths.length === 0) return undefined;
  const stats = await Promise.all(paths.map(async (path) => [path, await probe.stat(`${place}/${path}`)] as const));
  return digest === digestOf(new Map(stats)) ? revision : undefined;
}

/** Matches both forms in which engines describe a link: its target as written, or the path of its target. */
const kept = new RegExp(`(?:^|/)${format}/([0-9a-f]{32})/(.+)$`);

const linkOf = (name: string): string => `revisions/${encodeURIComponent(name)}`;

function digestOf(stats: ReadonlyMap<string, PathStat | undefined>): string {
  const lines = [...stats].map(([path, stat]) => [path, stat?.kind, stat?.size, stat?.modified.getTime()]);
  return createHash('sha256').update(JSON.stringify(lines)).digest('hex').slice(0, 32);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
