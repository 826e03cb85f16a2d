import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { RunningProgram } from '../support/run-program.ts';
import { copyProjectImages, holdPackages, SwarmSite } from './swarm-site.ts';
import { openSwarm, type Node, type NodeName, type Swarm } from './three-nodes.ts';

/** A container in which a package is compiled. */
export const buildContainer = /^\/gentoo-builder-[0-9a-f]{16}$/;
/** The container of `./zentoo`, which has a name that the engine chose. */
export const clientContainer = /^\/[a-z]+_[a-z0-9]+$/;

/** A swarm whose first node has a site and runs its builds, for the tests of one file. `DOCKER_HOST` is the engine of that node. */
export class SwarmBuilds {
  #opened: { readonly swarm: Swarm; readonly site: SwarmSite } | undefined;
  #rounds = 0;

  /**
   * Opens the swarm before the tests of a file, and closes it after them.
   *
   * @param builders whether the other nodes have the label and the image `gentoo-builder`
   * @param newer the node whose engine is that of Debian trixie
   */
  static forTests({ builders, newer }: { readonly builders: boolean; readonly newer?: NodeName }): SwarmBuilds {
    const builds = new SwarmBuilds();
    beforeAll(async () => {
      const swarm = await openSwarm('4G', newer);
      const [manager, ...others] = swarm.nodes;
      await copyProjectImages(manager);
      vi.stubEnv('DOCKER_HOST', manager.engine.address);
      builds.#opened = { swarm, site: await SwarmSite.open() };
      if (builders) for (const node of others) await builds.makeBuilder(node);
    });
    afterAll(async () => {
      await builds.#opened?.site[Symbol.asyncDispose]();
      await builds.#opened?.swarm[Symbol.asyncDispose]();
    });
    return builds;
  }

  get swarm(): Swarm {
    if (this.#opened === undefined) throw new Error('the swarm is not open');
    return this.#opened.swarm;
  }

  get site(): SwarmSite {
    if (this.#opened === undefined) throw new Error('the swarm is not open');
    return this.#opened.site;
  }

  /** The node of the site. */
  get manager(): Node {
    return this.swarm.nodes[0];
  }

  /** The other nodes. */
  get builders(): readonly [Node, Node] {
    const [, second, third] = this.swarm.nodes;
    return [second, third];
  }

  /** Gives a node the label and the image. */
  async makeBuilder({ name, engine }: Node): Promise<void> {
    await this.manager.docker('node', 'update', '--label-add', 'zentoo.builder=true', name);
    await engine.copyImages('gentoo-builder');
  }

  /** Sets whether a node takes work. */
  async setAvailability({ name }: Node, availability: 'active' | 'pause' | 'drain'): Promise<void> {
    await this.manager.docker('node', 'update', '--availability', availability, name);
  }

  /** Waits until the manager hears from a node. */
  async untilReady({ name }: Node): Promise<void> {
    const state = async () =>
      (await this.manager.docker('node', 'inspect', '--format', '{{.Status.State}}', name)).trim();
    await expect.poll(state, { timeout: 60_000, interval: 250 }).toBe('ready');
  }

  /**
   * Starts a build of two packages that are in no store, one of which does not come to the end on `node`. The other node gets no work until
   * that one is in its compile phase.
   */
  async compileOn(node: Node, other: Node): Promise<RunningProgram> {
    // Held as well, the own engine cannot compile both before the node is ready.
    for (const one of [this.manager, node]) await holdPackages(one, true);
    await this.setAvailability(other, 'pause');
    const build = await this.startBuild(['test-fault/held-a', 'test-fault/held-b']);
    await build.said(compilingOn(node));
    await holdPackages(this.manager, false);
    await this.setAvailability(other, 'active');
    return build;
  }

  /** Starts a build of one set with these packages, none of which is in the store. */
  async startBuild(atoms: readonly string[]): Promise<RunningProgram> {
    this.site.writeSets({ [`round${++this.#rounds}`]: atoms });
    await this.site.site.inStore('rm -rf /var/cache/binpkgs/*');
    return this.site.start('build', '--swarm', '--jobs', '1');
  }

  /** Lets the packages of a node come to the end, and waits for the end of the build. */
  async end(node: Node, build: RunningProgram): Promise<void> {
    await holdPackages(node, false);
    await succeed(build);
  }

  /** The packages `test-fault/...` in the index of the store. */
  async packagesInStore(): Promise<readonly string[]> {
    const index = await this.site.site.inStore(
      "grep -h '^CPV: test-fault/' /var/cache/binpkgs/*/plain/*/Packages | sort",
    );
    return index.trim().split('\n');
  }

  /** Waits until nothing is left but copies and logs: nodes end tasks and leave networks a moment after the manager has removed them. */
  async expectNothingLeft(nodes: readonly Node[] = this.builders): Promise<void> {
    await expect.poll(() => this.#left(nodes), { timeout: 60_000, interval: 250 }).toEqual([]);
  }

  /** What builds left on the swarm and its nodes, without copies for the next build and logs. */
  async #left(nodes: readonly Node[]): Promise<readonly string[]> {
    const { docker } = this.manager.engine;
    const left: string[] = [];
    for (const { Spec } of await docker.listServices()) left.push(`service ${Spec?.Name}`);
    for (const { Spec } of await docker.listSecrets()) left.push(`secret ${Spec?.Name}`);
    for (const node of nodes) {
      for (const { Names } of await node.engine.docker.listContainers({ all: true }))
        left.push(`container ${Names.join()} on ${node.name}`);
      for (const { Name, Driver } of await node.engine.docker.listNetworks())
        if (Name.startsWith('zentoo-')) left.push(`network ${Name} ${Driver} on ${node.name}`);
      for (const { Name } of (await node.engine.docker.listVolumes()).Volumes)
        if (!/^(?:gentoo-logs$|zentoo-.+-copy-(?:image|tree)-)/.test(Name)) left.push(`volume ${Name} on ${node.name}`);
    }
    return left;
  }
}

/** What a build says when it compiles a package that may be held on a node. */
export function compilingOn({ name }: Node): RegExp {
  return new RegExp(`@${name}\\b.*Emerging .*test-fault/held-`);
}

/** The id of a running container on a node whose name matches. */
export async function running({ engine }: Node, name: RegExp): Promise<string> {
  const found = (await engine.docker.listContainers()).find(({ Names }) => Names.some((one) => name.test(one)));
  if (found === undefined) throw new Error(`there is no container ${name}`);
  return found.Id;
}

/** Waits for the end of a build, which must be a success. Returns its standard error. */
export async function succeed(build: RunningProgram): Promise<string> {
  const { status, stderr } = await build.outcome;
  expect(status, stderr).toBe(0);
  return stderr;
}
