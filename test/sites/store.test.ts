import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonProgram } from '../../src/container-program.ts';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { commandsIn } from '../../src/engine/run-command.ts';
import { checkInstalled, findMissing, packageClosure, type StagePackage } from '../../src/store/check-root.ts';
import { checkModules, mendStore, storeCheck } from '../../src/store/check-store.ts';
import { takeIn } from '../../src/store/intake/take-in.ts';
import { listInstalledPackages } from '../../src/store/installed-packages.ts';
import { parsePartition } from '../../src/store/partition.ts';
import { askPortage, pkgdirOf, type StoreMount } from '../../src/store/portage-program.ts';
import { runProgram } from '../support/run-program.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

/** A store and the container that has it mounted. */
type MountedStore = StoreMount & { readonly container: ContainerId };

/**
 * One partition, filled by real emerges in a container that has it mounted writable. Another container, of the bare stage, has
 * it read-only. The tests run in order: each leaves the partition whole.
 */
describe('the store', () => {
  const volumes = { store: uniqueName('store'), tree: uniqueName('store-tree') };
  const containers: string[] = [];
  let writer: MountedStore;
  let reader: MountedStore;
  let pkgdir = '';

  const start = async (mode: 'rw' | 'ro'): Promise<MountedStore> => {
    const name = uniqueName(`store-${mode}`);
    containers.push(name);
    const mounts = [`${volumes.store}:/var/cache/binpkgs:${mode}`, `${volumes.tree}:/var/db/repos/gentoo:${mode}`];
    const options = ['--detach', '--init', '--name', name, ...mounts.flatMap((mount) => ['-v', mount])];
    const { stdout, stderr } = await runProgram('docker', ['run', ...options, stage, 'sleep', 'infinity']);
    const partition = parsePartition('x86_64-pc-linux-gnu/generic/test-0123456789ab');
    if (stdout === '' || partition === undefined) throw new Error(stderr);
    const container = stdout.trim() as ContainerId;
    return { ...commandsIn(await connectEngine(process.env), container), container, partition };
  };
  const run = async ({ container }: MountedStore, script: string) => {
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
  /** The files of the partition, with their times. */
  const listing = () => run(writer, `find . -printf '%p %s %T@ %C@\\n' | sort`);
  const listStage = async (): Promise<readonly StagePackage[]> =>
    (await listInstalledPackages(writer)).map(({ cpv, buildTime }) => ({
      cpv,
      buildTime: String(buildTime),
    }));
  const checkProgram = [...checkModules(), new URL('../../src/store/check-store.py', import.meta.url)];
  /** The faults of the partition; writes nothing. */
  const inspectStore = (store: StoreMount) =>
    askPortage(store, checkProgram, ['glance', pkgdirOf(store), '/nowhere'], storeCheck);
  const inOrder = (packages: number) => ({ faults: [], unfit: [], unverified: [], packages });

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
  });
  afterAll(async () => {
    await runProgram('docker', ['rm', '--force', '--volumes', ...containers]);
    for (const name of Object.values(volumes)) await rawDocker().getVolume(name).remove();
  });

  it('has no fault after real emerges have filled it, with flags of single packages too', async () => {
    expect(await inspectStore(writer)).toMatchObject(inOrder(7));
    // The other container has no package.env, so that it finds the package foreign.
    expect((await inspectStore(reader)).unfit).toMatchObject([
      { cpv: 'app-misc/timepiece-1.1', why: 'its CFLAGS are "-O1", and here they are "-O2 -pipe"' },
    ]);
    expect(await mendStore(writer)).toMatchObject(inOrder(7));
    expect(await inspectStore(writer)).toMatchObject(inOrder(7));
  });

  it('has no fault if the partition does not exist', async () => {
    const partition = parsePartition('x86_64-pc-linux-gnu/generic/none-0123456789ab');
    if (partition === undefined) throw new Error('no partition');
    expect(await mendStore({ ...writer, partition })).toMatchObject(inOrder(0));
    await run(writer, `[ ! -e /var/cache/binpkgs/${partition} ]`);
  });

  it('moves packages of other flags or another CHOST, broken files and old 0-byte placeholders to quarantine', async () => {
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
      ['app-misc/motto/motto-1.1-3.gpkg.tar', '', 'it is empty: its writer ended before it wrote the package'],
      [
        'dev-libs/greeting/greeting-2.0-2.gpkg.tar',
        'dev-libs/greeting-2.0',
        'its CHOST is x86_64-other-linux-gnu, and here it is x86_64-pc-linux-gnu',
      ],
    ].map(([path, cpv, why]) => ({ path, cpv, why }));
    expect((await mendStore(writer)).unfit).toEqual(unfit);
    expect(await inspectStore(writer)).toMatchObject(inOrder(7));
    const aside = await run(
      writer,
      `cd /var/cache/binpkgs/quarantine/${writer.partition} && find . -name '*.tar' | sort`,
    );
    expect(aside.split('\n')).toEqual(unfit.map(({ path }) => `./${path}`));
    expect(await run(writer, 'ls app-misc/motto')).toBe('motto-1.1-1.gpkg.tar\nmotto-1.1-4.gpkg.tar');
    // A file that an emerge writes now is no placeholder.
    await run(writer, 'rm app-misc/motto/motto-1.1-4.gpkg.tar');
  });

  it('compiles a package once more if a bashrc gives it other flags, and not again', async () => {
    await run(writer, `echo 'CFLAGS="-O3"' >/etc/portage/bashrc`);
    await emerge('app-misc/motto');
    const why = 'its CFLAGS are "-O3", and here they are "-O2 -pipe"';
    expect((await mendStore(writer)).unfit).toMatchObject([{ cpv: 'app-misc/motto-1.1', why }]);
    // Portage keeps the time of a build in whole seconds.
    await run(writer, "find /var/cache/binpkgs/quarantine -name '*.why' -exec touch -d '2 seconds ago' {} +");
    await emerge('app-misc/motto');
    expect(await mendStore(writer)).toMatchObject(inOrder(8));
    await run(writer, 'rm -r /etc/portage/bashrc /var/cache/binpkgs/quarantine; rm app-misc/motto/motto-1.1-[2-9]*');
    await mendStore(writer);
  });

  it.each([
    ['missing', 'rm Packages', 'Packages is missing'],
    ['empty', ': >Packages', 'Packages is empty'],
    ['truncated in its head', 'truncate -s 300 Packages', 'is not in Packages'],
    ['truncated within a package', 'truncate -s -130 Packages', 'differs from its entry in Packages'],
    ['truncated between two', "sed -i '0,/^$/!{/^$/,$d}' Packages", 'Packages has 1 entries of 7'],
    ['no index', 'head -c 2000 /dev/urandom >Packages', ''],
    [
      'older than its compressed twin',
      "touch -d '1 hour ago' Packages",
      'Packages and Packages.gz have different times',
    ],
    ['ahead of the packages', 'mv app-misc/motto /tmp', 'is in Packages, but the file is missing'],
    ['behind the packages', 'mv /tmp/motto app-misc', 'is not in Packages'],
  ])('has an index that is %s: seen, and mended by Portage', async (_name, script, fault) => {
    await run(writer, script);
    const { faults, unfit } = await mendStore(writer);
    expect(faults.join('\n')).toContain(fault);
    expect(faults).not.toEqual([]);
    expect(unfit).toEqual([]);
    const packages = Number(await run(writer, "find . -name '*.gpkg.tar' | wc -l"));
    expect(await inspectStore(writer)).toMatchObject(inOrder(packages));
    expect(await run(writer, 'grep -c ^CPV Packages')).toBe(String(packages));
    expect(await run(writer, 'zcat Packages.gz | cmp - Packages')).toBe('');
  });

  describe('case 1.3: damage', () => {
    const motto = 'app-misc/motto/motto-1.1-1.gpkg.tar';
    const quarantined = () =>
      run(writer, `cd /var/cache/binpkgs/quarantine/${writer.partition} && find . -path '*motto-1.1-1.*' | sort`);
    const inStore = () => run(writer, `find . -name 'motto-1.1*'`);
    /** Overwrites bytes of a file, and keeps its size and its time. */
    const overwrite = (file: string, offset: string) =>
      `python3 - ${file} <<'END'
import os, sys
path = sys.argv[1]
status = os.stat(path)
with open(path, "r+b") as file:
    data = file.read()
    file.seek(${offset})
    file.write(b"\\xa5" * 64)
os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
END`;

    it.each([
      // The size of the package decides what is in its middle.
      ['in the middle', overwrite(motto, 'len(data) // 2'), ''],
      ['of the padding at its end', overwrite(motto, 'len(data) - 64'), 'it does not match its checksums in Packages'],
      [
        'in the payload',
        overwrite(motto, 'data.index(b"image.tar") + 520'),
        'its image.tar.zst does not match the checksum in its Manifest',
      ],
      ['in the Manifest', overwrite(motto, 'data.index(b"DATA image") + 20'), ''],
      ['from 3,000 bytes on', `truncate -s 3000 ${motto}`, ''],
      [
        'of a header of the archive',
        overwrite(motto, 'data.index(b"motto-1.1-1/image") + 100'),
        'it is no binary package, or only a part of one',
      ],
    ])('%s is found before the package is used, and the file goes to quarantine', async (_where, script, why) => {
      await run(writer, 'cp -a app-misc/motto /tmp');
      expect(await mendStore(writer)).toMatchObject({ faults: [], unfit: [] });
      await run(writer, script);
      const { unfit, unverified } = await mendStore(writer);
      expect(unfit).toMatchObject([{ path: motto, why: expect.stringContaining(why) as string }]);
      expect(unverified).toEqual([]);
      expect(await inStore()).toBe('');
      expect((await quarantined()).split('\n').slice(0, 2)).toEqual([`./${motto}`, `./${motto}.why`]);
      expect(await inspectStore(writer)).toMatchObject(inOrder(6));
      await run(writer, `rm -rf /var/cache/binpkgs/quarantine; mv /tmp/motto app-misc`);
      await mendStore(writer);
    });

    it('that leaves all times is found if all files are to be read', async () => {
      // A stamp in the cache that the damaged file has, as if the disk had lost the bytes.
      await run(writer, `cp -a app-misc/motto /tmp; ${overwrite(motto, 'len(data) // 2')}`);
      await run(
        writer,
        `python3 - <<'END'
import json, os
status = os.stat("${motto}")
known = json.load(open(".checked"))
known["packages"]["${motto}"] = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
json.dump(known, open(".checked", "w"))
END`,
      );
      expect(await mendStore(writer)).toMatchObject(inOrder(7));
      expect((await mendStore(writer, { readAll: true })).unfit).toMatchObject([{ path: motto }]);
      await run(writer, `rm -rf /var/cache/binpkgs/quarantine; mv /tmp/motto app-misc`);
      await mendStore(writer);
    });

    it('of a checksum in the index is no damage of the package', async () => {
      await run(writer, `sed -i 's/^MD5: ..../MD5: 0000/' Packages; touch -r Packages.gz Packages; rm .checked`);
      const { faults, unfit } = await mendStore(writer);
      expect(faults).toContain(`${motto} has another checksum or build id in Packages`);
      expect(unfit).toEqual([]);
      expect(await inspectStore(writer)).toMatchObject(inOrder(7));
      expect(await run(writer, `[ "$(grep -c '^MD5: 0000' Packages)" = 0 ] && echo right`)).toBe('right');
    });

    it('that Portage itself found goes to quarantine', async () => {
      await run(writer, `cp -a app-misc/motto /tmp; mv ${motto} ${motto}._checksum_failure_.x1y2z3`);
      expect((await mendStore(writer)).unfit).toMatchObject([
        { path: `${motto}._checksum_failure_.x1y2z3`, why: 'Portage found that it does not match its checksum' },
      ]);
      await run(writer, `rm -rf /var/cache/binpkgs/quarantine; cp -a /tmp/motto app-misc`);
      await mendStore(writer);
    });
  });

  describe('kinds of cases 1.2 and 1.3', () => {
    const motto = 'app-misc/motto/motto-1.1-1.gpkg.tar';
    const beside = (name: string) => `app-misc/motto/${name}`;
    const inQuarantine = () =>
      run(writer, `cd /var/cache/binpkgs/quarantine/${writer.partition} && find . ! -type d ! -name '*.why' | sort`);
    const restore = async () => {
      await run(writer, 'rm -rf /var/cache/binpkgs/quarantine');
      await mendStore(writer);
      expect(await mendStore(writer)).toMatchObject(inOrder(7));
    };

    it('pipes, links and directories with the names of the index, the cache and the lock are set aside', async () => {
      await run(
        writer,
        `rm -rf Packages* .checked .incoming .Packages.portage_lockfile; mkdir -p Packages.gz/kept /tmp/others; echo 1 >/tmp/others/kept
        mkfifo Packages; ln -s /dev/zero .checked; ln -s /tmp/others .incoming; mkdir .Packages.portage_lockfile`,
      );
      const faults = ['.Packages.portage_lockfile', '.checked', 'Packages', 'Packages.gz'].map(
        (name) => `${name} is no file`,
      );
      expect((await mendStore(writer)).faults).toEqual(
        expect.arrayContaining(['.incoming is no directory', ...faults]),
      );
      expect(await inspectStore(writer)).toMatchObject({ ...inOrder(7), isInOrder: true });
      expect((await inQuarantine()).split('\n')).toEqual(['./.checked', './.incoming', './Packages']);
      expect(await run(writer, 'cat /tmp/others/kept')).toBe('1');
      await restore();
    });

    it.each(['{"format": 2, "packages": [], "moves": 3}', '['.repeat(100_000)])(
      'a cache with %.20s is none',
      async (text) => {
        await run(writer, `printf '%s' '${text}' >.checked`);
        expect(await mendStore(writer)).toMatchObject(inOrder(7));
        expect(await inspectStore(writer)).toMatchObject({ isInOrder: true });
      },
    );

    it('an index with a name that is no package, or of another package, is written again', async () => {
      for (const cpv of ['garbage', 'app-misc/other-1']) {
        await run(writer, `sed -i 's,^CPV: app-misc/motto.*,CPV: ${cpv},' Packages; touch -r Packages Packages.gz`);
        expect((await mendStore(writer)).faults).not.toEqual([]);
        expect(await inspectStore(writer)).toMatchObject(inOrder(7));
        expect(await run(writer, 'grep -c "^CPV: app-misc/motto-1.1" Packages')).toBe('1');
      }
    });

    it('files that have the name of another package, and copies, go to quarantine, also if something is in the way', async () => {
      const names = [beside('other-2-1.gpkg.tar'), 'backup/old/motto-1.1-1.gpkg.tar'];
      await run(
        writer,
        `mkdir -p backup/old; for name in ${names.join(' ')}; do cp ${motto} $name; done; echo notes >backup/old/README
        mkdir -p /var/cache/binpkgs/quarantine/${writer.partition}; touch /var/cache/binpkgs/quarantine/${writer.partition}/backup`,
      );
      const why = 'it is app-misc/motto-1.1, and its path is not that of this package';
      expect((await mendStore(writer)).unfit).toMatchObject(names.map((path) => ({ path, why })));
      expect(await inQuarantine()).toBe(`./${names[0]}\n./backup\n./backup~/old/motto-1.1-1.gpkg.tar`);
      expect(await run(writer, 'cat backup/old/README')).toBe('notes');
      await run(writer, `rm -r backup; cp -p ${motto} ${beside('motto-1.1-7.gpkg.tar')}`);
      expect((await mendStore(writer)).unfit).toMatchObject([
        {
          cpv: 'app-misc/motto-1.1',
          why: expect.stringContaining('is the same package with the same build id') as string,
        },
      ]);
      expect(await inspectStore(writer)).toMatchObject(inOrder(7));
      await run(writer, `[ -e ${motto} ] || mv ${beside('motto-1.1-7.gpkg.tar')} ${motto}`);
      await restore();
    });

    it('an empty file with the name of a package of the index is damaged at once', async () => {
      await run(writer, `cp -p ${motto} /tmp/motto.tar; : >${motto}`);
      const why = 'it is empty, and Packages has a package of this name';
      expect((await mendStore(writer)).unfit).toMatchObject([{ path: motto, why }]);
      await run(writer, `mkdir -p app-misc/motto; mv /tmp/motto.tar ${motto}`);
      await restore();
    });

    it('something else than a file is named for what it is', async () => {
      await run(writer, `mv ${motto} /tmp/motto.tar; mkfifo ${motto}`);
      expect((await mendStore(writer)).faults).toContain(
        `${motto} is in Packages, but it is no regular file of the store`,
      );
      await run(writer, `rm ${motto}; mv /tmp/motto.tar ${motto}`);
      await restore();
    });

    it.each([
      ['a Manifest that is a directory', 'kind', 'it is no binary package, or only a part of one'],
      ['a Manifest that links to nothing', 'link', 'it is no binary package, or only a part of one'],
      ['a Manifest that is no text', 'text', 'its Manifest is no text'],
      ['a second checksum that is wrong', 'second', 'its gpkg-1 does not match the checksum in its Manifest'],
      ['a file in another directory', 'moved', 'its files are in several directories'],
      ['no image', 'image', 'its image is missing'],
    ])('a package with %s goes to quarantine', async (_what, change, why) => {
      await run(
        writer,
        `cp -p ${motto} /tmp/motto.tar; python3 - ${motto} ${change} <<'END'
import io, sys, tarfile
path, change = sys.argv[1:]
with tarfile.open(path) as archive:
    members = [(member, archive.extractfile(member).read()) for member in archive.getmembers()]
with tarfile.open(path, "w") as archive:
    for member, data in members:
        name = member.name.split("/")[1]
        if name == "Manifest":
            if change in ("kind", "link"):
                member.type = tarfile.DIRTYPE if change == "kind" else tarfile.SYMTYPE
                member.linkname, data = "nowhere", b""
            if change == "text":
                data = b"\\xff" + data
            if change == "second":
                data = data.replace(b"SHA512 ", b"SHA512 0", 1)
            if change == "image":
                data = b"".join(line for line in data.splitlines(True) if b"image.tar" not in line)
        if name.startswith("image"):
            if change == "image":
                continue
            if change == "moved":
                member.name = f"x{member.name}"
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
END`,
      );
      const { unfit, unverified } = await mendStore(writer);
      expect({ unfit, unverified }).toMatchObject({ unfit: [{ path: motto, why }], unverified: [] });
      await run(writer, `mkdir -p app-misc/motto; mv /tmp/motto.tar ${motto}`);
      await restore();
    });

    it('a package whose files cannot be unpacked, although its checksums are right, is found if all files are to be read', async () => {
      await run(
        writer,
        `cp -p ${motto} /tmp/motto.tar; python3 - ${motto} <<'END'
import hashlib, io, sys, tarfile
with tarfile.open(sys.argv[1]) as archive:
    members = [(member, archive.extractfile(member).read()) for member in archive.getmembers()]
records = []
with tarfile.open(sys.argv[1], "w") as archive:
    for member, data in members:
        name = member.name.split("/")[1]
        if name.startswith("image"):
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :]
        if name == "Manifest":
            data = "".join(records).encode()
        else:
            records.append(f"DATA {name} {len(data)} SHA512 {hashlib.sha512(data).hexdigest()}\\n")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
END`,
      );
      expect((await mendStore(writer)).unfit).toEqual([]);
      await run(writer, 'mv /usr/bin/zstd /tmp');
      const here = await mendStore(writer, { readAll: true });
      await run(writer, 'mv /tmp/zstd /usr/bin');
      expect(here.unfit).toEqual([]);
      const why = expect.stringContaining('its files cannot be unpacked: ') as string;
      expect((await mendStore(writer, { readAll: true })).unfit).toMatchObject([{ path: motto, why }]);
      await run(writer, `mkdir -p app-misc/motto; mv /tmp/motto.tar ${motto}`);
      await restore();
    });

    it('another partition whose index is a pipe, a directory or no text, or with links that form a loop, stops no build', async () => {
      const others = ['other-v2-000000000001', 'other-v2-000000000002', 'other-v2-000000000003', 'former-000000000004'];
      const [pipe, directory, noText, former] = others.map(
        (name) => `/var/cache/binpkgs/x86_64-pc-linux-gnu/generic/${name}`,
      );
      await run(
        writer,
        `mkdir -p ${pipe} ${directory}/Packages ${noText} ${former}/app-misc; mkfifo ${pipe}/Packages
        printf '\\377\\376' >${noText}/Packages; ln -s b-1.tbz2 ${former}/app-misc/a-1.tbz2; ln -s a-1.tbz2 ${former}/app-misc/b-1.tbz2`,
      );
      const program = new URL('../../src/store/intake/stage-index.py', import.meta.url);
      const command = pythonProgram(program, '/var/cache/binpkgs', '/tmp/staging');
      expect(await writer.run({ command })).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await run(writer, `grep -c ^CPV /tmp/staging/${writer.partition}/Packages`)).toBe('7');
      expect(await inspectStore(writer)).toMatchObject(inOrder(7));
      await run(writer, `rm -r ${pipe} ${directory} ${noText} ${former}`);
    });

    it('a store that is read-only and not in order says so', async () => {
      await run(writer, `cp -p ${motto} /tmp/motto.tar; truncate -s 3000 ${motto}`);
      await expect(mendStore(reader)).rejects.toMatchObject({
        code: 'store-corrupt',
        message: expect.stringMatching(/cannot be written, and is not in order: .*motto/) as string,
      });
      await run(writer, `mv /tmp/motto.tar ${motto}`);
      await restore();
    });
  });

  describe('case 1.4: what cannot be verified is not broken', () => {
    const motto = 'app-misc/motto/motto-1.1-1.gpkg.tar';
    const asking = () => ({ ...writer, environment: { FEATURES: 'binpkg-request-signature' } });

    it('unsigned packages fit, although FEATURES asks for signatures', async () => {
      await run(writer, 'rm .checked; touch app-misc/*/*');
      const { faults, unfit, unverified, signatures } = await mendStore(asking());
      expect({ unfit, unverified, signatures }).toEqual({ unfit: [], unverified: [], signatures: true });
      expect(faults).toContain(`${motto} differs from its entry in Packages`);
      expect(await inspectStore(asking())).toMatchObject(inOrder(7));
      await expect(findMissing({ ...asking(), run: reader.run }, ['@tools'])).resolves.toEqual([]);
    });

    it('a package stays where it is if its decompressor is missing', async () => {
      await run(writer, 'rm .checked; mv /usr/bin/zstd /tmp');
      const { unfit, unverified } = await mendStore(writer);
      await run(writer, 'mv /tmp/zstd /usr/bin');
      expect(unfit).toEqual([]);
      expect(unverified).toHaveLength(7);
      expect(unverified).toContainEqual({
        ...{ path: motto, cpv: 'app-misc/motto-1.1' },
        why: expect.stringContaining('Portage cannot read it here: ') as string,
      });
      expect(await run(writer, 'ls app-misc/motto')).toBe('motto-1.1-1.gpkg.tar');
      // No emerge in such a container tries to use them; another container finds them again.
      expect((await mendStore(writer)).faults).toContain(`${motto} is not in Packages`);
      expect(await inspectStore(writer)).toMatchObject(inOrder(7));
    });

    it('a signed package stays where it is if gpg is missing', async () => {
      await run(
        writer,
        `cp -a app-misc/motto /tmp; mv /usr/bin/gpg /tmp/gpg; python3 - <<'END'
import io, tarfile
source, target = tarfile.open("${motto}"), tarfile.open("/tmp/signed", "w")
for member in source.getmembers():
    data = source.extractfile(member).read()
    if member.name.endswith("/Manifest"):
        data = b"-----BEGIN PGP SIGNED MESSAGE-----\\nHash: SHA512\\n\\n" + data + b"-----BEGIN PGP SIGNATURE-----\\n\\nx\\n-----END PGP SIGNATURE-----\\n"
        member.size = len(data)
    target.addfile(member, io.BytesIO(data))
target.close()
END
        mv /tmp/signed ${motto}`,
      );
      const { unfit, unverified } = await mendStore(writer);
      expect(unfit).toEqual([]);
      expect(unverified).toMatchObject([{ path: motto, cpv: 'app-misc/motto-1.1' }]);
      expect(await run(writer, 'ls app-misc/motto; grep -c ^CPV Packages')).toBe('motto-1.1-1.gpkg.tar\n6');
      expect(await inspectStore(writer)).toMatchObject({ faults: [], unfit: [], packages: 6 });
      await run(writer, `rm -r app-misc/motto; cp -a /tmp/motto app-misc; mv /tmp/gpg /usr/bin`);
      await mendStore(writer);
      expect(await inspectStore(writer)).toMatchObject(inOrder(7));
    });
  });

  it('case 1.3: a check of 1,000 packages reads none of them again', async () => {
    await run(
      writer,
      `mkdir app-many; for n in $(seq 1000); do ln app-misc/motto/motto-1.1-1.gpkg.tar app-many/many-1.1-$n.gpkg.tar; done
      python3 - <<'END'
import json, os
known = json.load(open(".checked"))
for number in range(1, 1001):
    path = f"app-many/many-1.1-{number}.gpkg.tar"
    status = os.stat(path)
    known["packages"][path] = f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"
json.dump(known, open(".checked", "w"))
os.chmod("app-many", 0)
END`,
    );
    await run(writer, 'chmod 700 app-many; cat app-misc/motto/*.tar >/dev/null');
    const before = await run(writer, `stat -c %x app-many/many-1.1-7.gpkg.tar`);
    expect((await inspectStore(writer)).packages).toBe(1007);
    expect(await run(writer, `stat -c %x app-many/many-1.1-7.gpkg.tar`)).toBe(before);
    await run(writer, 'rm -r app-many');
    await mendStore(writer);
  });

  it('a writer that was killed while it held the lock of the index does not stop the next one', async () => {
    await run(
      writer,
      `python3 - <<'END'
import os, signal, subprocess, sys, time
program = "import portage.locks, os, time; portage.locks.lockfile('${pkgdir}/Packages', wantnewlockfile=1); print('locked', flush=True); time.sleep(1000)"
holder = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
assert holder.stdout.readline() == b"locked\\n"
os.kill(holder.pid, signal.SIGKILL)
holder.wait()
END
      rm Packages`,
    );
    expect((await mendStore(writer)).faults).toEqual(['Packages is missing']);
    expect(await inspectStore(writer)).toMatchObject(inOrder(7));
    await run(writer, '[ ! -e .Packages.portage_lockfile ] || rm .Packages.portage_lockfile');
  });

  it('independent writers of one partition lose no package, and no build id is used twice', async () => {
    const other = await start('rw');
    const settings = `PKGDIR=${pkgdir} FEATURES="buildpkg binpkg-multi-instance -merge-sync"`;
    const build = (store: MountedStore) =>
      run(store, `${settings} emerge -q --oneshot app-misc/motto; ${settings} emerge -q --oneshot app-misc/motto`);
    await Promise.all([build(writer), build(other), mendStore(reader).catch(() => undefined)]);
    expect(await mendStore(writer)).toMatchObject(inOrder(11));
    expect((await run(writer, 'ls app-misc/motto')).split('\n')).toEqual(
      [1, 2, 3, 4, 5].map((id) => `motto-1.1-${id}.gpkg.tar`),
    );
    await run(writer, 'rm app-misc/motto/motto-1.1-[2345].gpkg.tar');
    await mendStore(writer);
  });

  it('lists the atoms without a package before an assembly, with dependencies and @system', async () => {
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
      code: 'emerge-failed',
      message: expect.stringContaining('there is no set @nothing') as string,
    });
  });

  it('lists after an assembly the installed packages that are not from the store', async () => {
    expect(await checkInstalled(reader, ['@tools'])).toEqual([
      { atom: 'app-misc/greet', cpv: null, why: 'it is not installed' },
    ]);
    await run(reader, `PKGDIR=${pkgdir} emerge -q --oneshot --usepkgonly @system @tools`);
    expect(await checkInstalled(reader, ['@tools', '@system', 'dev-libs/greeting'])).toEqual([]);
    // Another build of the same version, with the same build number.
    await run(reader, 'FEATURES="buildpkg binpkg-multi-instance" PKGDIR=/tmp/own emerge -q --oneshot app-misc/greet');
    const why = 'build 1 is not from the store: the store has the builds 1';
    expect(await checkInstalled(reader, ['@tools'])).toEqual([
      { atom: 'app-misc/greet', cpv: 'app-misc/greet-1.0', why },
    ]);
  });

  it('gets packages that are installed and missing in the store, except the packages of the stage', async () => {
    const installed = await listStage();
    expect(installed.map(({ cpv }) => cpv)).toContain('app-misc/greet-1.0');
    // Makes greeting look like a package of the stage, older than the installed one; the set does not name it.
    await run(writer, `emerge -q --oneshot dev-libs/greeting app-misc/greet; echo '# mine' >>/etc/motto.conf`);
    await run(writer, 'emerge -q --oneshot app-misc/motto');
    const now = await listStage();
    expect(await packageClosure(writer, ['app-misc/motto', '@tools'], now)).toEqual([
      'app-misc/greet-1.0',
      'app-misc/motto-1.1',
    ]);
    expect(await packageClosure(writer, ['app-misc/motto', '@tools'], installed)).toEqual(['dev-libs/greeting-2.0']);
    expect(await packageClosure(writer, ['app-misc/motto', '@tools'], [])).toEqual([]);
    expect(await mendStore(writer)).toMatchObject({ faults: [], unfit: [] });
    expect(await checkInstalled(writer, ['app-misc/motto', '@tools', 'dev-libs/greeting'])).toEqual([]);
    // Installed from the store, it counts as a package of the store.
    await run(
      reader,
      `PKGDIR=${pkgdir} emerge -q --oneshot --usepkgonly app-misc/greet dev-libs/greeting app-misc/motto`,
    );
    expect(await checkInstalled(reader, ['@tools', 'dev-libs/greeting', 'app-misc/motto'])).toEqual([]);
  });

  it('is not changed by a check', async () => {
    const before = await listing();
    for (const store of [writer, reader]) {
      await findMissing(store, ['@tools']);
      await checkInstalled(store, ['@tools']);
      await inspectStore(store);
    }
    expect(await listing()).toBe(before);
    await run(writer, 'rm Packages');
    await expect(mendStore(reader)).rejects.toMatchObject({ code: 'store-corrupt' });
    await mendStore(writer);
  });

  describe('that takes new packages', () => {
    const greet = { cpv: 'app-misc/greet-1.0', slot: '0' };
    const idsOf = async () =>
      (await run(writer, "find app-misc/greet -name '*.gpkg.tar' | sed 's/.*-//; s/[.].*//' | sort -n")).split('\n');

    it('gives each the next build id if its own is taken, and takes each once', async () => {
      for (const place of ['one', 'two'])
        await run(
          writer,
          `PKGDIR=/tmp/${place}/pkgdir FEATURES="buildpkg binpkg-multi-instance" emerge -q --oneshot app-misc/greet; sleep 1`,
        );
      await run(writer, 'mkdir /tmp/index; cp -p Packages* /tmp/index');
      const before = await idsOf();
      const last = Number(before.at(-1));
      const take = () => Promise.all(['one', 'two'].map((place) => takeIn(writer, `/tmp/${place}/pkgdir`, [greet])));
      const first = await take();
      expect(first.flatMap(({ refused }) => refused)).toEqual([]);
      const ids = first.flatMap(({ taken }) => taken.map(({ buildId }) => buildId));
      expect(ids.toSorted((a, b) => a - b)).toEqual([last + 1, last + 2]);
      expect(await take()).toEqual(first);
      expect(await idsOf()).toEqual([...before, String(last + 1), String(last + 2)]);
      expect(await inspectStore(writer)).toMatchObject({ faults: [], unfit: [] });
    });

    it('refuses a damaged one, and one of another version, and changes nothing', async () => {
      const before = await idsOf();
      await run(
        writer,
        `cd /tmp/one/pkgdir/app-misc/greet && cp greet-1.0-1.gpkg.tar greet-2.0-1.gpkg.tar
        printf x | dd of=greet-1.0-1.gpkg.tar bs=1 seek=9000 conv=notrunc 2>/dev/null`,
      );
      const { taken, refused } = await takeIn(writer, '/tmp/one/pkgdir', [greet, { cpv: 'app-misc/greet-2.0' }]);
      expect(taken).toEqual([]);
      expect(refused).toMatchObject([
        { cpv: 'app-misc/greet-1.0', expected: true, why: expect.stringMatching(/ in its Manifest$/) as string },
        { cpv: 'app-misc/greet-2.0', expected: true, why: 'it is a package of app-misc/greet-1.0' },
      ]);
      expect(await idsOf()).toEqual(before);
    });

    it('has nothing left of an intake that was killed, and the whole package if it had its name', async () => {
      await run(
        writer,
        `head -c 3000 app-misc/greet/greet-1.0-1.gpkg.tar >.incoming/package
        cp -p /tmp/index/* .`,
      );
      expect((await inspectStore(writer)).isInOrder).toBe(false);
      await mendStore(writer);
      expect(await run(writer, 'ls -A .incoming')).toBe('');
      expect(await inspectStore(writer)).toMatchObject({ faults: [], unfit: [], isInOrder: true });
    });
  });
});
