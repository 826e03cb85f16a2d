import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram, type RunningProgram } from '../support/run-program.ts';
import type { BuildOutcome } from '../support/zentoo-site.ts';
import { copyProjectImages, holdPackages, SwarmSite } from './swarm-site.ts';
import { openSwarm, type Node, type Swarm } from './three-nodes.ts';

let swarm: Swarm;
let site: SwarmSite;
let manager: Node;
let builders: readonly [Node, Node];

beforeAll(async () => {
  swarm = await openSwarm('4G');
  const [first, ...others] = swarm.nodes;
  [manager, builders] = [first, others];
  await copyProjectImages(manager);
  vi.stubEnv('DOCKER_HOST', manager.engine.address);
  site = await SwarmSite.open();
  site.writeSets({ a: ['app-misc/greet', 'app-misc/motto'], b: ['app-misc/timepiece:1', 'app-misc/timepiece:2'] });
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await swarm[Symbol.asyncDispose]();
});

/** The id of a running container on a node whose name begins so. */
async function running({ engine }: Node, name: RegExp): Promise<string> {
  const found = (await engine.docker.listContainers()).find(({ Names }) => Names.some((one) => name.test(one)));
  if (found === undefined) throw new Error(`there is no container ${name}`);
  return found.Id;
}

/** Waits until the manager hears from a node. */
async function untilReady({ name }: Node): Promise<void> {
  const state = async () => (await manager.docker('node', 'inspect', '--format', '{{.Status.State}}', name)).trim();
  await expect.poll(state, { timeout: 60_000, interval: 250 }).toBe('ready');
}

/** What builds left on the swarm and its nodes, without copies for the next build and logs. */
async function leftOnSwarm(): Promise<readonly string[]> {
  const { docker } = manager.engine;
  const left: string[] = [];
  for (const { Spec } of await docker.listServices()) left.push(`service ${Spec?.Name}`);
  for (const { Spec } of await docker.listSecrets()) left.push(`secret ${Spec?.Name}`);
  for (const node of builders) {
    for (const { Names } of await node.engine.docker.listContainers({ all: true }))
      left.push(`container ${Names.join()}`);
    for (const { Name, Driver } of await node.engine.docker.listNetworks())
      if (Name.startsWith('zentoo-')) left.push(`network ${Name} ${Driver}`);
    for (const { Name } of (await node.engine.docker.listVolumes()).Volumes)
      if (!/^(?:gentoo-logs$|zentoo-.+-copy-(?:image|tree)-)/.test(Name)) left.push(`volume ${Name} on ${node.name}`);
  }
  return left;
}

/** Nodes end tasks and leave networks a moment after the manager has removed them. */
async function expectNothingLeft(): Promise<void> {
  await expect.poll(leftOnSwarm, { timeout: 60_000, interval: 250 }).toEqual([]);
}

const buildContainer = /^\/gentoo-builder-[0-9a-f]{16}$/;
/** The container of `./zentoo` has a name that the engine chose. */
const clientContainer = /^\/[a-z]+_[a-z0-9]+$/;

/** Starts a build that compiles two packages, one of which does not come to the end on `node`. The other node gets no work. */
async function compileOn(node: Node, other: Node): Promise<RunningProgram> {
  await holdPackages(node, true);
  await manager.docker('node', 'update', '--availability', 'pause', other.name);
  const round = `held${++rounds}`;
  site.writeSets({ [round]: ['test-fault/held-a', 'test-fault/held-b'] });
  await site.site.inStore('rm -rf /var/cache/binpkgs/*');
  const build = site.start('build', '--swarm', '--jobs', '1');
  await build.said(new RegExp(`@${node.name}\\b.*Emerging .*test-fault/held-`));
  await manager.docker('node', 'update', '--availability', 'active', other.name);
  return build;
}
let rounds = 0;

/** Lets the packages of a node come to the end. */
async function end(node: Node, build: RunningProgram): Promise<void> {
  await holdPackages(node, false);
  const { status, stderr } = await build.outcome;
  expect(status, stderr).toBe(0);
}

async function packagesInStore(): Promise<readonly string[]> {
  const index = await site.site.inStore("grep -h '^CPV: test-fault/' /var/cache/binpkgs/*/plain/*/Packages | sort");
  return index.trim().split('\n');
}

async function refusal(): Promise<readonly [number | null, string]> {
  const { status, stderr } = await site.start('swarm', 'status').outcome;
  return [status, stderr];
}

