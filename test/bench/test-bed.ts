import { MINISTAGE } from '../../setup/images/images.js';
import type { EngineApi } from './engine-api.ts';

/** A named volume, and its mount point in every container of the benchmark, builders included. */
interface BedVolume {
  readonly name: string;
  readonly target: string;
}

/** The prefix of the names of all objects that the benchmark makes on the engine. */
export const prefix = `gentoo-bench-${process.pid}`;
const treeTarget = '/var/db/repos/gentoo';
/** The volumes that a run fills and that have to be empty for the next run. */
const emptied = ['/var/cache/binpkgs', '/var/cache/distfiles', '/var/cache/edb/dep', '/var/log/portage'];

/**
 * The objects that all runs share: the base, the volumes with a filled tree, and a container in which they are prepared.
 * Disposal removes all of them.
 */
export class TestBed implements AsyncDisposable {
  readonly base = MINISTAGE;
  /** The package that every run builds. */
  readonly atom: string;
  readonly api: EngineApi;
  readonly volumes: readonly BedVolume[] = [treeTarget, ...emptied].map((target) => ({
    name: `${prefix}-${target.slice(target.lastIndexOf('/') + 1)}`,
    target,
  }));
  /** The volume of the tree. */
  readonly tree = `${prefix}-gentoo`;
  /** A container of the base with all volumes, that does nothing by itself. */
  readonly container = `${prefix}-container`;

  constructor(api: EngineApi, atom: string) {
    this.api = api;
    this.atom = atom;
  }

  /** Makes volumes and container and fills the tree. */
  async prepare(): Promise<void> {
    for (const { name } of this.volumes) await this.api.call('POST', '/volumes/create', { Name: name });
    await this.api.call('POST', `/containers/create?name=${this.container}`, {
      Image: this.base,
      Entrypoint: ['sleep', 'infinity'],
      HostConfig: { Init: true, Mounts: this.mounts() },
    });
    await this.api.call('POST', `/containers/${this.container}/start`);
    await this.fillTree();
  }

  async fillTree(): Promise<void> {
    await this.api.exec(this.container, ['emerge', '--sync', '-q']);
  }

  /** Empties the volumes that the last run filled, so that all runs start equally. */
  async reset(): Promise<void> {
    await this.api.exec(this.container, ['find', ...emptied, '-mindepth', '1', '-delete']);
  }

  /** Like {@link reset}, and removes the tree. */
  async resetTree(): Promise<void> {
    await this.api.exec(this.container, ['find', treeTarget, ...emptied, '-mindepth', '1', '-delete']);
  }

  /** The volumes for `POST /containers/create`. */
  mounts(): readonly object[] {
    return this.volumes.map(({ name, target }) => ({ Type: 'volume', Source: name, Target: target }));
  }

  /** The volumes for `docker run`. */
  mountOptions(): readonly string[] {
    return this.volumes.flatMap(({ name, target }) => ['--volume', `${name}:${target}`]);
  }

  /** A name for an image of the benchmark's own. */
  imageName(kind: string): string {
    return `${prefix}-${kind}`;
  }

  async removeImage(name: string): Promise<void> {
    await this.api.call('DELETE', `/images/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const volumes = this.volumes.map(({ name }) => name);
    for (const id of await this.#list('containers', { volume: volumes }))
      await this.api.remove(`/containers/${id}?force=1&v=1`);
    for (const name of volumes) await this.api.remove(`/volumes/${name}?force=1`);
    for (const id of await this.#list('images', { reference: [`${prefix}-*`] }))
      await this.api.remove(`/images/${id}?force=1`);
  }

  /** The ids of containers in any state. */
  async #list(kind: 'containers' | 'images', filters: object): Promise<readonly string[]> {
    const query = new URLSearchParams({ all: kind === 'containers' ? '1' : '0', filters: JSON.stringify(filters) });
    const found = await this.api.call<readonly { Id: string }[]>('GET', `/${kind}/json?${query.toString()}`);
    return found.map(({ Id }) => Id);
  }
}
