import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeRepository } from '../../src/site/git/write-repository.ts';
import { newSiteId } from '../../src/site/site-id.ts';
import { starterSite } from '../../src/site/starter-site.ts';
import type { EngineApi } from './engine-api.ts';
import { hasSharedLogs, removeSiteLogs } from './site-logs.ts';
import { prefix } from './test-bed.ts';
import { timeCommand, type Timed } from './time-command.ts';
import { tinyReposConf } from './tiny-packages.ts';

const program = join(import.meta.dirname, '../../src/zentoo.ts');
/** In the names of all logs of a site. */
const cpu = prefix.replaceAll('-', '');

/** Package sets by their names: the atoms in each. */
export type SiteSets = Readonly<Record<string, readonly string[]>>;

/** The parts of a site. */
export interface BenchSiteRequest {
  /** A word for its name. */
  readonly word: string;
  /** The image of its stage. */
  readonly stage: string;
  /** The volumes with its trees, by the names of the repositories. */
  readonly trees: Readonly<Record<string, string>>;
  /** The sets; the site has one tuple for each. */
  readonly sets: SiteSets;
  /** Further lines of its site.yaml. */
  readonly more?: object;
}

/** The outcome of a `zentoo build`. */
export interface SiteBuild {
  readonly seconds: number;
  /** The outcome of each tuple, by its name. */
  readonly types: Readonly<Record<string, string>>;
  /** `category/name-version` of each compilation, also if a package was compiled several times. */
  readonly compiled: readonly string[];
}

/** A site of one processor and one branch in a temporary directory; its objects on the engine are removed with it. */
export class BenchSite implements AsyncDisposable {
  readonly directory: string;
  readonly #api: EngineApi;
  readonly #name: string;
  readonly #stage: string;
  #hadLogs: boolean | undefined;

  constructor(api: EngineApi, { word, stage, trees, sets, more }: BenchSiteRequest) {
    this.#api = api;
    this.#name = `${prefix}-${word}`;
    this.#stage = stage;
    this.directory = mkdtempSync(join(tmpdir(), `${this.#name}-`));
    const { portage, buildhooks } = starterSite(this.#name, newSiteId());
    const base = portage.filter(({ name }) => name === 'base');
    const conf = { path: 'repos.conf/bench.conf', type: 'file', content: tinyReposConf } as const;
    const branches = base.map(({ name, files }) => ({ name, files: 'bench' in trees ? [...files, conf] : files }));
    this.#writeRepository('portage', branches);
    this.#writeRepository('buildhooks', buildhooks);
    mkdirSync(join(this.directory, 'config/sets'));
    this.writeSets(sets);
    const tuples = Object.keys(sets).map((set) => `${this.tuple(set)}\n`);
    writeFileSync(join(this.directory, 'config/tuples'), tuples.join(''));
    const volumes = { trees, distfiles: `zentoo-${this.#name}-distfiles` };
    const document = {
      name: this.#name,
      cpus: { [cpu]: { CHOST: 'x86_64-pc-linux-gnu', CFLAGS: '-O2 -pipe' } },
      stages: { stage: { image: stage } },
      volumes,
      ...more,
    };
    // JSON is YAML.
    writeFileSync(join(this.directory, 'site.yaml'), JSON.stringify(document, undefined, 2));
  }

  /** The name of the tuple of a set. */
  tuple(set: string): string {
    return `${cpu}-base-plain-${set}`;
  }

  /** Writes sets anew. */
  writeSets(sets: SiteSets): void {
    for (const [set, atoms] of Object.entries(sets))
      writeFileSync(join(this.directory, 'config/sets', set), atoms.map((atom) => `${atom}\n`).join(''));
  }

  /** `zentoo build` from the sources, as `./zentoo` runs it, from the start of its process to its end. */
  async build(args: readonly string[] = []): Promise<SiteBuild> {
    const { stdout, stderr, seconds } = await this.run(['build', '--json', ...args]);
    const { tuples } = JSON.parse(stdout) as { tuples: readonly { name: string; type: string }[] };
    return {
      seconds,
      types: Object.fromEntries(tuples.map(({ name, type }) => [name, type])),
      compiled: compiledIn(stderr),
    };
  }

  /** Runs zentoo in the site. */
  async run(args: readonly string[]): Promise<Timed> {
    this.#hadLogs ??= await hasSharedLogs(this.#api);
    return timeCommand(process.execPath, [program, '--site', this.directory, '--progress', 'plain', ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const query = (filters: object) => new URLSearchParams({ all: '1', filters: JSON.stringify(filters) }).toString();
    const images = await this.#api.call<readonly { RepoTags: string[] | null }[]>(
      'GET',
      `/images/json?${query({ reference: [`zentoo/${this.#name}/*`] })}`,
    );
    const { Volumes } = await this.#api.call<{ Volumes: readonly { Name: string }[] | null }>(
      'GET',
      `/volumes?${query({ name: [`zentoo-${this.#name}-`] })}`,
    );
    const volumes = (Volumes ?? []).map(({ Name }) => Name);
    // Workers, and containers that an interruption left: they have volumes of the site, but not its name.
    const names = { name: [`zentoo-${this.#name}-`] };
    for (const filters of [names, ...volumes.map((volume) => ({ volume: [volume] }))])
      for (const { Id } of await this.#api.call<readonly { Id: string }[]>('GET', `/containers/json?${query(filters)}`))
        await this.#api.remove(`/containers/${Id}?force=1&v=1`);
    for (const { Id } of await this.#api.call<readonly { Id: string }[]>('GET', `/networks?${query(names)}`))
      await this.#api.remove(`/networks/${Id}`);
    for (const { RepoTags } of images)
      for (const tag of RepoTags ?? []) await this.#api.remove(`/images/${tag}?force=1`);
    for (const volume of volumes) await this.#api.remove(`/volumes/${volume}?force=1`);
    const logs = { image: this.#stage, word: cpu, keepVolume: this.#hadLogs ?? true };
    await removeSiteLogs(this.#api, logs);
    rmSync(this.directory, { recursive: true, force: true });
  }

  #writeRepository(name: 'portage' | 'buildhooks', branches: Parameters<typeof writeRepository>[1]['branches']): void {
    const directory = join(this.directory, 'config', name);
    mkdirSync(directory, { recursive: true });
    const author = { name: 'bench', email: 'bench@localhost' };
    const time = new Date(0);
    writeRepository(directory, { branches, excluded: [], message: 'A site to be measured', author, time });
  }
}

/** The packages that emerge compiles, from its plain output lines with or without a task's name. */
export function compiledIn(output: string): readonly string[] {
  const lines = output.matchAll(/^(?:\S+ \| )?>>> Emerging \(\d+ of \d+\) ([^\s:]+)/gm);
  return [...lines].map(([, cpv = '']) => cpv);
}
