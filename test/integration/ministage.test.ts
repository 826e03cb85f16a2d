import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsStage } from '../support/builder.ts';

/**
 * The stage without the builder: the properties of its packages and repositories that other tests rely on. The tests run in
 * order in one container, whose tree is synced once.
 */
describe('the ministage', () => {
  let stage: StartedTestContainer;

  const run = async (...command: string[]) => {
    const { output, exitCode } = await stage.exec(command);
    return { output, exitCode };
  };
  const emerge = (...args: string[]) => run('emerge', '--quiet', '--color=n', ...args);
  const done = { exitCode: 0 };

  beforeAll(async () => {
    stage = await new GenericContainer(faultsStage).withCommand(['sleep', 'infinity']).start();
  });
  afterAll(() => stage.stop({ timeout: 0, remove: true, removeVolumes: true }));

  it('has real Portage, as Gentoo lays it out', async () => {
    expect((await run('emerge', '--version')).output).toMatch(/^Portage 3\.0\.83 /);
    expect((await run('python3', '-c', 'import portage; print(portage.__file__)')).output).toContain(
      '/usr/lib/portage/lib/',
    );
    expect((await run('sh', '-c', 'command -v pip pip3')).exitCode).not.toBe(0);
  });

  it('has no tree before the first sync, and syncs several times', async () => {
    expect((await run('ls', '-A', '/var/db/repos/gentoo')).output).toBe('');
    expect(await run('emerge', '--sync', '-q')).toEqual({ ...done, output: '' });
    expect((await run('cat', '/var/db/repos/gentoo/profiles/repo_name')).output).toBe('gentoo\n');
    expect(await run('emerge', '--sync', '-q')).toMatchObject(done);
  });

  it('fetches a new commit of the repository that serves it', async () => {
    const commit = `
      set -e
      git clone -q file:///var/lib/ministage/gentoo.git /root/clone && cd /root/clone
      echo new >>metadata/note && git add metadata/note
      git -c user.name=test -c user.email=test@example.org commit -qm note
      git push -q origin HEAD`;
    expect(await run('sh', '-c', commit)).toMatchObject(done);
    expect(await run('emerge', '--sync', '-q')).toMatchObject(done);
    expect((await run('cat', '/var/db/repos/gentoo/metadata/note')).output).toBe('new\n');
  });

  it('case 2.13: syncs a tree that belongs to the user portage', async () => {
    expect(await run('chown', '-R', 'portage:portage', '/var/db/repos/gentoo')).toMatchObject(done);
    expect(await run('emerge', '--sync', '-q')).toMatchObject(done);
    expect(await run('chown', '-R', 'root:root', '/var/db/repos/gentoo')).toMatchObject(done);
    expect(await run('emerge', '--sync', '-q')).toMatchObject(done);
  });

  it.each(['-* @FREE', '-* @FREE-SOFTWARE @BINARY-REDISTRIBUTABLE', '-* @OSI-APPROVED @GPL-COMPATIBLE', '* -@EULA'])(
    'case 2.13: has the packages of all licences for ACCEPT_LICENSE="%s"',
    async (licences) => {
      const packages = ['app-misc/hello', 'app-misc/motto', 'net-misc/curl', 'sys-libs/zlib', 'app-text/tree'];
      const command = ['env', `ACCEPT_LICENSE=${licences}`, 'emerge', '-q', '--pretend', ...packages];
      expect(await run(...command)).toMatchObject(done);
    },
  );

  it('has a mirror for real sources that only the stage uses', async () => {
    const mirrors = await run('cat', '/var/db/repos/gentoo/profiles/thirdpartymirrors');
    expect(mirrors.output).toMatch(/^debian\s+https?:\/\/\S+/m);
    const list = `cat /var/db/repos/gentoo/*/*/*.ebuild | sed -n '/^SRC_URI="/,/"$/p'`;
    const uris = (await run('sh', '-c', list)).output.match(/\w+:\/\/[^\s"]+/g) ?? [];
    expect(uris.length).toBeGreaterThan(2);
    expect(uris.filter((uri) => !uri.startsWith('mirror://debian/'))).toEqual([]);
  });

  it('builds a program against a library, with a subslot', async () => {
    expect(await emerge('app-misc/greet')).toMatchObject(done);
    expect((await run('greet')).output).toContain('libgreeting 2');
    expect((await run('sh', '-c', 'cat /var/db/pkg/app-misc/greet-*/RDEPEND')).output).toMatch(
      /dev-libs\/greeting:0\/2=/,
    );
    expect((await run('sh', '-c', 'ldd "$(command -v greet)"')).output).toContain('libgreeting.so.2');
  });

  it('refuses an unsatisfied USE dependency, and accepts a satisfied one', async () => {
    const refused = await run('env', 'USE=loud', 'emerge', '-q', 'app-misc/greet');
    expect(refused).toMatchObject({ exitCode: 1, output: expect.stringContaining('shout') as string });
    expect(await run('env', 'USE=loud shout', 'emerge', '-q', 'app-misc/greet')).toMatchObject(done);
  });

  it('keeps two slots of one package side by side, and two versions apart', async () => {
    expect(await emerge('app-misc/timepiece:1', 'app-misc/timepiece:2')).toMatchObject(done);
    expect((await run('ls', '/var/db/pkg/app-misc')).output).toMatch(/timepiece-1\.1\s+timepiece-2\.0/);
    expect(await emerge('=app-misc/timepiece-1.0')).toMatchObject(done);
    expect((await run('ls', '/var/db/pkg/app-misc')).output).toMatch(/timepiece-1\.0\s+timepiece-2\.0/);
  });

  it('has a virtual and a set', async () => {
    const listed = async (what: string) => (await emerge('--pretend', '--emptytree', what)).output;
    expect(await listed('virtual/greeter')).toMatch(/app-misc\/greet[^]*virtual\/greeter/);
    const set = await listed('@greetings');
    for (const member of ['app-misc/greet-1.0', 'app-misc/timepiece-1.1', 'app-misc/timepiece-2.0'])
      expect(set).toContain(member);
  });

  it('applies patches from /etc/portage/patches', async () => {
    const patch = `
      mkdir -p /etc/portage/patches/app-misc/motto /root/a && cd /root
      cp /var/db/repos/gentoo/app-misc/motto/files/motto.c a/motto.c
      sed 's/MOTTO "[^"]*"/MOTTO "patched"/' a/motto.c >patched.c
      diff -u --label a/motto.c --label b/motto.c a/motto.c patched.c >/etc/portage/patches/app-misc/motto/say.patch; true`;
    expect(await run('sh', '-c', patch)).toMatchObject(done);
    expect(await emerge('app-misc/motto')).toMatchObject(done);
    expect((await run('motto')).output).toContain('patched');
  });

  it('suggests names for a package that does not exist', async () => {
    const { output, exitCode } = await emerge('app-misc/curl');
    expect(exitCode).toBe(1);
    expect(output).toContain('Maybe you meant any of these: net-misc/curl');
  });

  it('has the second repository only in the image for tests', async () => {
    expect((await run('ls', '/var/db/repos')).output.split(/\s+/).filter(Boolean)).toEqual(['faults', 'gentoo']);
    const plain = await new GenericContainer('gentoo-ministage').withCommand(['sleep', 'infinity']).start();
    try {
      expect((await plain.exec(['ls', '/var/db/repos'])).output.trim()).toBe('gentoo');
    } finally {
      await plain.stop({ timeout: 0, remove: true, removeVolumes: true });
    }
  });
});
