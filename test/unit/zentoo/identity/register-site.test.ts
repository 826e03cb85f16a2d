import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adoptRegistration, findAdoptable, registerSite } from '../../../../src/zentoo/identity/register-site.ts';
import type { Container } from '../../../../src/engine/containers.ts';
import type { Site } from '../../../../src/site/site.ts';
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
const rename = 'give one of the two sites another name in its site.yaml';
const [a, b] = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'];
const siteA = siteOf({ id: a });

/** The names of the volumes of all sites. */
function ofSites({ engine }: BuildWorld): readonly string[] {
  return [...engine.volumes.keys()].filter((name) => name.startsWith('zentoo-'));
}

/** Registers a site that writes, or looks at the registration of one that reads. */
function use(world: BuildWorld, site: Site, access: 'read' | 'write' = 'write') {
  return registerSite(world.engine, site, undefined, access);
}

describe('the registration of a site with an id', () => {
  it('is the same for all its clones, in any directory', async () => {
    using world = new BuildWorld();
    const names = { volumePrefix: `zentoo-${a}`, isRegistered: true };
    for (const directory of ['/srv/one', '/home/two'])
      for (const access of ['write', 'read'] as const)
        expect(await use(world, siteOf({ id: a, directory }), access)).toEqual(names);
    expect(world.engine.volumes.get('zentoo-net-site')?.labels).toEqual({
      'gentoo-builder.volume': 'site',
      'zentoo.format': '2',
      'zentoo.id': a,
      'zentoo.site': 'net',
      'zentoo.volumes': `zentoo-${a}`,
    });
  });

  it('is not made by a command that reads', async () => {
    using world = new BuildWorld();
    expect(await use(world, siteA, 'read')).toEqual({ volumePrefix: `zentoo-${a}`, isRegistered: false });
    expect(ofSites(world)).toEqual([]);
  });

  it('refuses another site of the same name, also if it only reads', async () => {
    using world = new BuildWorld();
    await use(world, siteA);
    for (const access of ['write', 'read'] as const)
      await expect(use(world, siteOf({ id: b }), access)).rejects.toMatchObject({
        code: 'site-taken',
        exitStatus: 20,
        message: `failed to use the name of the site in ${siteA.directory}, net: the site with the id ${a} has the same name`,
        hint: `${rename}; if it is the same site, write this line into site.yaml: id: ${a}`,
      });
    await use(world, siteOf({ id: b, name: 'another' }));
  });

  it('refuses a copy with the same id and another name, which can register with a new id', async () => {
    using world = new BuildWorld();
    await use(world, siteA);
    const copy = use(world, siteOf({ id: a, name: 'copy' }));
    await expect(copy).rejects.toMatchObject({
      code: 'site-taken',
      message: `failed to use the id of the site in ${siteA.directory}, ${a}: the site net has the same id, and this one is called copy`,
      hint: 'if this site was made from a copy: zentoo init --new-id; otherwise call it net again in site.yaml',
    });
    await use(world, siteOf({ id: b, name: 'copy' }));
  });

  it('is refused if another program made the volume of its state or of its registration', async () => {
    using world = new BuildWorld();
    world.addVolume(`zentoo-${a}-state`);
    await expect(use(world, siteA)).rejects.toMatchObject({
      code: 'site-taken',
      message: `failed to use the id of the site in ${siteA.directory}, ${a}: another program created the volume zentoo-${a}-state`,
      hint: 'remove the volume if nobody needs it, or give the site another id: zentoo init --new-id',
    });
    world.addVolume('zentoo-net-site');
    await expect(use(world, siteOf({ id: b }))).rejects.toMatchObject({
      code: 'site-taken',
      message: `failed to use the name of the site in ${siteA.directory}, net: another program created the volume of its registration`,
      hint: 'look at the volumes zentoo-net-site and zentoo-net-adopted, and remove the one that nobody needs, or give the site another name in site.yaml',
    });
  });

  it.each(['', 'precious', 'zentoo-other', '../images/x', 'zentoo-net\n'])(
    'is refused if its label leads to volumes with the names %j, which are not of the site',
    async (prefix) => {
      using world = new BuildWorld();
      world.addVolume('zentoo-net-site', {}, { 'zentoo.id': a, 'zentoo.format': '2', 'zentoo.volumes': prefix });
      const before = ofSites(world);
      await expect(use(world, siteA)).rejects.toMatchObject({
        code: 'site-taken',
        message: expect.stringContaining('another program created the volume of its registration') as string,
      });
      expect(ofSites(world)).toEqual(before);
    },
  );

  it('is given to one of two sites that register the same name at the same moment', async () => {
    using world = new BuildWorld();
    const results = await Promise.allSettled([a, b].map((id) => use(world, siteOf({ id }))));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('is given to one of two copies that register the same id at the same moment, and the other leaves nothing', async () => {
    using world = new BuildWorld();
    const results = await Promise.allSettled(['one', 'two'].map((name) => use(world, siteOf({ id: a, name }))));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(ofSites(world).filter((name) => name.endsWith('-site'))).toHaveLength(1);
  });

  it('is refused if a newer zentoo wrote it, and nothing changes', async () => {
    using world = new BuildWorld();
    world.addVolume('zentoo-net-site', {}, { 'zentoo.id': a, 'zentoo.format': '3' });
    const before = ofSites(world);
    await expect(use(world, siteA)).rejects.toMatchObject({ code: 'format-unknown', exitStatus: 24 });
    expect(ofSites(world)).toEqual(before);
  });
});

describe('the registration of a site without an id', () => {
  it('is of its directory, by any path to it, and fails for others', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    for (const name of ['one', 'two']) mkdirSync(join(home.path, name));
    symlinkSync('one', join(home.path, 'link'));
    const of = (name: string) => use(world, siteOf({ directory: join(home.path, name) }));
    expect(await of('one')).toEqual({ volumePrefix: 'zentoo-net', isRegistered: true });
    await of('one');
    await of('link');
    const adopt = `zentoo adopt --from '${home.path}/one'`;
    await expect(of('two')).rejects.toMatchObject({
      message: `failed to use the name of the site in ${home.path}/two, net: the site in ${home.path}/one, registered without an id, has the same name`,
      hint: `${rename}; if it is the same site: run zentoo adopt there and commit its site.yaml, or ${adopt} here`,
    });
    await expect(use(world, siteA)).rejects.toMatchObject({
      message: expect.stringContaining(
        `the site in ${home.path}/one, registered without an id, has the same name`,
      ) as string,
      hint: `if it is this site: run ${adopt}; otherwise ${rename}`,
    });
  });

  it('goes on with what zentoo 0.1.0 registered', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    world.addVolume('zentoo-net-state', {}, { 'zentoo.directory': home.path });
    const site = siteOf({ directory: home.path });
    for (const access of ['read', 'write', 'write'] as const)
      expect(await use(world, site, access)).toEqual({ volumePrefix: 'zentoo-net', isRegistered: true });
  });

  it('fails if another program made the state volume, and leaves the name free', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    world.addVolume('zentoo-net-state');
    await expect(use(world, siteOf({ directory: home.path }))).rejects.toMatchObject({
      code: 'site-taken',
      message: `failed to use the name of the site in ${home.path}, net: another program created its state volume`,
      hint: 'give the site another name in site.yaml',
    });
    expect(ofSites(world)).toEqual(['zentoo-net-state']);
  });

  it('knows a directory of the host inside a container, by its innermost mount', async () => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    const directory = join(home.path, 'site');
    mkdirSync(directory);
    const site = siteOf({ directory });
    const from = (self: Container | undefined) => registerSite(world.engine, site, self, 'write');
    const inside = async (...mounts: Container['mounts']) => {
      await world.startSelf([...mounts]);
      const { self } = world;
      if (self !== undefined) await world.engine.removeContainer(self.id);
      return self;
    };
    await from(undefined);
    await from(await inside(mount(home.path, home.path)));
    await from(await inside(mount('/elsewhere', home.path), mount(directory, directory)));
    for (const other of [
      await inside(mount('/srv', home.path)),
      await inside(mount('a-volume', home.path, 'volume')),
      await inside(mount('/srv', `${home.path}/sit`)),
    ])
      await expect(from(other)).rejects.toEqual(taken(`the site in ${directory}, registered without an id`));
  });
});

