import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram, type CommandOutcome } from '../support/run-program.ts';
import { copyProjectImages, holdPackages, SwarmSite } from './swarm-site.ts';
import { openSwarm, type Node, type Swarm } from './three-nodes.ts';

let swarm: Swarm;
let site: SwarmSite;
let manager: Node;
let builder: Node;
let third: Node;

beforeAll(async () => {
  swarm = await openSwarm('4G');
  [manager, builder, third] = swarm.nodes;
  await copyProjectImages(manager);
  for (const { engine } of [builder, third]) await engine.copyImages('gentoo-builder');
  vi.stubEnv('DOCKER_HOST', manager.engine.address);
  site = await SwarmSite.open();
});
afterAll(async () => {
  await site[Symbol.asyncDispose]();
  await swarm[Symbol.asyncDispose]();
});

/** Changes labels of a node, as `docker node update` does. */
async function update(node: Node, ...options: readonly string[]): Promise<void> {
  await manager.docker('node', 'update', ...options, node.name);
}

async function ask(node: Node, format: string): Promise<string> {
  return (await manager.docker('node', 'inspect', '--format', format, node.name)).trim();
}

/** Runs zentoo in its image on the engine of a node, with the directory of the site. */
function zentooOn({ engine }: Node, ...args: readonly string[]): Promise<CommandOutcome> {
  const { path } = site.site;
  const mounts = ['-v', '/run/docker.sock:/var/run/docker.sock', '-v', `${path}:${path}`, '--workdir', path];
  const command = ['run', '--rm', ...mounts, '--entrypoint', 'zentoo', 'gentoo-builder', ...args];
  return runProgram('docker', ['--host', engine.address, ...command]);
}

const storeOf = (node: Node) => ask(node, '{{index .Spec.Labels "zentoo.store"}}');

/** The memory limit and the CPU weight of the build container on a node. */
async function limitsOn({ engine }: Node): Promise<{ readonly memory: number; readonly shares: number }> {
  const found = await engine.docker.listContainers();
  const id = found.find(({ Names }) => Names.some((one) => /^\/gentoo-builder-[0-9a-f]{16}$/.test(one)))?.Id ?? '';
  const { HostConfig } = await engine.docker.getContainer(id).inspect();
  return { memory: HostConfig.Memory ?? 0, shares: HostConfig.CpuShares ?? 0 };
}

describe('the slots of a node', () => {
  it('are without what other services have reserved there, and come back during a build; a node joins it; every container has limits', async () => {
    await update(builder, '--label-add', 'zentoo.builder=true');
    const { Id: image } = await builder.engine.docker.getImage('gentoo-builder').inspect();
    const place = ['--constraint', `node.hostname==${builder.name}`, '--reserve-memory', '8M'];
    const { NCPU, MemTotal } = (await builder.engine.docker.info()) as { NCPU: number; MemTotal: number };
    const service = ['--detach', '--no-resolve-image', '--name', 'other', ...place, '--reserve-cpu', `${NCPU}`];
    await manager.docker('service', 'create', ...service, '--entrypoint', 'sleep', image, '600');
    const state = () => manager.docker('service', 'ps', '--format', '{{.CurrentState}}', 'other');
    await expect.poll(state, { timeout: 60_000, interval: 250 }).toMatch(/^Running/);
    for (const node of [manager, builder]) await holdPackages(node, true);
    site.writeSets({ held: ['test-fault/held-a', 'test-fault/held-b', 'test-fault/held-c'] });
    const build = site.start('build', '--swarm', '--jobs', '1');
    await build.said(/Emerging .*test-fault\/held-/);
    await manager.docker('service', 'rm', 'other');
    await build.said(new RegExp(`@${builder.name}\\b.*Emerging .*test-fault/held-`));
    const limits = [await limitsOn(manager), await limitsOn(builder)];
    for (const { memory, shares } of limits) {
      expect(shares).toBe(256);
      expect(memory).toBeGreaterThan(0);
      expect(memory).toBeLessThanOrEqual(MemTotal);
    }
    // Both engines are busy now, and the last package goes to a node that gets the label only now.
    await update(third, '--label-add', 'zentoo.builder=true');
    await build.said(new RegExp(`@${third.name}\\b.*Emerging .*test-fault/held-`));
    for (const node of [manager, builder]) await holdPackages(node, false);
    const { status, stderr } = await build.outcome;
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`the node ${third.name} takes part in this build from now on`);
    // The node gets nothing, not even the image, before the first package is compiled on the own engine.
    const firstThere = stderr.search(new RegExp(`(?:@|to the engine )${builder.name}\\b`));
    expect(stderr.slice(0, firstThere)).toMatch(/Emerging .*test-fault\/held-/);
  });
});

describe('the node of the store', () => {
  it('is named to a client on another manager, which makes no store', async () => {
    await update(builder, '--label-add', 'zentoo.builder=true');
    await manager.docker('node', 'promote', builder.name);
    site.writeSets({ a: ['app-misc/greet'] });
    const { status, stderr } = await site.build();
    expect(status, stderr).toBe(0);
    expect([await storeOf(manager), await storeOf(builder)]).toEqual([site.site.name, '']);
    const elsewhere = await zentooOn(builder, 'build', '--swarm');
    expect([elsewhere.status, elsewhere.stderr]).toEqual([
      67,
      expect.stringContaining(`failed to use the site ${site.site.name}: its store is on the node node1`),
    ]);
    const { Volumes } = await builder.engine.docker.listVolumes();
    expect(Volumes.filter(({ Name }) => /^zentoo-(?!.+-copy-)/.test(Name))).toEqual([]);
  });

  it('loses the label with zentoo swarm down, but not while the store is there', async () => {
    const first = await site.start('swarm', 'down').outcome;
    expect([first.status, first.stderr]).toEqual([0, expect.stringContaining('keeps the label zentoo.store')]);
    expect(await storeOf(manager)).toBe(site.site.name);
    await manager.docker('volume', 'rm', `zentoo-${site.site.name}-binpkgs`);
    expect((await site.start('swarm', 'down').outcome).status).toBe(0);
    expect(await storeOf(manager)).toBe('');
  });

  it('keeps others out while it is away, and no more when it was removed', async () => {
    await update(third, '--label-rm', 'zentoo.builder', '--label-add', `zentoo.store=another,${site.site.name}`);
    await third.engine.kill();
    await expect.poll(() => ask(third, '{{.Status.State}}'), { timeout: 60_000, interval: 250 }).toBe('down');
    const status = () => site.start('swarm', 'status').outcome;
    const refused = await status();
    expect(refused.status, refused.stderr).toBe(67);
    expect(refused.stderr).toContain('its store is on the node node3, which is not ready');
    expect(refused.stderr).toContain('docker node update --label-add zentoo.store=another node3');
    await manager.docker('node', 'rm', '--force', third.name);
    expect((await status()).status).toBe(0);
  });
});
