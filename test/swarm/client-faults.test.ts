import { describe, expect, it, vi } from 'vitest';
import { spoiling } from '../support/fault-packages.ts';
import { buildContainer, clientContainer, compilingOn, running, succeed, SwarmBuilds } from './swarm-builds.ts';
import { copyProjectImages, equalPackages, holdPackages, setInLogs, SwarmSite } from './swarm-site.ts';
import type { Node } from './three-nodes.ts';

const builds = SwarmBuilds.forTests({ builders: true });

/** The time at which a build container ended, by its engine. */
async function endOf({ engine }: Node, id: string): Promise<number> {
  const container = engine.docker.getContainer(id);
  await container.wait();
  return Date.parse((await container.inspect()).State.FinishedAt);
}

describe('zentoo build --swarm, if zentoo fails', () => {
  it('has nothing on any node a second after it was killed, and its node proxies end when no client comes', async () => {
    const { nodes } = builds.swarm;
    for (const node of nodes) await holdPackages(node, true);
    const build = await builds.startBuild(['test-fault/held-a', 'test-fault/held-b', 'test-fault/held-c']);
    for (const node of builds.builders) await build.said(compilingOn(node));
    await build.said(/held-\S+: compile for/);
    const containers = await Promise.all(nodes.map((node) => running(node, buildContainer)));
    const killed = Date.now();
    await builds.manager.docker('kill', '--signal', 'KILL', await running(builds.manager, clientContainer));
    const ends = await Promise.all(nodes.map((node, index) => endOf(node, containers[index] ?? '')));
    for (const end of ends) expect(end - killed).toBeLessThan(1000);
    expect((await build.outcome).status).toBe(137);

    // The product waits for ten minutes; the same service does for three seconds.
    const [service] = await builds.manager.engine.docker.listServices();
    const name = service?.Spec?.Name ?? '';
    await builds.manager.docker('service', 'update', '--detach', '--args', 'node-proxy --idle 3', name);
    const tasks = async () => {
      const format = '{{.DesiredState}} {{.CurrentState}}';
      const states = await builds.manager.docker('service', 'ps', '--format', format, name);
      return states
        .split('\n')
        .filter((state) => /^(?:Ready|Running)|Complete/.test(state))
        .map((state) => state.split(' ')[1]);
    };
    await expect.poll(tasks, { timeout: 60_000, interval: 250 }).toEqual(['Complete', 'Complete']);

    for (const node of nodes) await holdPackages(node, false);
    await succeed(builds.site.start('build', '--swarm', '--jobs', '1'));
    await builds.expectNothingLeft();
  });

  it('refuses damaged, foreign and unplanned packages of a node, compiles those elsewhere, and no package that fails by itself', async () => {
    const [node, other] = builds.builders;
    await builds.setAvailability(other, 'pause');
    for (const one of [builds.manager, node]) await holdPackages(one, true);
    await setInLogs(node, spoiling, true);
    const names = ['after-held-a', 'hungry', 'spoilt', 'damaged', 'broken'];
    const build = await builds.startBuild(names.map((name) => `test-fault/${name}`));
    await build.said(/held-a-1: compile for/);
    await build.said(/hungry-1@node2\b.*Emerging/);
    const hungry = node.engine.docker.getContainer(await running(node, buildContainer));
    await hungry.update({ Memory: 600e6, MemorySwap: 600e6 });
    await holdPackages(node, false);
    for (const name of ['spoilt', 'damaged'])
      await build.said(new RegExp(`made another package than test-fault/${name}-1`));
    await holdPackages(builds.manager, false);
    const { status, stderr } = await build.outcome;
    expect(status, stderr).not.toBe(0);
    expect(stderr).toMatch(/test-fault\/hungry-1.*out of memory/);
    expect(stderr).toContain('refused the new package app-evil/evil/evil-1-1.gpkg.tar: it was not planned');
    expect(stderr).toMatch(
      /node2 made another package than test-fault\/spoilt-1, which is compiled elsewhere: .*its CHOST is x86_64-alien/,
    );
    expect(stderr).toMatch(/node2 made another package than test-fault\/damaged-1, which is compiled elsewhere/);
    expect(stderr.match(/broken-1\S*: compile for/g)).toHaveLength(1);
    await builds.setAvailability(other, 'active');
    await setInLogs(node, spoiling, false);
    await builds.expectNothingLeft();
  });

  it('tells a network that passes no packets from a proxy that does not start', async () => {
    const [node] = builds.builders;
    builds.site.writeSettings('swarm: { encrypted: true }');
    const silent = await builds.site.start('build').outcome;
    expect([silent.status, silent.stderr]).toEqual([66, expect.stringContaining('ESP')]);
    builds.site.writeSettings('swarm: true');
    await moveSocket(node, 'docker.sock', 'docker.away');
    const refused = await builds.site.start('build').outcome;
    expect([refused.status, refused.stderr]).toEqual([
      65,
      expect.stringMatching(/failed to start a node proxy on node2: .*docker\.sock/),
    ]);
    await moveSocket(node, 'docker.away', 'docker.sock');
    await builds.expectNothingLeft();
  });
});

