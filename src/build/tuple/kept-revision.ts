import { createHash } from 'node:crypto';
import { EngineRefusal, type PathStat } from '../../engine/engine.ts';
import type { Probe } from '../probe.ts';

/** Where the state volume of a site is in a probe. */
export const statePlace = '/mnt/state';

/** Counted up whenever a revision is read otherwise, or is kept otherwise. */
const format = 'at1';

/** A file system may tell two writes apart only if they are further apart than this; git calls such an index racy. */
const surelyLaterMs = 2000;

const longestName = 200;

/** What a revision was read from: files of a tree, which are noted as they are looked at. */
export class WatchedTree {
  readonly #probe: Probe;
  readonly #place: string;
  readonly #seen = new Map<string, PathStat | undefined>();
  /** Whether all that was read is in files that have been noted. */
  #isNoted = true;

  constructor(probe: Probe, place: string) {
    this.#probe = probe;
    this.#place = place;
  }

  async exists(path: string): Promise<boolean> {
    return (await this.#note(path)) !== undefined;
  }

  async readText(path: string): Promise<string | undefined> {
    // Before it is read: what is written in between is another state, and never taken for this one.
    const stat = await this.#note(path);
    if (stat === undefined) return undefined;
    if (stat.kind !== 'file') this.#isNoted = false;
    return this.#probe.readText(`${this.#place}/${path}`);
  }

  listFiles(): Promise<readonly string[]> {
    this.#isNoted = false;
    return this.#probe.listFiles(this.#place);
  }

  /** Keeps what was read for as long as none of the files has another size or time. It is no fault where that cannot be. */
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
 * The revision that was kept, where all files that it was read from are as they were then. It stands in what a symbolic
 * link leads to: the engine tells that and the sizes and times of files in a twentieth of the time that it takes it to
 * hand out a file.
 */
export async function findKeptRevision(probe: Probe, name: string, place: string): Promise<string | undefined> {
  const link = await probe.stat(`${statePlace}/${linkOf(name)}`);
  const [, digest, names] = kept.exec(link?.linkTarget ?? '') ?? [];
  const [revision, ...paths] = (names ?? '').split('/').map(decode);
  if (revision === undefined || paths.length === 0) return undefined;
  const stats = await Promise.all(paths.map(async (path) => [path, await probe.stat(`${place}/${path}`)] as const));
  return digest === digestOf(new Map(stats)) ? revision : undefined;
}

/** The engine says where a link leads to in the container, or what stands in it. */
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
