import { describe, expect, it } from 'vitest';
import { buildContainer, running, succeed, SwarmBuilds } from './swarm-builds.ts';
import { holdPackages } from './swarm-site.ts';

const builds = SwarmBuilds.forTests({ builders: true });
const serverContainer = /-proxy-[0-9a-f]{8}-store$/;

describe('the store in a swarm', () => {
  it('gives packages and sources to the nodes by HTTP in a network of its own, and no index', async () => {
    const [node, other] = builds.builders;
    await builds.setAvailability(other, 'pause');
    for (const one of [builds.manager, node]) await holdPackages(one, true);
    // held-a has the site's own engine; held-late, on the node, needs a package that was compiled before.
    const build = await builds.startBuild(['test-fault/last', 'test-fault/held-late', 'app-misc/greet']);
    await build.said(/held-late-1@node2\b.*Emerging.*held-late/);
    const server = await running(builds.manager, serverContainer);
    const asked = await builds.manager.docker('exec', server, 'cat', '/tmp/access.log');
    const paths = [...asked.matchAll(/"GET (\S+) HTTP\/1\.1" (\d+)/g)].map(([, path, status]) => [path, status]);
    expect(paths).toContainEqual([
      expect.stringMatching(/^\/binpkgs\/.*\/app-misc\/motto\/motto-.*\.gpkg\.tar$/),
      '200',
    ]);
    expect(paths.filter(([path]) => path?.includes('Packages'))).toEqual([]);
    const described = await builds.manager.engine.docker.getContainer(server).inspect();
    expect(described.Mounts.filter(({ RW, Destination }) => RW && Destination !== '/var/db/repos/gentoo')).toEqual([]);
    expect(Object.keys(described.NetworkSettings.Networks)).toEqual([expect.stringMatching(serverContainer)]);
    expect(described.HostConfig.PortBindings ?? {}).toEqual({});
    const compiling = node.engine.docker.getContainer(await running(node, buildContainer));
    const networks = Object.keys((await compiling.inspect()).NetworkSettings.Networks);
    expect(networks.toSorted((a, b) => a.length - b.length)).toEqual([
      'bridge',
      expect.stringMatching(serverContainer),
    ]);
    for (const one of [builds.manager, node]) await holdPackages(one, false);
    await succeed(build);
    await builds.expectNothingLeft();
  });
});
