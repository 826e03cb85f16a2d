import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PseudoTerminal } from '../support/pseudo-terminal.ts';
import { projectDirectory } from '../support/documents.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { runProgram } from '../support/run-program.ts';
import { TestSite } from '../support/test-site.ts';

const tuple = 'x86-64-base-plain-tools';
const musl = 'x86-64-musl-musl-plain-tools';
const muslRoot = '/usr/x86_64-pc-linux-musl';

/** Makes every package record the tuple that it was compiled for, by a settings file that the partition depends on. */
const hook = `#!/bin/sh
set -eu
cat >"\${ZENTOO_ROOT%/}/etc/portage/bashrc" <<END
post_src_install() { mkdir -p "\\$ED/usr/share" && echo "\${ZENTOO_TUPLE-no tuple}" >"\\$ED/usr/share/\\$PN.hooked"; }
END
`;

/** Each test continues from the state that the test before it left: the site is built once. */
describe('zentoo freshroot', () => {
  let site: TestSite;
  beforeAll(async () => {
    site = await TestSite.open();
    expect(await site.zentoo(['sync'])).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
  });

  it('refuses a tuple that was never built, with the command that builds it', async () => {
    const { status, stdout, stderr } = await site.zentoo(['freshroot', tuple]);
    expect([status, stdout]).toEqual([14, '']);
    expect(stderr).toMatch(/the tuple has not been built\n {2}hint: zentoo build x86-64-base-plain-tools\n/);
  });

  it('compiles packages in a stage, which zentoo build then takes from the store', async () => {
    const fresh = await site.zentoo(['freshroot', 'ministage', '--cpu', 'x86-64', '--', 'emerge', '@tools']);
    expect(fresh, fresh.stderr).toMatchObject({ status: 0 });
    expect(fresh.stdout).toMatch(/>>> Emerging \(1 of 1\) sys-apps\/stage-info/);
    expect(await site.containers()).toEqual([]);
    const build = await site.zentoo(['build']);
    expect(build, build.stderr).toMatchObject({ status: 0 });
    expect(build.stderr).toContain('Emerging binary (1 of 2) sys-apps/stage-info-1.0');
    expect(build.stderr).not.toMatch(/Emerging \(\d of \d\) sys-apps\/stage-info/);
  });

  it('passes standard input to a shell and returns its exit status; a later shell uses the packages of an earlier one', async () => {
    const input = 'emerge app-misc/motto; motto >/dev/null && exit 7\n';
    const first = await site.zentoo(['freshroot', tuple], { input });
    expect(first).toMatchObject({ status: 7 });
    expect(first.stdout).toContain('>>> Emerging (1 of 1) app-misc/motto');
    const second = await site.zentoo(['freshroot'], { input });
    expect(second).toMatchObject({ status: 7 });
    expect(second.stdout).toContain('>>> Emerging binary (1 of 1) app-misc/motto');
    expect(await site.containers()).toEqual([]);
  });

  it('keeps packages of other settings in their own partition, and writes nothing to the tree', async () => {
    const input = `echo 'CFLAGS="-O1"' >>/etc/portage/make.conf
      PKGDIR=/tmp/own /bin/bash -c 'emerge --info' | grep ^PKGDIR=
      emerge app-misc/motto && motto >/dev/null
      touch /var/db/repos/gentoo/x`;
    const { status, stdout, stderr } = await site.zentoo(['freshroot'], { input });
    expect({ status, stderr }).toMatchObject({ status: 1 });
    expect(stdout).toContain('PKGDIR="/tmp/own"');
    expect(stdout).toContain('>>> Emerging (1 of 1) app-misc/motto');
    expect(stderr).toMatch(/settings were changed: binary packages go to \/var\/cache\/binpkgs\/x86_64-pc-linux-gnu\//);
    expect(stderr).toMatch(/touch.*Read-only file system/);
  });

  it('commits the root with --keep under a free name, and prints the name last', async () => {
    const name = site.removeLater(uniqueName('kept'));
    const kept = await site.zentoo(['freshroot', '--keep', name, '--', 'sh', '-c', 'emerge app-misc/motto; exit 3']);
    expect(kept).toMatchObject({ status: 3, stdout: expect.stringMatching(new RegExp(`\n${name}\n$`)) as string });
    const { Config } = await rawDocker().getImage(name).inspect();
    expect(Config).toMatchObject({ Cmd: ['/bin/bash'] });
    expect(Config.Env?.join()).not.toMatch(/FEATURES|EMERGE|gentoo-builder/);
    expect(Config.Labels).toMatchObject({ 'zentoo.tuple': '', 'zentoo.fingerprint': '', 'zentoo.site': '' });
    const again = await site.zentoo(['freshroot', '--keep', name, '--', 'true']);
    expect(again).toMatchObject({ status: 50, stdout: '' });
    expect(again.stderr).toContain(`an image of that name exists\n  hint: give it another name, or remove that image`);
    expect(await site.containers()).toEqual([]);
  });

  it('opens a login shell at a terminal, and locks the tree only while an emerge runs', async () => {
    await using terminal = await PseudoTerminal.open('"$FRESHROOT"; echo "status=$?"', {
      ...site.environment,
      FRESHROOT: join(projectDirectory, 'freshroot'),
    });
    await terminal.see(/# $/);
    terminal.type('stty size; . /etc/profile; type emerge | head -n 1\r');
    await terminal.see(/31 101\r\nemerge is a function/);
    terminal.type(`flock --nonblock --exclusive /var/db/repos/gentoo echo 'fr''ee'\r`);
    await terminal.see(/free\r\n/);
    // Portage's bashrc runs while emerge runs.
    terminal.type(`echo 'echo locked $(flock -n -x /var/db/repos/gentoo echo no || echo yes)' >/etc/portage/bashrc\r`);
    terminal.type('emerge --quiet-build=n app-misc/motto | grep locked | sort -u; exit 5\r');
    await terminal.see(/locked yes\r\n/);
    await terminal.ended;
    expect(terminal.shown).not.toMatch(/locked no\r\n/);
    expect(terminal.shown).toMatch(/status=5/);
    expect(await site.containers()).toEqual([]);
  });

  it('uses an image that is out of date, with a warning that names the changes', async () => {
    await writeFile(join(site.directory, 'config/sets/tools'), 'app-misc/motto\n');
    const { status, stderr } = await site.zentoo(['freshroot', tuple, '--', 'true']);
    expect(status).toBe(0);
    expect(stderr).toContain('is out of date: the set tools changed\n  hint: zentoo build x86-64-base-plain-tools\n');
  });

  it('runs the hook compile of the tuple before the shell', async () => {
    await commitHook(site, hook);
    const fresh = await site.zentoo(['freshroot', tuple, '--', 'cat', '/etc/portage/bashrc']);
    expect(fresh, fresh.stderr).toMatchObject({ status: 0, stdout: expect.stringContaining(`"${tuple}"`) as string });
  });

  it('enters a cross tuple in its stage, with the tuple’s root and the packages of its builds', async () => {
    const parts = { cpu: 'x86-64-musl', portage: 'musl', buildhooks: 'plain', packages: 'tools', cross: true };
    await appendFile(join(site.directory, 'site.yaml'), `tuples:\n  - ${JSON.stringify(parts)}\n`);
    const input = 'pwd; emerge @tools; cat usr/share/motto.hooked; ls /var/db/pkg var/db/pkg\n';
    const installed = '/var/db/pkg:\n\nvar/db/pkg:\napp-misc\n';
    const ofStage = await site.zentoo(['freshroot', 'ministage', '--cpu', 'x86-64-musl'], { input });
    expect(ofStage, ofStage.stderr).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(`^${muslRoot}\n`) as string,
    });
    expect(ofStage.stdout).toContain(`>>> Emerging (1 of 1) app-misc/motto-1.1::gentoo for ${muslRoot}/`);
    expect(ofStage.stdout).toMatch(new RegExp(`\nno tuple\n${installed}$`));

    const name = site.removeLater(uniqueName('kept-musl'));
    const kept = await site.zentoo(['freshroot', musl, '--keep', name], { input });
    expect(kept, kept.stderr).toMatchObject({ status: 0, stdout: expect.stringMatching(`^${muslRoot}\n`) as string });
    expect(kept.stdout).toContain('>>> Emerging binary (1 of 1) app-misc/motto-1.1');
    expect(kept.stdout).toMatch(new RegExp(`\nno tuple\n${installed}${name}\n$`));
    expect(ofStage.stderr + kept.stderr).not.toContain('settings were changed');
    expect(kept.stderr).toContain(`the tuple's root is ${muslRoot}, and / is the stage's; its packages`);
    expect(kept.stderr).toContain(`${name} is the whole container: the tuple's root is ${muslRoot} in it`);
    const command = ['ls', `${muslRoot}/usr/bin/motto`];
    const look = await runProgram('docker', ['run', '--rm', '--network=none', name, ...command]);
    expect(look).toMatchObject({ status: 0 });

    const build = await site.zentoo(['build', musl]);
    expect(build, build.stderr).toMatchObject({ status: 0 });
    expect(build.stderr).toMatch(/Emerging \(\d of \d\) sys-libs\/musl/);
    expect(build.stderr).toMatch(/Emerging binary \(\d of \d\) app-misc\/motto-1.1/);
    expect(build.stderr).not.toMatch(/Emerging \(\d of \d\) app-misc\/motto/);
    expect(await site.containers()).toEqual([]);
  });

  it('does not start the command if a hook fails', async () => {
    await commitHook(site, '#!/bin/sh\necho no luck today\nexit 3\n');
    const { status, stdout, stderr } = await site.zentoo(['freshroot', tuple, '--', 'echo', 'entered']);
    expect({ status, stdout }).toEqual({ status: 52, stdout: '' });
    expect(stderr).toMatch(/failed to run the hook compile of the buildhooks branch plain: it ended with 3\n/);
    expect(stderr).toContain('\nno luck today\n');
    expect(await site.containers()).toEqual([]);
  });
});

/** Commits a hook `compile` on the branch that is checked out. */
async function commitHook(site: TestSite, text: string): Promise<void> {
  const directory = join(site.directory, 'config/buildhooks');
  await writeFile(join(directory, 'compile'), text, { mode: 0o755 });
  const git = (...args: readonly string[]) => runProgram('git', ['-C', directory, ...args]);
  expect(await git('add', 'compile')).toMatchObject({ status: 0 });
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  expect(await git(...who, 'commit', '--quiet', '--message=A hook')).toMatchObject({ status: 0 });
}
