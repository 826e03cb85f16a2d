import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkRepositoriesCommand, unlinkRepositoriesCommand } from '../../../src/emerge/cross-scripts.ts';
import { connectEngine } from '../../../src/engine/docker/connect-engine.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { ContainerId } from '../../../src/engine/identifiers.ts';
import {
  crossEnvironment,
  crossRoot,
  crossSettings,
  nativeSettings,
  repositoryLinks,
} from '../../../src/portage/cross-root.ts';
import { emergeEnvironment } from '../../../src/portage/emerge-command.ts';
import { newSiteId } from '../../../src/site/site-id.ts';
import { starterSite } from '../../../src/site/starter-site.ts';
import { stage } from '../../support/real-engine/real-engine.ts';
import { uniqueName } from '../../support/unique-name.ts';
import { runProgram } from '../../support/run-program.ts';

const chost = 'x86_64-pc-linux-musl';
const stageChost = 'x86_64-pc-linux-gnu';
const root = crossRoot(chost);
const tree = '/var/db/repos/gentoo';
const store = '/var/cache/binpkgs';
const muslPackages = `${store}/${chost}/x86-64-musl/test`;
const nativePackages = `${store}/${stageChost}/x86-64/test`;
const links = repositoryLinks(chost, [tree]);

/**
 * A package that is linked with a library of the same partition. Its compilation needs a program that runs on the build's
 * machine.
 */
const chime = `EAPI=8
DESCRIPTION="Needs a program to be built, and a library"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
BDEPEND="app-misc/motto"
DEPEND="dev-libs/greeting:="
RDEPEND="\${DEPEND}"
src_compile() {
	printf '#include <greeting.h>\\n#include <stdio.h>\\nint main(void) { printf("%%s: %s\\\\n", greeting_text()); }\\n' \\
		"$(motto)" > chime.c || die
	"\${CHOST}-gcc" \${CFLAGS} \${LDFLAGS} -o chime chime.c -lgreeting || die
}
src_install() { dobin chime; }
`;
const set = 'app-misc/chime\napp-misc/greet\n';
const ours = ['app-misc/chime-1', 'app-misc/greet-1.0', 'dev-libs/greeting-2.0'];
const system = ['sys-apps/baselayout-1.0', 'sys-apps/stage-info-1.0', 'sys-apps/yesno-1.0', 'sys-libs/musl-1.2.3'];

const listElf = readFileSync(new URL('../../support/list-elf.py', import.meta.url), 'utf8');

