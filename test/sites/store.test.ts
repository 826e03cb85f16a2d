import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { ContainerId } from '../../src/engine/engine.ts';
import { checkInstalled, findMissing, listInstalled, packageClosure } from '../../src/store/check-root.ts';
import { inspectStore, mendStore } from '../../src/store/check-store.ts';
import { parsePartition } from '../../src/store/partition.ts';
import { pkgdirOf, type StoreMount } from '../../src/store/portage-program.ts';
import { runProgram } from '../support/run-program.ts';
import { rawDocker, stage, uniqueName } from '../support/real-engine.ts';

/**
 * One partition, filled by real emerges in a container that may write to it; another container, of the bare stage, has it
 * read-only. The tests run in order: each leaves the partition whole.
 */
describe('the store', { timeout: 180_000 }, () => {
  const volumes = { store: uniqueName('store'), tree: uniqueName('store-tree') };
  const containers: string[] = [];
  let writer: StoreMount;
  let reader: StoreMount;
  let pkgdir = '';

  const start = async (mode: 'rw' | 'ro'): Promise<StoreMount> => {
    const name = uniqueName(`store-${mode}`);
    containers.push(name);
    const mounts = [`${volumes.store}:/var/cache/binpkgs:${mode}`, `${volumes.tree}:/var/db/repos/gentoo:${mode}`];
    const options = ['--detach', '--init', '--name', name, ...mounts.flatMap((mount) => ['-v', mount])];
    const { stdout, stderr } = await runProgram('docker', ['run', ...options, stage, 'sleep', 'infinity']);
    const partition = parsePartition('x86_64-pc-linux-gnu/generic/test-0123456789ab');
    if (stdout === '' || partition === undefined) throw new Error(stderr);
    return { engine: await connectEngine(process.env), container: stdout.trim() as ContainerId, partition };
  };
  const run = async ({ container }: StoreMount, script: string) => {
    const command = ['exec', '--workdir', pkgdir || '/', container, 'bash', '-ec', script];
    const { status, stdout, stderr } = await runProgram('docker', command);
    expect(status, `${script}\n${stdout}\n${stderr}`).toBe(0);
    return stdout.trim();
  };
  const emerge = (atoms: string, settings = '') =>
    run(
      writer,
      `PKGDIR=${pkgdir} FEATURES="buildpkg binpkg-multi-instance -merge-sync" ${settings} emerge -q --oneshot ${atoms}`,
    );
  /** What is in the partition and when it was written. */
  const listing = () => run(writer, `find . -printf '%p %s %T@ %C@\\n' | sort`);
  const inOrder = (packages: number) => ({ faults: [], unfit: [], packages });

  beforeAll(async () => {
    for (const name of Object.values(volumes)) await rawDocker().createVolume({ Name: name });
    writer = await start('rw');
    await run(writer, 'emerge --sync -q');
    const { partition } = writer;
    await run(writer, `mkdir -p /var/cache/binpkgs/${partition}`);
    pkgdir = pkgdirOf(writer);
    await run(
      writer,
      `mkdir -p /etc/portage/env /etc/portage/sets
      echo 'CFLAGS="-O1"' >/etc/portage/env/slow; echo app-misc/timepiece:1 slow >/etc/portage/package.env
      printf '%s\\n' app-misc/greet app-misc/timepiece:2 >/etc/portage/sets/tools`,
    );
    reader = await start('ro');
    await run(reader, 'mkdir -p /etc/portage/sets; printf "%s\\n" app-misc/greet >/etc/portage/sets/tools');
    await emerge(
      'app-misc/greet app-misc/motto app-misc/timepiece:1 app-misc/timepiece:2 sys-apps/stage-info sys-apps/yesno',
    );
  }, 180_000);
  afterAll(async () => {
    await runProgram('docker', ['rm', '--force', '--volumes', ...containers]);
    for (const name of Object.values(volumes)) await rawDocker().getVolume(name).remove();
  });

  it('is in order when real emerges have filled it, flags of single packages included', async () => {
    expect(await inspectStore(writer)).toEqual(inOrder(7));
    // The other container has no package.env: for it, that package is foreign.
    expect((await inspectStore(reader)).unfit).toMatchObject([
      { cpv: 'app-misc/timepiece-1.1', why: 'its CFLAGS are "-O1", and here they are "-O2 -pipe"' },
    ]);
    expect(await mendStore(writer)).toEqual(inOrder(7));
    expect(await inspectStore(writer)).toEqual(inOrder(7));
  });

  it('has nothing wrong where there is none', async () => {
    const partition = parsePartition('x86_64-pc-linux-gnu/generic/none-0123456789ab');
    if (partition === undefined) throw new Error('no partition');
    expect(await mendStore({ ...writer, partition })).toEqual(inOrder(0));
    await run(writer, `[ ! -e /var/cache/binpkgs/${partition} ]`);
  });

  it('sets packages of other flags and of another CHOST aside, and what is no package', async () => {
    await emerge('app-misc/motto', 'CFLAGS="-O3 -march=x86-64-v2"');
    await run(writer, 'ln -s x86_64-pc-linux-gnu-gcc /usr/bin/x86_64-other-linux-gnu-gcc');
    await run(writer, `cp /etc/portage/make.conf /tmp; echo 'CHOST="x86_64-other-linux-gnu"' >>/etc/portage/make.conf`);
    await emerge('dev-libs/greeting');
    await run(writer, 'cp /tmp/make.conf /etc/portage/make.conf');
    await run(
      writer,
      `: >app-misc/motto/motto-1.1-3.gpkg.tar; touch -d '2 days ago' app-misc/motto/motto-1.1-3.gpkg.tar
      : >app-misc/motto/motto-1.1-4.gpkg.tar
      head -c 3000 app-misc/greet/greet-1.0-1.gpkg.tar >app-misc/greet/greet-1.0-2.gpkg.tar`,
    );
    const unfit = [
      ['app-misc/greet/greet-1.0-2.gpkg.tar', '', 'it is no binary package, or only a part of one'],
      [
        'app-misc/motto/motto-1.1-2.gpkg.tar',
        'app-misc/motto-1.1',
        'its CFLAGS are "-O3 -march=x86-64-v2", and here they are "-O2 -pipe"',
      ],
      ['app-misc/motto/motto-1.1-3.gpkg.tar', '', 'it is empty: whoever was to write it came to an end'],
      [
        'dev-libs/greeting/greeting-2.0-2.gpkg.tar',
        'dev-libs/greeting-2.0',
        'its CHOST is x86_64-other-linux-gnu, and here it is x86_64-pc-linux-gnu',
      ],
    ].map(([path, cpv, why]) => ({ path, cpv, why }));
    expect((await mendStore(writer)).unfit).toEqual(unfit);
    expect(await inspectStore(writer)).toEqual(inOrder(7));
    const aside = await run(
      writer,
      `cd /var/cache/binpkgs/quarantine/${writer.partition} && find . -name '*.tar' | sort`,
    );
    expect(aside.split('\n')).toEqual(unfit.map(({ path }) => `./${path}`));
    expect(await run(writer, 'ls app-misc/motto')).toBe('motto-1.1-1.gpkg.tar\nmotto-1.1-4.gpkg.tar');
    // What an emerge writes now is no placeholder.
    await run(writer, 'rm app-misc/motto/motto-1.1-4.gpkg.tar');
  });

  it.each([
    ['missing', 'rm Packages', 'Packages is missing'],
    ['empty', ': >Packages', 'Packages is empty'],
    ['truncated in its head', 'truncate -s 300 Packages', 'is not in Packages'],
    ['truncated within a package', 'truncate -s -130 Packages', 'is another file than in Packages'],
    ['truncated between two', "sed -i '0,/^$/!{/^$/,$d}' Packages", 'Packages has 1 entries of 7'],
    ['no index', 'head -c 2000 /dev/urandom >Packages', ''],
    [
      'older than its compressed twin',
      "touch -d '1 hour ago' Packages",
      'Packages and Packages.gz are not of one time',
    ],
    ['ahead of the packages', 'mv app-misc/motto /tmp', 'is in Packages, and not there'],
    ['behind the packages', 'mv /tmp/motto app-misc', 'is not in Packages'],
  ])('has an index that is %s: seen, and mended by Portage', async (_name, script, fault) => {
    await run(writer, script);
    const { faults, unfit } = await mendStore(writer);
    expect(faults.join('\n')).toContain(fault);
    expect(faults).not.toEqual([]);
    expect(unfit).toEqual([]);
    const packages = Number(await run(writer, "find . -name '*.gpkg.tar' | wc -l"));
    expect(await inspectStore(writer)).toEqual(inOrder(packages));
    expect(await run(writer, 'grep -c ^CPV Packages')).toBe(String(packages));
    expect(await run(writer, 'zcat Packages.gz | cmp - Packages')).toBe('');
  });

  it('says what has no package before an assembly, dependencies and @system included', async () => {
    expect(await findMissing(reader, ['@tools', 'app-misc/motto'])).toEqual([]);
    expect(await findMissing(reader, ['@tools', 'app-misc/hello', '>app-misc/motto-1.1'])).toEqual([
      { atom: 'app-misc/hello', for: '' },
      { atom: '>app-misc/motto-1.1', for: '' },
    ]);
    await run(writer, 'mkdir /tmp/away; mv dev-libs sys-apps/yesno /tmp/away');
    await mendStore(writer);
    expect(await findMissing(reader, ['@tools'])).toEqual([
      { atom: 'sys-apps/yesno', for: '@system' },
      { atom: 'dev-libs/greeting:0/2=', for: 'app-misc/greet-1.0' },
    ]);
    await run(writer, 'mv /tmp/away/dev-libs .; mv /tmp/away/yesno sys-apps');
    await mendStore(writer);
    await expect(findMissing(reader, ['@nothing'])).rejects.toMatchObject({
      code: 'store-corrupt',
      message: expect.stringContaining('there is no set @nothing') as string,
    });
  });

  it('says after an assembly what is not from it', async () => {
    expect(await checkInstalled(reader, ['@tools'])).toEqual([
      { atom: 'app-misc/greet', cpv: undefined, why: 'it is not installed' },
    ]);
    await run(reader, `PKGDIR=${pkgdir} emerge -q --oneshot --usepkgonly @system @tools`);
    expect(await checkInstalled(reader, ['@tools', '@system', 'dev-libs/greeting'])).toEqual([]);
    // Another build of the same version, with the same number.
    await run(reader, 'FEATURES="buildpkg binpkg-multi-instance" PKGDIR=/tmp/own emerge -q --oneshot app-misc/greet');
    const why = 'build 1 is not from the store: the store has the builds 1';
    expect(await checkInstalled(reader, ['@tools'])).toEqual([
      { atom: 'app-misc/greet', cpv: 'app-misc/greet-1.0', why },
    ]);
  });

  it('gets what is installed and not in it, as far as it is not the stage’s', async () => {
    const installed = await listInstalled(writer);
    expect(installed.map(({ cpv }) => cpv)).toContain('app-misc/greet-1.0');
    // As though greeting came from a stage, older than what is installed; the set does not name it.
    await run(writer, `emerge -q --oneshot dev-libs/greeting app-misc/greet; echo '# mine' >>/etc/motto.conf`);
    await run(writer, 'emerge -q --oneshot app-misc/motto');
    const now = await listInstalled(writer);
    expect(await packageClosure(writer, ['app-misc/motto', '@tools'], now)).toEqual([
      'app-misc/greet-1.0',
      'app-misc/motto-1.1',
    ]);
    expect(await packageClosure(writer, ['app-misc/motto', '@tools'], installed)).toEqual(['dev-libs/greeting-2.0']);
    expect(await packageClosure(writer, ['app-misc/motto', '@tools'], [])).toEqual([]);
    expect(await mendStore(writer)).toMatchObject({ faults: [], unfit: [] });
    expect(await checkInstalled(writer, ['app-misc/motto', '@tools', 'dev-libs/greeting'])).toEqual([]);
    // Installed from there, it counts as from there.
    await run(
      reader,
      `PKGDIR=${pkgdir} emerge -q --oneshot --usepkgonly app-misc/greet dev-libs/greeting app-misc/motto`,
    );
    expect(await checkInstalled(reader, ['@tools', 'dev-libs/greeting', 'app-misc/motto'])).toEqual([]);
  });

  it('is not written to by whoever only looks', async () => {
    const before = await listing();
    for (const store of [writer, reader]) {
      await findMissing(store, ['@tools']);
      await checkInstalled(store, ['@tools']);
      await listInstalled(store);
      await inspectStore(store);
    }
    expect(await listing()).toBe(before);
    await run(writer, 'rm Packages');
    await expect(mendStore(reader)).rejects.toMatchObject({ code: 'store-corrupt' });
    await mendStore(writer);
  });
});