describe('zentoo build --swarm', () => {
  it('names the line that gives nodes the label, if none has it', async () => {
    const { status, stderr } = await site.build();
    expect([status, stderr]).toEqual([
      60,
      expect.stringContaining('docker node update --label-add zentoo.builder=true NODE'),
    ]);
  });

  it('names the labelled nodes that lack the image, and both ways to give it to them', async () => {
    for (const { name } of builders) await manager.docker('node', 'update', '--label-add', 'zentoo.builder=true', name);
    const { status, stderr } = await site.build();
    expect(status, stderr).toBe(60);
    expect(stderr).toContain('failed to start a node proxy on node2, node3: the image gentoo-builder');
    expect(stderr).toContain('docker save gentoo-builder | ssh node2 docker load');
    expect(stderr).toContain('swarm: { registry: HOST/PATH }');
    await expectNothingLeft();
  });

  it('compiles packages on each node, and leaves nothing but copies for the next build', async () => {
    for (const { engine } of builders) await engine.copyImages('gentoo-builder');
    const built: BuildOutcome = await site.build();
    expect([built.status, [...built.tuples.values()].map(({ type }) => type)], built.stderr).toEqual([
      0,
      ['built', 'built'],
    ]);
    for (const { name } of builders) expect(built.stderr).toContain(`@${name}: compile`);
    await expectNothingLeft();
  });

  it('runs proxies by image id and without a published port, in a network that no build container joins', async () => {
    const [node, other] = builders;
    const build = await compileOn(node, other);
    const [service] = await manager.engine.docker.listServices();
    expect(service?.Spec?.TaskTemplate).toMatchObject({
      ContainerSpec: { Image: expect.stringMatching(/^sha256:/) as string },
    });
    expect(service?.Endpoint?.Ports ?? []).toEqual([]);
    const container = node.engine.docker.getContainer(await running(node, buildContainer));
    expect(Object.keys((await container.inspect()).NetworkSettings.Networks)).toEqual(['bridge']);
    await end(node, build);
  });

  it('compiles a package elsewhere if its node is drained meanwhile', async () => {
    const [node, other] = builders;
    const build = await compileOn(node, other);
    await manager.docker('node', 'update', '--availability', 'drain', node.name);
    const { status, stderr } = await build.outcome;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`the engine ${node.name} was lost with test-fault/held-`);
    expect(await packagesInStore()).toEqual(['CPV: test-fault/held-a-1', 'CPV: test-fault/held-b-1']);
    await manager.docker('node', 'update', '--availability', 'active', node.name);
    await holdPackages(node, false);
  });

  it('ends its containers on a node if it is killed, and the next build removes the rest on the swarm and the nodes', async () => {
    const [node, other] = builders;
    const build = await compileOn(node, other);
    const container = node.engine.docker.getContainer(await running(node, buildContainer));
    const ended: unknown = container.wait();
    await manager.docker('kill', '--signal', 'KILL', await running(manager, clientContainer));
    await ended;
    expect((await build.outcome).status).toBe(137);
    await holdPackages(node, false);
    expect(await site.status()).toContainEqual(
      expect.objectContaining({ node: node.name, kind: 'container', state: 'gone' }),
    );
    const { status, stderr } = await site.build();
    expect(status, stderr).toBe(0);
    await expectNothingLeft();
  });

  it('compiles a package elsewhere if the engine of its node is killed meanwhile', async () => {
    const [node, other] = builders;
    const build = await compileOn(node, other);
    await node.engine.kill();
    const { status, stderr } = await build.outcome;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`the engine ${node.name} was lost with test-fault/held-`);
    expect(await packagesInStore()).toEqual(['CPV: test-fault/held-a-1', 'CPV: test-fault/held-b-1']);
    await node.engine.start();
    await untilReady(node);
    await holdPackages(node, false);
  });
});

describe('zentoo swarm', () => {
  it('down removes what builds left and keep on the nodes, and status then shows nothing', async () => {
    const kept = await site.status();
    expect(kept.map(({ node }) => node)).toEqual(expect.arrayContaining(builders.map(({ name }) => name)));
    const dry = await site.start('swarm', 'down', '--dry-run').outcome;
    for (const { name } of kept) expect(dry.stdout).toContain(name);
    expect(await site.status()).toEqual(kept);
    const { status, stderr } = await site.start('swarm', 'down').outcome;
    expect(status, stderr).toBe(0);
    expect(await site.status()).toEqual([]);
    for (const { engine } of builders) {
      const { Volumes } = await engine.docker.listVolumes();
      expect(Volumes.map(({ Name }) => Name)).toEqual(['gentoo-logs']);
    }
  });

  it('tells a worker from a manager, and a locked swarm from both', async () => {
    const [node] = builders;
    for (const { name } of builders) await manager.docker('node', 'update', '--availability', 'drain', name);
    expect(await refusal()).toEqual([64, expect.stringContaining('node2 is in drain, node3 is in drain')]);
    vi.stubEnv('DOCKER_HOST', node.engine.address);
    const command = ['run', '--rm', '-v', '/run/docker.sock:/var/run/docker.sock', '-v', `${site.site.path}:/site:ro`];
    const inImage = [...command, '--workdir', '/site', '--entrypoint', 'zentoo', 'gentoo-builder', 'swarm', 'status'];
    const worker = await runProgram('docker', inImage);
    vi.stubEnv('DOCKER_HOST', manager.engine.address);
    expect([worker.status, worker.stderr]).toEqual([
      62,
      expect.stringContaining('the engine is a worker of the swarm'),
    ]);
    await manager.docker('swarm', 'update', '--autolock');
    await manager.engine.stop();
    await manager.engine.start();
    expect(await refusal()).toEqual([63, expect.stringContaining('unlock it: docker swarm unlock')]);
    await manager.docker('swarm', 'leave', '--force');
    expect(await refusal()).toEqual([60, expect.stringContaining('docker swarm init')]);
  });
});
