import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimSite } from '../../../../src/build/tuple/claim-site.ts';
import type { Container } from '../../../../src/engine/engine.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { siteOf } from '../../plan/sites.ts';
import { BuildWorld } from '../build-world.ts';

const mount = (source: string, target: string, type: 'bind' | 'volume' = 'bind') => ({
  type,
  source,
  target,
  readOnly: false,
});
const taken = (whose: string) =>
  expect.objectContaining({ code: 'site-taken', exitStatus: 20, message: expect.stringContaining(whose) });

describe('the name of a site', () => {
  it('is that of the first directory that comes with it, by whatever path, and of no other', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    for (const name of ['one', 'two']) mkdirSync(join(home.path, name));
    symlinkSync('one', join(home.path, 'link'));
    const claim = (name: string) => claimSite(world.engine, siteOf({ directory: join(home.path, name) }), undefined);
    await claim('one');
    await claim('one');
    await claim('link');
    await expect(claim('two')).rejects.toEqual(taken(`it is that of the site in ${home.path}/one`));
    await claimSite(world.engine, siteOf({ name: 'another', directory: join(home.path, 'two') }), undefined);
  });

  it('is not taken where a volume of that name is somebody else’s', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    world.addVolume('zentoo-net-state');
    const claim = claimSite(world.engine, siteOf({ directory: home.path }), undefined);
    await expect(claim).rejects.toEqual(taken("a volume of that name is somebody else's"));
  });

  it('is the same directory’s on the host and in a container that has it mounted, wherever, the innermost mount counting', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    const directory = join(home.path, 'site');
    mkdirSync(directory);
    const site = siteOf({ directory });
    const inside = async (...mounts: Container['mounts']) => {
      await world.startSelf([...mounts]);
      const { self } = world;
      if (self !== undefined) await world.engine.removeContainer(self.id);
      return self;
    };
    await claimSite(world.engine, site, undefined);
    await claimSite(world.engine, site, await inside(mount(home.path, home.path)));
    await claimSite(world.engine, site, await inside(mount('/elsewhere', '/'), mount(directory, directory)));
    const other = await inside(mount('/srv', home.path));
    await expect(claimSite(world.engine, site, other)).rejects.toEqual(taken(`in /srv/site, net: it is that of`));
    const volume = await inside(mount('a-volume', home.path, 'volume'));
    await expect(claimSite(world.engine, site, volume)).rejects.toEqual(taken('in volume a-volume:/site, net'));
    const none = await inside(mount('/srv', `${home.path}/sit`));
    await expect(claimSite(world.engine, site, none)).rejects.toEqual(taken(`${none?.id.slice(0, 12)}:${directory}`));
  });
});
