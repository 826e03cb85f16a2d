import { packFiles } from './rows/pack-files.ts';
import { prefix, type TestBed } from './test-bed.ts';
import { tinyPackages, tinyReposConf, tinyRepository } from './tiny-packages.ts';

const overlay = '/overlay';

/**
 * The image that all builds of the tiny packages start from: the base with the packages' repository. For sites, the repository
 * is in a volume as well.
 */
export class TinyGround implements AsyncDisposable {
  readonly image = `${prefix}-tiny`;
  /** The volumes of the trees, by the names of the repositories. */
  readonly trees: Readonly<Record<string, string>>;
  readonly #bed: TestBed;
  readonly #count: number;
  readonly #volume = `${prefix}-overlay`;
  readonly #container = `${prefix}-tiny-container`;

  /** `runs` is the number of measurements; each takes packages of its own. */
  constructor(bed: TestBed, runs: number) {
    this.#bed = bed;
    // An eleventh tiny package for each measurement, and two wide packages.
    this.#count = Math.max(10 + runs, 2 * runs);
    this.trees = { gentoo: bed.tree, [tinyRepository.name]: this.#volume };
  }

  /** Writes the repository, with its cache of metadata, and commits it. Call it after the bed has been prepared. */
  async prepare(): Promise<void> {
    const { api, base } = this.#bed;
    await api.call('POST', '/volumes/create', { Name: this.#volume });
    await api.call('POST', `/containers/create?name=${this.#container}`, {
      Image: base,
      // A command, because a commit could not remove an entrypoint.
      Cmd: ['sleep', 'infinity'],
      HostConfig: {
        Init: true,
        Mounts: [...this.#bed.mounts(), { Type: 'volume', Source: this.#volume, Target: overlay }],
      },
    });
    await api.call('POST', `/containers/${this.#container}/start`);
    const entries = Object.entries(tinyPackages(this.#count)).map(
      ([path, text]) => [inRepository(path), text] as const,
    );
    const files = { ...Object.fromEntries(entries), 'etc/portage/repos.conf/bench.conf': tinyReposConf };
    await api.putArchive(this.#container, '/', await packFiles(files));
    // Without it every new container would source every ebuild again.
    await api.exec(this.#container, ['egencache', '--update', `--repo=${tinyRepository.name}`]);
    await api.exec(this.#container, ['cp', '-a', `${tinyRepository.location}/.`, overlay]);
    const changes = 'CMD ["/bin/bash"]';
    const query = new URLSearchParams({ container: this.#container, repo: this.image, changes });
    await api.call('POST', `/commit?${query.toString()}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { api } = this.#bed;
    for (const path of [
      `/containers/${this.#container}?force=1&v=1`,
      `/images/${this.image}?force=1`,
      `/volumes/${this.#volume}?force=1`,
    ])
      await api.remove(path);
  }
}

function inRepository(path: string): string {
  return `${tinyRepository.location}/${path}`.slice(1);
}
