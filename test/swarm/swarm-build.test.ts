import { beforeAll, describe, expect, it, vi } from 'vitest';
import { runProgram } from '../support/run-program.ts';
import type { BuildOutcome } from '../support/zentoo-site.ts';
import { buildContainer, clientContainer, running, succeed, SwarmBuilds } from './swarm-builds.ts';
import { holdPackages } from './swarm-site.ts';

const builds = SwarmBuilds.forTests({ builders: false });
beforeAll(() =>
  builds.site.writeSets({
    a: ['app-misc/greet', 'app-misc/motto'],
    b: ['app-misc/timepiece:1', 'app-misc/timepiece:2'],
  }),
);

async function refusal(): Promise<readonly [number | null, string]> {
  const { status, stderr } = await builds.site.start('swarm', 'status').outcome;
  return [status, stderr];
}

describe('zentoo build --swarm', () => {
  it('names the line that gives nodes the label, if none has it', async () => {
    const { status, stderr } = await builds.site.build();
    expect([status, stderr]).toEqual([
      60,
      expect.stringContaining('docker node update --label-add zentoo.builder=true NODE'),
    ]);
  });

  it('names the labelled nodes that lack the image, and both ways to give it to them', async () => {
    for (const { name } of builds.builders)
      await builds.manager.docker('node', 'update', '--label-add', 'zentoo.builder=true', name);
    const { status, stderr } = await builds.site.build();
    expect(status, stderr).toBe(60);
    expect(stderr).toContain('failed to start a node proxy on node2, node3: the image gentoo-builder');
    expect(stderr).toContain('docker save gentoo-builder | ssh node2 docker load');
    expect(stderr).toContain('swarm: { registry: HOST/PATH }');
    await builds.expectNothingLeft();
  });

  it('compiles packages on each node, and leaves nothing but copies for the next build', async () => {
    for (const { engine } of builds.builders) await engine.copyImages('gentoo-builder');
    const built: BuildOutcome = await builds.site.build();
    expect([built.status, [...built.tuples.values()].map(({ type }) => type)], built.stderr).toEqual([
      0,
      ['built', 'built'],
    ]);
    for (const { name } of builds.builders) expect(built.stderr).toContain(`@${name}: compile`);
    await builds.expectNothingLeft();
  });

  it('runs proxies by image id and without a published port, in a network that no build container joins', async () => {
    const [node, other] = builds.builders;
    const build = await builds.compileOn(node, other);
    const [service] = await builds.manager.engine.docker.listServices();
    expect(service?.Spec?.TaskTemplate).toMatchObject({
      ContainerSpec: { Image: expect.stringMatching(/^sha256:/) as string },
    });
    expect(service?.Endpoint?.Ports ?? []).toEqual([]);
    const container = node.engine.docker.getContainer(await running(node, buildContainer));
    const name = service?.Spec?.Name ?? '';
    const networks = Object.keys((await container.inspect()).NetworkSettings.Networks);
    expect(new Set(networks)).toEqual(new Set(['bridge', `${name}-store`]));
    await builds.end(node, build);
  });

  it('compiles a package elsewhere if its node is drained meanwhile', async () => {
    const [node, other] = builds.builders;
    const build = await builds.compileOn(node, other);
    await builds.setAvailability(node, 'drain');
    expect(await succeed(build)).toContain(`the engine ${node.name} was lost with test-fault/held-`);
    expect(await builds.packagesInStore()).toEqual(['CPV: test-fault/held-a-1', 'CPV: test-fault/held-b-1']);
    await builds.setAvailability(node, 'active');
    await holdPackages(node, false);
  });

  it('ends its containers on a node if it is killed, and the next build removes the rest on the swarm and the nodes', async () => {
    const [node, other] = builds.builders;
    const build = await builds.compileOn(node, other);
    const container = node.engine.docker.getContainer(await running(node, buildContainer));
    const ended: unknown = container.wait();
    await builds.manager.docker('kill', '--signal', 'KILL', await running(builds.manager, clientContainer));
    await ended;
    expect((await build.outcome).status).toBe(137);
    await holdPackages(node, false);
    expect(await builds.site.status()).toContainEqual(
      expect.objectContaining({ node: node.name, kind: 'container', state: 'gone' }),
    );
    const { status, stderr } = await builds.site.build();
    expect(status, stderr).toBe(0);
    await builds.expectNothingLeft();
  });

  it('compiles a package elsewhere if the engine of its node is killed meanwhile', async () => {
    const [node, other] = builds.builders;
    const build = await builds.compileOn(node, other);
    await node.engine.kill();
    expect(await succeed(build)).toContain(`the engine ${node.name} was lost with test-fault/held-`);
    expect(await builds.packagesInStore()).toEqual(['CPV: test-fault/held-a-1', 'CPV: test-fault/held-b-1']);
    await node.engine.start();
    await builds.untilReady(node);
    await holdPackages(node, false);
  });
});

describe('zentoo swarm', () => {
  it('down removes what builds left and keep on the nodes, and status then shows nothing', async () => {
    const kept = await builds.site.status();
    expect(kept.map(({ node }) => node)).toEqual(expect.arrayContaining(builds.builders.map(({ name }) => name)));
    const dry = await builds.site.start('swarm', 'down', '--dry-run').outcome;
    for (const { name } of kept) expect(dry.stdout).toContain(name);
    expect(await builds.site.status()).toEqual(kept);
    const { status, stderr } = await builds.site.start('swarm', 'down').outcome;
    expect(status, stderr).toBe(0);
    expect(await builds.site.status()).toEqual([]);
    for (const { engine } of builds.builders) {
      const { Volumes } = await engine.docker.listVolumes();
      expect(Volumes.map(({ Name }) => Name)).toEqual(['gentoo-logs']);
    }
  });

  it('tells a worker from a manager, and a locked swarm from both', async () => {
    const [node] = builds.builders;
    for (const one of builds.builders) await builds.setAvailability(one, 'drain');
    expect(await refusal()).toEqual([64, expect.stringContaining('node2 is in drain, node3 is in drain')]);
    vi.stubEnv('DOCKER_HOST', node.engine.address);
    const command = [
      'run',
      '--rm',
      '-v',
      '/run/docker.sock:/var/run/docker.sock',
      '-v',
      `${builds.site.site.path}:/site:ro`,
    ];
    const inImage = [...command, '--workdir', '/site', '--entrypoint', 'zentoo', 'gentoo-builder', 'swarm', 'status'];
    const worker = await runProgram('docker', inImage);
    vi.stubEnv('DOCKER_HOST', builds.manager.engine.address);
    expect([worker.status, worker.stderr]).toEqual([
      62,
      expect.stringContaining('the engine is a worker of the swarm'),
    ]);
    await builds.manager.docker('swarm', 'update', '--autolock');
    await builds.manager.engine.stop();
    await builds.manager.engine.start();
    expect(await refusal()).toEqual([63, expect.stringContaining('unlock it: docker swarm unlock')]);
    await builds.manager.docker('swarm', 'leave', '--force');
    expect(await refusal()).toEqual([60, expect.stringContaining('docker swarm init')]);
  });
});
