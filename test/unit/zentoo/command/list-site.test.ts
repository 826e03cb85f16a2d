import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../../src/report/event.ts';
import type { Site } from '../../../../src/site/site.ts';
import { listSite } from '../../../../src/zentoo/command/list-site.ts';
import { serveEngine } from '../../../support/engine-server/engine-server.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');
const web = tupleOfSet('web', { outputs: ['image', 'archive'] });

/** Lists a site with the engine at an address, and returns the events beside the list. */
async function list(site: Site, host: string, { signal } = new AbortController()) {
  const events: Event[] = [];
  const report = (event: Event) => void events.push(event);
  return { listed: await listSite(site, { environment: { DOCKER_HOST: host }, report, signal }), events };
}

/** Serves the engine of a world over HTTP. The site of the directory, or no site, has claimed the name `net` there. */
async function serve({ engine }: SiteBuildWorld, directory?: string) {
  const name = 'zentoo-net-state';
  const state = engine.volumes.get(name);
  await engine.removeVolume(name);
  if (state !== undefined && directory !== undefined)
    engine.volumes.set(name, { ...state, labels: { 'zentoo.directory': directory } });
  return serveEngine(engine);
}

describe('the list of a site', () => {
  it('tells of each tuple whether it is up to date, why not, and what there is of it', async () => {
    using home = temporaryDirectory();
    using world = new SiteBuildWorld([tools, web]);
    const { site } = world.siteRun({ directory: home.path });
    await world.build(world.siteRun({ directory: home.path, tuples: [tools] }));
    world.engine.calls.length = 0;
    await using server = await serve(world, realpathSync(home.path));
    const { listed } = await list(site, server.host);
    const archive = `${home.path}/output/${web.name}.tar.zst`;
    expect(listed).toMatchObject([
      {
        ...{ tuple: { name: tools.name }, upToDate: true, why: [] },
        outputs: [{ output: 'image', name: imageOf(tools), found: { size: 4096 } }],
      },
      {
        ...{ tuple: { name: web.name }, upToDate: false, why: ['there is no image yet'] },
        outputs: [
          { output: 'image', name: imageOf(web), found: null },
          { output: 'archive', name: archive, found: null },
        ],
      },
    ]);
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.calls('pullImage')).toEqual([]);
  });

  it('warns of a tree that is not at the revision of site.lock', async () => {
    using home = temporaryDirectory();
    using world = new SiteBuildWorld();
    await using server = await serve(world);
    const { events } = await list(world.siteRun({ directory: home.path }).site, server.host);
    expect(events).toEqual([
      expect.objectContaining({ type: 'warning', message: expect.stringContaining('the tree gentoo is at') as string }),
    ]);
  });

  it('does not warn of trees that cannot be read because the engine has no stage, and pulls none', async () => {
    using home = temporaryDirectory();
    using world = new SiteBuildWorld();
    const { site } = world.siteRun({ directory: home.path });
    await world.engine.removeImage('gentoo-ministage:latest');
    await using server = await serve(world);
    const { listed, events } = await list(site, server.host);
    expect(listed).toMatchObject([{ upToDate: false, outputs: [{ found: null }] }]);
    expect(events).toEqual([]);
    expect(world.calls('pullImage')).toEqual([]);
  });

  it('has only the archives if there is no engine, and says why', async () => {
    using home = temporaryDirectory();
    using world = new SiteBuildWorld([web]);
    const path = join(home.path, 'output', `${web.name}.tar.zst`);
    mkdirSync(join(home.path, 'output'));
    writeFileSync(path, 'archive');
    const { listed, events } = await list(world.siteRun({ directory: home.path }).site, 'unix:///no/engine.sock');
    expect(listed).toEqual([
      {
        ...{ tuple: web, upToDate: undefined, why: [] },
        outputs: [
          { output: 'image', name: imageOf(web), found: undefined },
          { output: 'archive', name: path, found: { size: 7, made: expect.any(Date) as Date } },
        ],
      },
    ]);
    expect(events).toEqual([
      {
        type: 'warning',
        message: expect.stringMatching(
          /^failed to read the state of the site's outputs: failed to reach the Docker engine at \/no\/engine\.sock: /,
        ) as string,
        hint: expect.stringContaining('DOCKER_HOST') as string,
      },
    ]);
  });

  it('fails if it is interrupted, instead of listing less', async () => {
    using world = new SiteBuildWorld();
    const controller = new AbortController();
    controller.abort(new Error('interrupted'));
    await expect(list(world.siteRun().site, 'unix:///no/engine.sock', controller)).rejects.toMatchObject({
      code: 'engine-unreachable',
    });
  });

  it('of a site without tuples is empty, and needs no engine', async () => {
    using world = new SiteBuildWorld();
    const site = { ...world.siteRun().site, tuples: [] };
    expect(await list(site, 'unix:///no/engine.sock')).toEqual({ listed: [], events: [] });
  });
});
