import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { initSite } from '../../src/site/init-site.ts';
import { DEFAULT_SOCKET } from '../../setup/endpoint.js';
import { builderImage, programCommand } from './builder.ts';
import { ratios, takeTurns } from './compare.ts';
import type { EngineApi } from './engine-api.ts';
import { describeSeconds, type Row } from './row.ts';
import { timeCommand } from './time-command.ts';

const tuples = 20;
const sources = join(import.meta.dirname, '../../src/zentoo.ts');

/** Nanoseconds from the start of a program to its end, on the last line. */
const stopwatch = 'start=$(date +%s%N); "$@" >/dev/null || exit; echo "$(($(date +%s%N) - start))"';

/** A Dockerfile whose commands cost nothing: what is measured is how soon it is seen that they need not be run. */
const dockerfile = (base: string) =>
  `FROM ${base}\n${['one', 'two', 'three', 'four'].map((word) => `RUN echo ${word} >/${word}\n`).join('')}`;

/**
 * `zentoo build` of a site of 20 tuples that is up to date, as the program in its image and from its sources, against
 * BuildKit's build of one Dockerfile of which everything is cached, by a `docker` command that can.
 */
export async function compareUnchanged(api: EngineApi, runs: number, base: string): Promise<readonly Row[]> {
  await using site = new UnchangedSite(api, base);
  await site.build();
  const docker = await findBuildKit(site);
  const buildKit = async () => (await timeCommand('env', buildCommand(docker, site))).seconds;
  const inImage = await takeTurns(runs, () => site.runInImage(), buildKit);
  const fromSources = await takeTurns(runs, () => site.runSources(), buildKit);
  const row = (name: string, how: string, { ours, theirs }: typeof inImage) => ({
    name,
    what: `zentoo build of ${tuples} tuples that are up to date, ${how} / BuildKit's build of one image, all of it cached`,
    value: ratios(ours, theirs),
    details: [`${describeSeconds('zentoo build', ours)}, ${describeSeconds('docker build', theirs)}`],
  });
  return [
    { ...row('unchanged', 'the program in its image', inImage), target: { atMost: 1 } },
    row('sources', 'from sources', fromSources),
  ];
}

function buildCommand(docker: string, { image, context }: Pick<UnchangedSite, 'image' | 'context'>): readonly string[] {
  return ['DOCKER_BUILDKIT=1', docker, 'build', '--tag', image, context];
}

/** Newer ones need a plugin for it, which may not be there: the first on the path that does. Fills the cache as well. */
async function findBuildKit(site: UnchangedSite): Promise<string> {
  const { stdout } = await timeCommand('which', ['-a', 'docker']);
  for (const docker of stdout.trim().split('\n')) {
    const built = await timeCommand('env', buildCommand(docker, site)).catch(() => undefined);
    if (built !== undefined) return docker;
  }
  throw new Error('no docker command on the path builds with BuildKit');
}

/** A site of 20 tuples, a context to compare it with, and what both make on the engine, which goes with it. */
class UnchangedSite implements AsyncDisposable {
  readonly image = `gentoo-bench-${process.pid}-cached`;
  readonly context: string;
  readonly #api: EngineApi;
  readonly #top = mkdtempSync(join(tmpdir(), `gentoo-bench-${process.pid}-`));
  readonly #directory = join(this.#top, `bench-${process.pid}`);
  readonly #name: string;

  constructor(api: EngineApi, base: string) {
    this.#api = api;
    this.context = mkdtempSync(join(this.#top, 'context-'));
    writeFileSync(join(this.context, 'Dockerfile'), dockerfile(base));
    this.#name = initSite(this.#directory, new Date()).name;
    const document = {
      name: this.#name,
      cpus: { bench: { CHOST: 'x86_64-pc-linux-gnu', CFLAGS: '-O1 -pipe' } },
      stages: { stage: { image: base } },
    };
    // JSON is YAML.
    writeFileSync(join(this.#directory, 'site.yaml'), JSON.stringify(document));
    const sets = Array.from({ length: tuples }, (_, index) => `set${index}`);
    for (const set of sets) writeFileSync(join(this.#directory, 'config/sets', set), 'app-misc/motto\n');
    writeFileSync(join(this.#directory, 'config/tuples'), sets.map((set) => `bench-base-plain-${set}\n`).join(''));
  }

  /** Fills its tree and builds all that there is to build, and once more: that keeps what later ones look up. */
  async build(): Promise<void> {
    await timeCommand(process.execPath, this.#command('sync'));
    await timeCommand(process.execPath, this.#command('build'));
    await this.runSources();
  }

  /** Seconds from the start of the process on. */
  async runSources(): Promise<number> {
    return (await timeCommand(process.execPath, this.#command('build'))).seconds;
  }

  /** Seconds from the start of the program in its image on: what `docker run` costs before and after it is left out. */
  async runInImage(): Promise<number> {
    const { socket, url } = this.#api.endpoint;
    const reach =
      socket === undefined
        ? ['--env', `DOCKER_HOST=${url}`, '--network', 'host']
        : ['--volume', `${socket}:${DEFAULT_SOCKET}`];
    const command = (await programCommand({ api: this.#api })).map((word) =>
      basename(word) === 'gentoo-builder.js' ? word.replace('gentoo-builder.js', 'zentoo.js') : word,
    );
    const mount = `${this.#directory}:${this.#directory}`;
    const { stdout } = await timeCommand('docker', [
      ...['run', '--rm', ...reach, '--volume', mount, '--workdir', this.#directory, '--entrypoint', '/bin/sh'],
      ...[builderImage, '-c', stopwatch, 'sh', ...command, 'build'],
    ]);
    return Number(stdout.trimEnd().split('\n').at(-1)) / 1e9;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const query = (filters: object) => new URLSearchParams({ all: '1', filters: JSON.stringify(filters) }).toString();
    const remove = (path: string) => this.#api.call('DELETE', path).catch(() => undefined);
    const reference = [`zentoo/${this.#name}/*`, this.image];
    const images = await this.#api.call<readonly { RepoTags: string[] | null }[]>(
      'GET',
      `/images/json?${query({ reference })}`,
    );
    for (const { RepoTags } of images) for (const tag of RepoTags ?? []) await remove(`/images/${tag}?force=1`);
    const volumes = await this.#api.call<{ Volumes: readonly { Name: string }[] | null }>(
      'GET',
      `/volumes?${query({ name: [`zentoo-${this.#name}-`] })}`,
    );
    for (const { Name } of volumes.Volumes ?? []) await remove(`/volumes/${Name}`);
    rmSync(this.#top, { recursive: true, force: true });
  }

  #command(...args: readonly string[]): readonly string[] {
    return [sources, '--site', this.#directory, '--progress', 'plain', ...args];
  }
}
