import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { SiteRun } from '../../../../src/zentoo/run/site-run.ts';
import { openSiteRun } from '../../../../src/zentoo/run/open-site-run.ts';
import { removeWorkers } from '../../../../src/zentoo/distcc/remove-workers.ts';
import { serveEngine } from '../../../support/engine-server/engine-server.ts';
import { SiteWorld } from '../site-world.ts';

const workerImage = 'zentoo/net/distcc:0123';
const network = 'zentoo-net-distcc';

/** A run against an engine that answers HTTP as Podman does, with the state that `prepare` makes. */
async function runOnPodman(world: SiteWorld): Promise<SiteRun> {
  world.engine.flavour = 'podman';
  // Opening a run claims the site for a directory.
  world.engine.volumes.delete('zentoo-net-state');
  const server = await serveEngine(world.engine);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const directory = mkdtempSync(join(tmpdir(), 'podman-site-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const { report, signal } = world.context;
  const environment = { DOCKER_HOST: server.host };
  return openSiteRun(world.run({ directory }).site, { environment, report, signal }, { keepFailed: false });
}

describe('a site on Podman', () => {
  it('finds its images by the names that it gave them', async () => {
    using world = new SiteWorld();
    world.engine.addImage('zentoo/net/base:latest', { labels: { 'zentoo.site': 'net' } });
    const { images, engine } = await runOnPodman(world);
    expect(engine.flavour).toBe('podman');
    expect([...images.keys()]).toEqual(['zentoo/net/base:latest']);
  });

  it('removes its workers, their images and their network', async () => {
    using world = new SiteWorld();
    world.engine.addImage(workerImage, { labels: { 'zentoo.distcc.image': workerImage } });
    const run = await runOnPodman(world);
    await run.engine.createNetwork(network, { 'zentoo.distcc': 'net' });
    const worker = { image: workerImage, command: ['x'], mounts: [], network, labels: { 'zentoo.distcc': 'net' } };
    await run.engine.startContainer(await run.engine.createContainer('zentoo-net-distcc-00000000-1', worker));
    expect(await removeWorkers(run)).toEqual({
      workers: ['zentoo-net-distcc-00000000-1'],
      images: [workerImage],
      network,
    });
    expect(world.engine.imageNames.has(workerImage)).toBe(false);
    expect(world.engine.networks.size).toBe(0);
  });

  it('says that a build is still using the network of workers', async () => {
    using world = new SiteWorld();
    const run = await runOnPodman(world);
    await run.engine.createNetwork(network, { 'zentoo.distcc': 'net' });
    const builder = await run.engine.createContainer('b', { image: 'gentoo-ministage', command: ['x'], mounts: [] });
    await run.engine.startContainer(builder);
    await run.engine.connectNetwork(network, builder);
    await expect(removeWorkers(run)).rejects.toMatchObject({
      code: 'engine-refused',
      hint: expect.stringContaining('still running'),
    });
  });
});
