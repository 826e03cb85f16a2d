import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { claimSite } from '../../../../src/zentoo/run/claim-site.ts';
import type { Container } from '../../../../src/engine/containers.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { siteOf } from '../../plan/sites.ts';
import { BuildWorld } from '../../builder/build-world.ts';

const mount = (source: string, target: string, type: 'bind' | 'volume' = 'bind') => ({
  type,
  source,
  target,
  readOnly: false,
});
const taken = (whose: string) =>
  expect.objectContaining({ code: 'site-taken', exitStatus: 20, message: expect.stringContaining(whose) });

describe('claiming the name of a site', () => {
  it('succeeds for the first directory, by any path to it, and fails for others', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    for (const name of ['one', 'two']) mkdirSync(join(home.path, name));
    symlinkSync('one', join(home.path, 'link'));
    const claim = (name: string) => claimSite(world.engine, siteOf({ directory: join(home.path, name) }), undefined);
    await claim('one');
    await claim('one');
    await claim('link');
    await expect(claim('two')).rejects.toEqual(taken(`net: the site in ${home.path}/one has the same name`));
    await claimSite(world.engine, siteOf({ name: 'another', directory: join(home.path, 'two') }), undefined);
  });

  it('writes the directory into a label of the state volume, once', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    const site = siteOf({ directory: home.path });
    for (let time = 0; time < 2; time += 1) await claimSite(world.engine, site, undefined);
    expect(world.engine.volumes.get('zentoo-net-state')?.labels).toEqual({
      'gentoo-builder.volume': 'state',
      'zentoo.directory': home.path,
    });
    expect(world.calls('createVolume')).toHaveLength(1);
  });

  it('fails if another program made the state volume', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    world.addVolume('zentoo-net-state');
    const claim = claimSite(world.engine, siteOf({ directory: home.path }), undefined);
    await expect(claim).rejects.toEqual(taken('another program created its state volume'));
    await expect(claim).rejects.toMatchObject({
      message: `failed to use the name of the site in ${home.path}, net: another program created its state volume`,
      hint: 'give one of them another name in its site.yaml; if the site was moved here: docker volume rm zentoo-net-state',
    });
  });

  it('knows a directory of the host inside a container, by its innermost mount', async () => {
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
    await claimSite(world.engine, site, await inside(mount('/elsewhere', home.path), mount(directory, directory)));
    const other = await inside(mount('/srv', home.path));
    await expect(claimSite(world.engine, site, other)).rejects.toEqual(taken(`in /srv/site, net: the site in`));
    const volume = await inside(mount('a-volume', home.path, 'volume'));
    await expect(claimSite(world.engine, site, volume)).rejects.toEqual(taken('in volume a-volume:/site, net'));
    const none = await inside(mount('/srv', `${home.path}/sit`));
    await expect(claimSite(world.engine, site, none)).rejects.toEqual(taken(`${none?.id.slice(0, 12)}:${directory}`));
  });
});
