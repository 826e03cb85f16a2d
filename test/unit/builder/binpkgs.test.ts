import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import type { BuildRequest } from '../../../src/builder/build-request.ts';
import { buildRequest, BuildWorld, program } from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(fakeTime);
afterEach(restoreTime);

const partition = 'x86_64-pc-linux-gnu/generic/default-0123456789ab';
const path = 'app-misc/hello/hello-2.10-1.gpkg.tar';
const damage = {
  path,
  cpv: 'app-misc/hello-2.10',
  why: 'its image.tar.zst does not match the checksum in its Manifest',
};
const build = (world: BuildWorld, parts: Partial<BuildRequest> = {}) =>
  passTime(buildImage(buildRequest(parts), world.context, program));

describe('the partition of the store', () => {
  it('cases 1.2 and 1.3: is checked before emerge uses it, under the lock of the tree', async () => {
    using world = new BuildWorld();
    await build(world);
    const { names } = world.portage;
    expect(names.indexOf('check-store')).toBeLessThan(names.indexOf('emerge'));
    const { command } = world.portage.request('check-store');
    expect(command.slice(3, 6)).toEqual(['gentoo-builder-lock', '--shared', '/var/db/repos/gentoo']);
    expect(command.slice(-3)).toEqual([
      'glance',
      `/var/cache/binpkgs/${partition}`,
      `/var/cache/binpkgs/quarantine/${partition}`,
    ]);
  });

  it('cases 1.2 and 1.3: is repaired, and each damaged file is named with its place', async () => {
    using world = new BuildWorld();
    const found = {
      isInOrder: false,
      faults: ['a/b.gpkg.tar is in Packages, but the file is missing'],
      unfit: [damage],
    };
    world.portage.storeChecks.push(found, found);
    await build(world);
    expect(world.messages('warning')).toEqual([
      `the index of ${partition} in the store was repaired: a/b.gpkg.tar is in Packages, but the file is missing`,
      `the binary package ${path} is not used: ${damage.why}`,
    ]);
    expect(JSON.stringify(world.events)).toContain(
      `its package is compiled again; the file is in the store: quarantine/${partition}/${path}`,
    );
  });

  it('is used unchecked, with a warning, if the check does not work in the base', async () => {
    using world = new BuildWorld();
    world.portage.storeChecks.push('fails');
    await build(world);
    expect(world.messages('warning')).toEqual([
      'failed to check the binary packages: AttributeError: _setcpv_aux_keys; the build goes on without this check',
    ]);
    expect(world.portage.request('emerge').environment?.['PKGDIR']).toBe(`/var/cache/binpkgs/${partition}`);
  });

  it('takes over packages of version 0.1.0 before emerge; those that must be compiled again are named', async () => {
    using world = new BuildWorld();
    world.portage.storeChecks.push({ former: true });
    const why = 'its record has CC="clang", and here it is ""';
    world.portage.former = { moved: 2, left: [{ path: 'quarantine/x.gpkg.tar', cpv: 'app-misc/x-1', why }] };
    await build(world);
    const { names } = world.portage;
    expect(names.indexOf('move-former')).toBeGreaterThan(names.indexOf('check-store'));
    expect(names.indexOf('move-former')).toBeLessThan(names.indexOf('emerge'));
    expect(world.portage.request('move-former').command.slice(-3)).toEqual(['/var/cache/binpkgs', partition, '']);
    expect(world.messages('note')).toContain(`took over 2 packages of version 0.1.0 into ${partition}`);
    expect(world.messages('warning')).toEqual([`the package app-misc/x-1 of version 0.1.0 is not used: ${why}`]);
  });

  it('goes on without packages of version 0.1.0, with a warning, if they cannot be taken over', async () => {
    using world = new BuildWorld();
    world.portage.storeChecks.push({ former: true });
    world.portage.former = 'fails';
    await build(world);
    expect(world.messages('warning')).toEqual([
      'failed to ask Portage about the packages: KeyError: x; the build goes on without them',
    ]);
  });

  it('has no question about packages of version 0.1.0 if it has none', async () => {
    using world = new BuildWorld();
    await build(world);
    expect(world.portage.names).not.toContain('move-former');
  });

  it('is not looked at if binary packages are neither used nor made', async () => {
    using world = new BuildWorld();
    await build(world, { binpkgs: false });
    expect(world.portage.names).not.toContain('check-store');
  });
});

