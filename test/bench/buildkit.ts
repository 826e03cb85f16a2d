import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { newCacheRecords, type CacheRecord } from './cache-records.ts';
import type { DockerClient } from './docker-clients.ts';
import type { EngineApi } from './engine-api.ts';
import { packFiles } from './rows/pack-files.ts';
import { timeCommand } from './time-command.ts';

/** A line of the answer to `POST /build`. */
interface BuildMessage {
  readonly id?: string;
  readonly error?: string;
}

/** The number of attempts to remove a record that is in use, and the milliseconds between them. */
const [attempts, pause] = [40, 250];

/** A Dockerfile of the main job, and the image to make from it. */
export interface DockerfileBuild {
  readonly base: string;
  readonly atoms: readonly string[];
  /** The name of the image. */
  readonly image: string;
  /** Whether earlier builds are ignored, except the base. */
  readonly cold?: boolean;
}

/**
 * The engine's BuildKit, used through `POST /build?version=2`, which excludes the time of a client, or through a command. The
 * cache records of the benchmark are removed at the end.
 */
export class BuildKit implements AsyncDisposable {
  readonly #api: EngineApi;
  /** A mark in a comment of the first command of every Dockerfile, so that the cache records of the build can be found. */
  readonly #mark: string;
  readonly #builds: { readonly start: Date; readonly end: Date }[] = [];
  #before: readonly CacheRecord[] | undefined;

  constructor(api: EngineApi, mark: string) {
    this.#api = api;
    this.#mark = mark;
  }

  /** Does the main job with a Dockerfile. Returns its seconds. */
  async build({ base, atoms, image, cold = false }: DockerfileBuild): Promise<number> {
    this.#before ??= await this.#records();
    const context = await packFiles({ Dockerfile: dockerfile(base, atoms, this.#mark) });
    const query = new URLSearchParams({ version: '2', t: image, ...(cold ? { nocache: '1' } : {}) });
    const start = new Date();
    const begin = performance.now();
    const messages = await this.#api
      .follow<BuildMessage>('POST', `/build?${query.toString()}`, context)
      .finally(() => this.#builds.push({ start, end: new Date() }));
    const seconds = (performance.now() - begin) / 1000;
    const refusal = messages.find(({ error }) => error !== undefined)?.error;
    if (refusal !== undefined) throw new Error(`the Dockerfile of ${image} could not be built: ${refusal}`);
    if (!messages.some(({ id }) => id === 'moby.buildkit.trace')) throw new Error('the engine has no BuildKit');
    return seconds;
  }

  /** Does the main job with a `docker` command. The seconds include the command. */
  async buildByCommand(build: Omit<DockerfileBuild, 'cold'>, { command, env }: DockerClient): Promise<number> {
    this.#before ??= await this.#records();
    const context = mkdtempSync(join(tmpdir(), `${this.#mark}-`));
    const start = new Date();
    try {
      writeFileSync(join(context, 'Dockerfile'), dockerfile(build.base, build.atoms, this.#mark));
      return (await timeCommand(command, ['build', '--tag', build.image, context], { env })).seconds;
    } finally {
      this.#builds.push({ start, end: new Date() });
      rmSync(context, { recursive: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#before === undefined) return;
    const span = { mark: this.#mark, before: this.#before, builds: this.#builds };
    const find = async () => newCacheRecords(span, await this.#records());
    let patience = attempts;
    for (let mine = await find(); mine.length > 0;) {
      for (const { ID } of mine) {
        const filters = JSON.stringify({ id: [ID] });
        await this.#api.call('POST', `/build/prune?${new URLSearchParams({ all: '1', filters }).toString()}`);
      }
      const left = await find();
      // A record can be removed only if no other record depends on it and no interrupted build still runs.
      if (left.length < mine.length) patience = attempts;
      else if (patience-- > 0) await setTimeout(pause);
      else
        throw new Error(
          `failed to remove BuildKit's cache records: the engine still has ${left.map(({ ID }) => ID).join(', ')}`,
        );
      mine = left;
    }
  }

  async #records(): Promise<readonly CacheRecord[]> {
    const { BuildCache } = await this.#api.call<{ BuildCache: CacheRecord[] | null }>('GET', '/system/df');
    return BuildCache ?? [];
  }
}

/** The steps of the main job as a user would write them into a Dockerfile. */
export function dockerfile(base: string, atoms: readonly string[], mark: string): string {
  return `FROM ${base}
RUN emerge --sync -q # ${mark}
RUN emerge -q ${atoms.join(' ')}
VOLUME /usr/portage
VOLUME /var/tmp/portage
CMD ["/bin/bash"]
`;
}