describe('an adoption', () => {
  const adopt = async (world: BuildWorld, id: string, directory: string) => {
    const site = { ...siteOf(), id };
    const found = await findAdoptable(world.engine, site, directory);
    if (found !== undefined) await adoptRegistration(world.engine, site, found);
    return found !== undefined;
  };

  it.each([
    ['what zentoo 0.1.0 registered', 'former'],
    ['what this zentoo registered for a directory', 'present'],
  ])('takes over %s: the volumes keep their names', async (_, kind) => {
    using world = new BuildWorld();
    using home = temporaryDirectory();
    if (kind === 'former') world.addVolume('zentoo-net-state', {}, { 'zentoo.directory': home.path });
    else await use(world, siteOf({ directory: home.path }));
    expect(await adopt(world, a, home.path)).toBe(true);
    expect(await adopt(world, a, home.path)).toBe(false);
    expect(await use(world, siteA)).toEqual({ volumePrefix: 'zentoo-net', isRegistered: true });
    await expect(use(world, siteOf({ directory: home.path }))).rejects.toEqual(taken(`the site with the id ${a}`));
  });

  it('refuses the registration of another directory and of another site', async () => {
    using world = new BuildWorld();
    world.addVolume('zentoo-net-state', {}, { 'zentoo.directory': '/srv/one' });
    await expect(adopt(world, a, '/srv/two')).rejects.toEqual(taken('the site in /srv/one, registered without an id'));
    await adopt(world, a, '/srv/one');
    await expect(adopt(world, b, '/srv/one')).rejects.toEqual(taken(`the site with the id ${a} has the same name`));
  });

  it('succeeds for one of two sites at the same moment', async () => {
    using world = new BuildWorld();
    world.addVolume('zentoo-net-state', {}, { 'zentoo.directory': '/srv/one' });
    const results = await Promise.allSettled([a, b].map((id) => adopt(world, id, '/srv/one')));
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('finds nothing to take over where the name is free', async () => {
    using world = new BuildWorld();
    expect(await adopt(world, a, '/srv/one')).toBe(false);
    expect(ofSites(world)).toEqual([]);
  });
});