describe('a binary package that Portage finds damaged', () => {
  const failOnce = (world: BuildWorld, times = 1) => {
    const { emerge } = world.portage;
    let runs = 0;
    world.portage.emerge = (run) => {
      if (runs++ >= times) return emerge(run);
      run.print('>>> Emerging binary (1 of 1) app-misc/hello-2.10::gentoo\n\n!!! Digest verification failed:\n');
      run.print(`!!! /var/cache/binpkgs/${partition}/${path}\n!!! Reason: Failed on MD5 verification\n`);
      return 1;
    };
  };

  it('case 1.3: goes to quarantine, and its package is compiled, once', async () => {
    using world = new BuildWorld();
    failOnce(world);
    world.portage.storeChecks.push({}, { isInOrder: false, unfit: [damage] }, { isInOrder: false, unfit: [damage] });
    await build(world);
    expect(world.messages('warning')).toEqual([
      `the binary package ${path} is not used: ${damage.why}`,
      `failed to emerge app-misc/hello-2.10: the binary package /var/cache/binpkgs/${partition}/${path} is damaged (Failed on MD5 verification); compiling it instead`,
    ]);
    expect(
      world.portage.ran
        .filter(({ name }) => name === 'check-store')
        .at(-1)
        ?.request.command.at(-1),
    ).toBe('all');
  });

  it.each([
    [
      'the package is damaged again',
      2,
      [{}, { isInOrder: false, unfit: [damage] }, { isInOrder: false, unfit: [damage] }],
    ],
    ['the store has no fault that could be mended', 1, []],
  ])('case 1.3: is a failure that names the file if %s', async (_why, times, checks) => {
    using world = new BuildWorld();
    failOnce(world, times);
    world.portage.storeChecks.push(...checks);
    await expect(build(world)).rejects.toMatchObject({
      code: 'store-corrupt',
      message: `failed to emerge app-misc/hello-2.10: the binary package /var/cache/binpkgs/${partition}/${path} is damaged (Failed on MD5 verification)`,
      hint: expect.stringMatching(
        /^build again: the check before each build sets such a file aside, and the package is compiled\n/,
      ) as string,
    });
  });
});

describe('case 1.4: signatures of binary packages', () => {
  const featuresOf = (world: BuildWorld) => world.portage.request('emerge').environment?.['FEATURES']?.split(' ');

  it('are not asked for, because the product made the packages', async () => {
    using world = new BuildWorld();
    world.portage.storeChecks.push({ signatures: true });
    await build(world);
    expect(featuresOf(world)).toEqual(
      expect.arrayContaining(['-binpkg-request-signature', 'binpkg-ignore-signature']) as string[],
    );
    expect(world.messages('warning')).toEqual([]);
  });

  it.each([
    ['FEATURES=getbinpkg', {}, { remote: true }],
    ['--getbinpkg', { emergeOptions: ['--getbinpkg'] }, {}],
    ['--getbinpkgonly=y', { emergeOptions: ['--getbinpkgonly=y'] }, {}],
    ['-vgK', { emergeOptions: ['-vgK'] }, {}],
  ])('are asked for with packages of remote hosts: %s', async (_how, parts, check) => {
    using world = new BuildWorld();
    world.portage.storeChecks.push({ ...check, signatures: true });
    await build(world, parts);
    expect(featuresOf(world)?.join(' ')).not.toContain('signature');
    expect(world.portage.request('emerge').environment?.['PKGDIR']).toBe('/var/tmp/portage/binpkgs');
    expect(world.messages('warning').join()).toContain('the binary packages of the store are not used');
  });

  it('that cannot be verified leave the file where it is, with a warning', async () => {
    using world = new BuildWorld();
    const unsure = [damage, { path: 'x.gpkg.tar', cpv: '' }].map((file) => ({ ...file, why: 'gpg is missing' }));
    world.portage.storeChecks.push({ unverified: unsure });
    await build(world);
    expect(world.messages('warning')).toEqual([
      `the binary package ${path} could not be verified: gpg is missing`,
      'the binary package x.gpkg.tar could not be verified: gpg is missing',
    ]);
  });
});