/** Moves the socket of a node's engine, as its containers see it. */
async function moveSocket({ engine, docker }: Node, from: string, to: string): Promise<void> {
  const [image] = await engine.docker.listImages({ filters: { reference: ['gentoo-builder'] } });
  await docker(
    'run',
    '--rm',
    '-v',
    '/run:/host',
    '--entrypoint',
    'mv',
    image?.Id ?? '',
    `/host/${from}`,
    `/host/${to}`,
  );
}

/** The volumes of a site's copies on a node begin so. */
const copies = /^(zentoo-.+)-copy-/;

/**
 * Watches the build containers on a node. The function that it returns gives the sites whose containers started there, in their order, and
 * the largest number of containers at the same time.
 */
async function watchContainers({
  engine,
}: Node): Promise<() => { readonly sites: readonly string[]; readonly most: number }> {
  const stream = await engine.docker.getEvents({ filters: { event: ['start', 'die'] } });
  let [text, now, most] = ['', 0, 0];
  const sites: string[] = [];
  const see = async ({
    status,
    id,
    Actor,
  }: {
    status: string;
    id: string;
    Actor: { Attributes: { name: string } };
  }) => {
    if (!buildContainer.test(`/${Actor.Attributes.name}`)) return;
    now += status === 'start' ? 1 : -1;
    most = Math.max(most, now);
    if (status !== 'start') return;
    const { Mounts } = await engine.docker.getContainer(id).inspect();
    sites.push(Mounts.flatMap(({ Name = '' }) => copies.exec(Name)?.[1] ?? [])[0] ?? '');
  };
  let seen = Promise.resolve();
  stream.on('data', (chunk: Buffer) => {
    const lines = (text + chunk.toString()).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) seen = seen.then(() => see(JSON.parse(line) as Parameters<typeof see>[0]));
  });
  return () => ({ sites, most });
}

describe('two sites on two managers that use the same node', () => {
  it('share its slots: none is promised twice, and each gets its first one within two packages of the other', async () => {
    const [second, shared] = builds.builders;
    await builds.manager.docker('node', 'promote', second.name);
    await builds.manager.docker('node', 'update', '--label-rm', 'zentoo.builder', second.name);
    await copyProjectImages(second);
    const equal = equalPackages.map((name) => `test-fault/${name}`);
    vi.stubEnv('DOCKER_HOST', second.engine.address);
    await using site = await SwarmSite.open();
    site.writeSets({ equal });
    vi.stubEnv('DOCKER_HOST', builds.manager.engine.address);
    const read = await watchContainers(shared);
    const first = await builds.startBuild(equal);
    await first.said(/equal-\S+@node3: compile for/);
    vi.stubEnv('DOCKER_HOST', second.engine.address);
    const other = site.start('build', '--swarm', '--jobs', '1');
    vi.stubEnv('DOCKER_HOST', builds.manager.engine.address);
    await other.said(/waiting for one there|equal-\S+@node3: compile for/);
    const { length: before } = read().sites;
    await Promise.all([succeed(first), succeed(other)]);
    const { sites, most } = read();
    expect(most).toBe(1);
    const [own] = sites;
    // The container that ran when the other site asked, and two more.
    expect(sites.slice(before).findIndex((one) => one !== own)).toBeGreaterThanOrEqual(0);
    expect(sites.slice(before).findIndex((one) => one !== own)).toBeLessThanOrEqual(2);
    await builds.expectNothingLeft([shared]);
    // The site of the second node is closed there.
    vi.stubEnv('DOCKER_HOST', second.engine.address);
  });
});
