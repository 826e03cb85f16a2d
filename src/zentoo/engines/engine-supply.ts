import type { Image } from '../../engine/images.ts';
import type { ContainerId, ImageId } from '../../engine/identifiers.ts';
import { copyFiles } from '../../engine/copy-files.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { lookInto } from '../../container/look-into.ts';
import { defaultTarget } from '../../container/mounts.ts';
import { createWorkspace, removeWorkspace, type Workspace } from '../../container/workspace.ts';
import { workDirectory } from '../../container/work-directories.ts';
import type { Repository } from '../../portage/configuration/repos-conf.ts';
import { storeDirectory } from '../../store/store-directory.ts';
import type { NeededFiles, SiteRun, Supplies } from '../run/site-run.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';
import { copyImage } from './copy-image.ts';
import type { EngineChoice } from './engine-choice.ts';
import { copiedImages, copyLabels, copyNames, filesLabel, wholeName } from './engine-copies.ts';
import { digestTree, supplyOrder, type SuppliedFile } from './supply-order.ts';

/**
 * Brings to a further engine what the orders of one build need there: images, trees, binary packages and sources, each once. All of
 * it goes through the two engines' own requests.
 */
export class EngineSupply implements AsyncDisposable {
  /** What the engine has: ids of images, and packages as {@link suppliedPackage} names them. */
  readonly has = new Set<string>();
  readonly #home: SiteRun;
  readonly #far: SiteRun;
  readonly #name: string;
  readonly #server: StoreServer | undefined;
  readonly #brought = new Map<string, Promise<void>>();
  #depot: Promise<Depot> | undefined;

  constructor(home: SiteRun, far: SiteRun, { name, server }: Pick<EngineChoice, 'name' | 'server'>) {
    this.#home = home;
    this.#far = far;
    this.#name = name;
    this.#server = server;
  }

  /** Brings what an order needs, but for packages and sources if they come from a server. */
  async supply(needed: NeededFiles): Promise<Supplies> {
    const { image } = needed.base;
    await this.bringImage(image.id);
    this.#depot ??= this.#openDepot(image).catch((error: unknown) => {
      this.#depot = undefined;
      throw error;
    });
    const depot = await this.#depot;
    const server = this.#server;
    const supplies = await supplyOrder(this.#home, { needed, server }, async (session, { packages, sources }) => {
      for (const repository of needed.work.tuple.portage.repositories)
        await this.#once(`tree ${repository.name}`, () => this.#bringTree(session, repository, image));
      await this.#bringFiles(session.id, depot, { directory: storeDirectory, files: packages });
      await this.#bringFiles(session.id, depot, { directory: defaultTarget('distfiles'), files: sources });
    });
    for (const cpv of needed.dependencies) this.has.add(suppliedPackage(needed, cpv));
    return supplies;
  }

  /** Brings an image of the site's own engine. */
  bringImage(id: ImageId): Promise<void> {
    return this.#once(id, () => this.#bringImage(id));
  }

  /** Removes the copies of packages and sources. Images and trees stay for the next build. */
  async [Symbol.asyncDispose](): Promise<void> {
    const depot = await this.#depot?.catch(() => undefined);
    if (depot === undefined) return;
    const { binpkgs, distfiles, metadata } = copyNames(this.#far);
    await removeWorkspace(this.#far, depot.workspace.volume);
    // A container that is kept goes on using them; the next build removes them.
    for (const name of [binpkgs, distfiles, metadata]) await this.#far.engine.removeVolume(name).catch(() => undefined);
  }

  /** Does something once; after a failure, the next caller tries again. */
  async #once(key: string, bring: () => Promise<void>): Promise<void> {
    const begun = this.#brought.get(key) ?? bring();
    this.#brought.set(key, begun);
    try {
      await begun;
      this.has.add(key);
    } catch (error) {
      if (this.#brought.get(key) === begun) this.#brought.delete(key);
      throw error;
    }
  }

  async #bringImage(id: ImageId): Promise<void> {
    const { engine } = this.#far;
    if ((await engine.inspectImage(id)) !== undefined) return;
    const copies = await copiedImages(this.#far);
    await engine.createVolume(copyNames(this.#far).image(id), copyLabels(this.#far, id));
    await copyImage(this.#home.engine, { ...this.#far, name: this.#name, report: this.#home.report }, { id, copies });
  }

  /**
   * Fills a volume with a tree. A second, empty volume says that the first one is whole, and has the digest of the files: a tree may
   * change without a new revision.
   */
  async #bringTree(session: ContainerSession, { name, location }: Repository, image: Image): Promise<void> {
    const { engine, revisions } = this.#far;
    const volume = copyNames(this.#far).tree(name, revisions.get(name) ?? '');
    const digest = await digestTree(session, location);
    if ((await engine.inspectVolume(wholeName(volume)))?.labels[filesLabel] === digest) return;
    for (const old of [wholeName(volume), volume]) await engine.removeVolume(old);
    await engine.createVolume(volume, copyLabels(this.#far));
    const to = { image: image.id, mounts: [{ type: 'volume', source: volume, target: location } as const] };
    await lookInto(this.#far, to, async (target) => {
      const tree = await session.engine.readArchive(session.id, `${location}/.`);
      if (tree === undefined) throw new Error(`the container has no ${location}`);
      await target.writeTar(location, tree);
    });
    await engine.createVolume(wholeName(volume), { ...copyLabels(this.#far), [filesLabel]: digest });
  }

  /** Creates the container through which files come; it mounts a work volume, so that the next build finds and removes it. */
  async #openDepot(image: Image): Promise<Depot> {
    const { engine } = this.#far;
    const { binpkgs, distfiles, metadata } = copyNames(this.#far);
    for (const name of [binpkgs, distfiles, metadata]) await engine.createVolume(name, copyLabels(this.#far));
    const workspace = await createWorkspace(this.#far);
    const id = await engine.createContainer(`${workspace.volume}-probe-depot`, {
      image: image.id,
      command: ['/bin/true'],
      mounts: [
        { type: 'volume', source: workspace.volume, target: workDirectory },
        { type: 'volume', source: binpkgs, target: storeDirectory },
        { type: 'volume', source: distfiles, target: defaultTarget('distfiles') },
      ],
    });
    return { workspace, id };
  }

  /** Copies the files that the engine does not have, and waits for those that another order brings. */
  async #bringFiles(
    session: ContainerId,
    depot: Depot,
    { directory, files }: { readonly directory: string; readonly files: readonly SuppliedFile[] },
  ): Promise<void> {
    const isNew = ({ to }: SuppliedFile) => !this.#brought.has(`${directory}/${to}`);
    const missing = files.filter(isNew);
    const [from, to] = [
      { engine: this.#home.engine, id: session },
      { engine: this.#far.engine, id: depot.id, directory },
    ];
    const copied = copyFiles(from, to, missing);
    for (const one of missing) this.#brought.set(`${directory}/${one.to}`, copied);
    await Promise.all(files.map((one) => this.#once(`${directory}/${one.to}`, () => copied)));
  }
}

/** Names a binary package of a partition. */
export function suppliedPackage({ partition }: { readonly partition: string }, cpv: string): string {
  return `${partition} ${cpv}`;
}

/** The container of a further engine through which files come. */
interface Depot {
  readonly workspace: Workspace;
  readonly id: ContainerId;
}