/** The steps of a cross tuple's build in real containers; the tests run in order. */
describe('a root for musl, compiled by a stage of glibc', () => {
  const volumes = { tree: uniqueName('musl-tree'), store: uniqueName('musl-store') };
  const image = uniqueName('musl-root');
  let engine: Engine;
  let compiling: StartedTestContainer;
  let assembling: StartedTestContainer;
  let native: StartedTestContainer;

  const start = (mode: 'ro' | 'rw') =>
    new GenericContainer(stage)
      .withCommand(['sleep', 'infinity'])
      .withBindMounts([
        { source: volumes.tree, target: tree, mode },
        { source: volumes.store, target: store, mode },
      ])
      .start();
  const run = async (container: StartedTestContainer, command: readonly string[], env: Record<string, string> = {}) => {
    const { output, exitCode } = await container.exec([...command], { env });
    return { output, exitCode };
  };
  const must = async (...args: Parameters<typeof run>) => {
    const { output, exitCode } = await run(...args);
    expect(exitCode, output).toBe(0);
    return output;
  };
  const emerge = (...args: readonly string[]) => ['emerge', '--quiet=y', '--ask=n', '--color=n', ...args];
  const assemble = emerge(
    ...['--usepkgonly', '--getbinpkg=n', '--binpkg-respect-use=y', '--update', '--deep', '--newuse'],
    ...['--rebuilt-binaries'],
  );

  /** The branch below a root's /etc/portage, with additional files. */
  const configure = async (container: StartedTestContainer, settings: Record<string, string>, prefix: string) => {
    const branch = starterSite('test', newSiteId()).portage.find(
      ({ name }) => name === (prefix === '' ? 'base' : 'musl'),
    );
    const added = Object.entries(settings).map(([name, value]) => `${name}="${value}"\n`);
    const files = (branch?.files ?? [])
      .filter(({ path }) => !path.startsWith('package.use'))
      .map(({ path, type, content }) => ({
        type,
        path,
        content: path === 'make.conf' ? content + added.join('') : content,
      }));
    files.push({ type: 'file', path: 'sets/test', content: set });
    files.push({ type: 'file', path: 'repos.conf/test.conf', content: '[test]\nlocation = /var/db/repos/test\n' });
    await must(container, ['rm', '-rf', `${prefix}/etc/portage`]);
    for (const { path, type, content } of files) {
      const target = `${prefix}/etc/portage/${path}`;
      if (type === 'symlink') await must(container, ['ln', '-s', content, target]);
      else await container.copyContentToContainer([{ content, target }]);
    }
  };
  const prepare = async (container: StartedTestContainer) => {
    const repository = {
      'profiles/repo_name': 'test\n',
      'metadata/layout.conf': 'masters = gentoo\nthin-manifests = true\n',
      'app-misc/chime/chime-1.ebuild': chime,
    };
    const files = Object.entries(repository).map(([path, content]) => ({
      content,
      target: `/var/db/repos/test/${path}`,
    }));
    await container.copyContentToContainer(files);
    const flags = { CFLAGS: '-O2 -pipe -march=x86-64' };
    await configure(container, { ...flags, ...nativeSettings({ pkgdir: nativePackages }) }, '');
    const cross = { CHOST: chost, ...flags, ...crossSettings(stageChost), PKGDIR: muslPackages };
    await configure(container, cross, root);
    await must(container, linkRepositoriesCommand(links));
  };
  const installed = async (container: StartedTestContainer, prefix: string) => {
    const list = await must(container, ['sh', '-c', 'cd "$1" && ls -d */*', 'sh', `${prefix}/var/db/pkg`]);
    return list.trim().split('\n').toSorted();
  };
  const packaged = async (pkgdir: string) => {
    const index = await must(compiling, ['cat', `${pkgdir}/Packages`]);
    const values = (name: string) =>
      [...index.matchAll(RegExp(`^${name}: (.*)$`, 'gm'))].map(([, value = '']) => value);
    return { packages: values('CPV').toSorted(), chosts: new Set(values('CHOST')) };
  };

  beforeAll(async () => {
    engine = await connectEngine(process.env);
    compiling = await start('rw');
    await must(compiling, ['emerge', '--sync', '-q']);
    await prepare(compiling);
  });
  afterAll(async () => {
    const started = [compiling, assembling, native].filter((one) => one !== undefined);
    await Promise.all(started.map((one) => one.stop({ timeout: 0, remove: true, removeVolumes: true })));
    await engine.removeImage(image);
    for (const volume of Object.values(volumes)) await engine.removeVolume(volume);
  });

  it('reads the same profile through a relative link and through the name of its repository', async () => {
    const settings = ['portageq', 'envvar', '-v', 'CHOST', 'CBUILD', 'ELIBC', 'ROOT', 'ACCEPT_KEYWORDS'];
    const byName = await must(compiling, settings, crossEnvironment(chost));
    expect(byName).toContain(`CHOST=${chost}\nCBUILD=${stageChost}\nELIBC=musl\nROOT=${root}/\n`);
    const link = `../..${tree}/profiles/default/linux/amd64/ministage/musl`;
    const profile = `${root}/etc/portage/make.profile`;
    await must(compiling, ['mv', profile, '/root/profile']);
    await must(compiling, ['ln', '-s', link, profile]);
    expect(await must(compiling, settings, crossEnvironment(chost))).toBe(byName);
    await must(compiling, ['rm', profile]);
    await must(compiling, ['mv', '/root/profile', profile]);
  });

  it('puts packages for the root and packages for the build’s machine into different partitions', async () => {
    const command = emerge('--usepkg=y', '--buildpkg=y', '@system', '@test');
    await must(compiling, command, { ...emergeEnvironment({ pkgdir: muslPackages }), ...crossEnvironment(chost) });
    expect(await packaged(muslPackages)).toEqual({ packages: [...ours, ...system], chosts: new Set([chost]) });
    expect(await packaged(nativePackages)).toEqual({ packages: ['app-misc/motto-1.1'], chosts: new Set([stageChost]) });
    expect(await installed(compiling, '')).toEqual(['app-misc/motto-1.1']);
  });

  it('assembles an empty root from binary packages only', async () => {
    assembling = await start('ro');
    await prepare(assembling);
    const output = await must(assembling, [...assemble, '@system', '@test'], {
      ...emergeEnvironment({}),
      ...crossEnvironment(chost),
    });
    expect(output).not.toMatch(/Emerging \(/);
    expect(await installed(assembling, root)).toEqual([...ours, ...system]);
    expect(await run(assembling, ['ls', '/var/db/pkg'])).toEqual({ output: '', exitCode: 0 });
    expect(await run(assembling, ['touch', `${store}/written`])).toMatchObject({
      exitCode: 1,
      output: expect.stringContaining('Read-only file system') as string,
    });
  });

  it('has programs with musl’s interpreter only, and no library of glibc', async () => {
    await must(assembling, unlinkRepositoriesCommand(links));
    const list = (await must(assembling, ['python3', '-I', '-c', listElf, root])).trim().split('\n');
    const programs = list.filter((line) => line.startsWith('/usr/bin/'));
    expect(programs.map((line) => line.replace(/ .*/, '')).toSorted()).toEqual(
      ['chime', 'greet', 'say-no', 'say-yes', 'stage-info'].map((name) => `/usr/bin/${name}`),
    );
    expect(programs.filter((line) => line.split(' ')[1] !== '/lib/ld-musl-x86_64.so.1')).toEqual([]);
    expect(list.find((line) => line.includes('/greet '))).toBe(
      '/usr/bin/greet /lib/ld-musl-x86_64.so.1 libgreeting.so.2 libc.so',
    );
    expect(list.filter((line) => /ld-linux|libc\.so\.6/.test(line))).toEqual([]);
    expect(await must(assembling, ['find', root, '-xdev', '-name', 'ld-*'])).toBe(`${root}/lib/ld-musl-x86_64.so.1\n`);
    // The same check finds files of glibc in the stage.
    const look = ['sh', '-c', 'mkdir /root/look && cp /bin/true /root/look && python3 -I -c "$1" /root/look'];
    expect(await must(assembling, [...look, 'sh', listElf])).toBe('/true /lib64/ld-linux-x86-64.so.2 libc.so.6\n');
  });

  it('makes an image that contains only the root and whose programs run', async () => {
    const id = assembling.getId() as ContainerId;
    const command = ['tar', '-C', root, '--one-file-system', '--numeric-owner', '--xattrs', '--acls', '-cf', '-', '.'];
    const tar = await engine.execAttached(id, { command });
    const archive = Readable.from(outputOf(tar.output));
    await engine.importImage(
      archive,
      { name: image, changes: ['LABEL zentoo.test="yes"'] },
      new AbortController().signal,
    );
    const inRoot = (...program: readonly string[]) =>
      runProgram('docker', ['run', '--rm', '--network=none', image, ...program]);
    const quiet = { status: 0, stderr: '' };
    expect(await inRoot('/usr/bin/greet')).toEqual({ ...quiet, stdout: 'greetings from libgreeting 2.0\n' });
    const said = 'greetings from libgreeting 2.0: Slow and steady.\n';
    expect(await inRoot('chime')).toEqual({ ...quiet, stdout: said });
    expect(await inRoot('stage-info')).toEqual({ ...quiet, stdout: 'ministage, for musl\nLinux x86_64\n' });
    expect(await inRoot('/bin/sh', '-c', 'true')).toMatchObject({ status: 127 });
  });

  it('installs no package for musl in a root of glibc', async () => {
    native = await start('ro');
    await prepare(native);
    const misled = emergeEnvironment({ pkgdir: muslPackages });
    const refused = await run(native, emerge('--usepkgonly', '--getbinpkg=n', '@test'), misled);
    expect(refused).toMatchObject({ exitCode: 1, output: expect.stringContaining('chime') as string });
    expect(await run(native, ['ls', '/var/db/pkg'])).toEqual({ output: '', exitCode: 0 });

    await must(compiling, emerge('--usepkg=y', '--buildpkg=y', '@test'), emergeEnvironment({ pkgdir: nativePackages }));
    expect((await packaged(nativePackages)).chosts).toEqual(new Set([stageChost]));
    expect((await packaged(muslPackages)).packages).toEqual([...ours, ...system]);
    await must(native, [...assemble, '@test'], emergeEnvironment({}));
    expect(await installed(native, '')).toEqual(ours);
    const chosts = await must(native, ['sh', '-c', 'cat /var/db/pkg/*/*/CHOST | sort -u']);
    expect(chosts).toBe(`${stageChost}\n`);
    const greet = ['sh', '-c', 'mkdir /root/look && cp /usr/bin/greet /root/look && python3 -I -c "$1" /root/look'];
    expect(await must(native, [...greet, 'sh', listElf])).toBe(
      '/greet /lib64/ld-linux-x86-64.so.2 libgreeting.so.2 libc.so.6\n',
    );
    expect(await must(native, ['greet'])).toBe('greetings from libgreeting 2.0\n');
  });
});

async function* outputOf(output: AsyncIterable<{ stream: 'stdout' | 'stderr'; data: Buffer }>): AsyncGenerator<Buffer> {
  for await (const { stream, data } of output) {
    if (stream === 'stderr') throw new Error(data.toString());
    yield data;
  }
}
