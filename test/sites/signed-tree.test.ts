import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBase } from '../support/real-engine/base-container.ts';
import { Builder } from '../support/builder.ts';
import { projectDirectory } from '../support/documents.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { must, runProgram, type CommandOutcome } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer } from '../support/zentoo-site.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');

/** One instruction of a Dockerfile that runs a script, whose lines are commands. */
const run = (script: string) => `RUN set -e; ${script.trim().split('\n').join('; ')}`;

/** Signs the commit of the ministage's repository with a new key, which the stage trusts. */
const signCommit = run(`
export GNUPGHOME=/root/keys
mkdir --mode=700 $GNUPGHOME
for name in trusted other; do gpg --batch --quiet --passphrase '' --quick-generate-key $name@localhost ed25519 sign never; done
gpg --export --armor trusted@localhost >/etc/portage/trusted.asc
git clone --quiet /var/lib/ministage/gentoo.git /root/work
cd /root/work
git config user.name ministage
git config user.email ministage@localhost
git commit --quiet --amend --no-edit --gpg-sign=trusted@localhost
git push --quiet --force origin HEAD:main
gpgconf --kill all`);
const trust = 'sync-openpgp-key-path = /etc/portage/trusted.asc\\nsync-openpgp-key-refresh = no\\n';
const conf = '/etc/portage/repos.conf/gentoo.conf';
const verifyCommit = run(`
sed -i '/^sync-git-verify/d; /^sync-openpgp/d' ${conf}
printf 'sync-git-verify-commit-signature = yes\\n${trust}' >>${conf}`);

/** Commits to the ministage's repository, in different ways. */
const commits = {
  unsigned: 'git commit --quiet --allow-empty --no-gpg-sign --message=unsigned',
  'signed by another key': 'git commit --quiet --allow-empty --message=other --gpg-sign=other@localhost',
  changed:
    "git reset --quiet --hard $(git cat-file commit HEAD | sed 's/^The repository/A repository/' | git hash-object -t commit -w --stdin)",
};
const publish = (commit: string) =>
  run(
    `export GNUPGHOME=/root/keys\ncd /root/work\n${commit}\ngit push --quiet --force origin HEAD:main\ngpgconf --kill all`,
  );

/** A tree of the test's own. */
class Tree implements AsyncDisposable {
  readonly volume: string;

  private constructor(volume: string) {
    this.volume = volume;
  }

  static async create(volume = uniqueName('signed-tree')): Promise<Tree> {
    await rawDocker().createVolume({ Name: volume, Labels: { 'gentoo-builder.volume': 'tree' } });
    return new Tree(volume);
  }

  /** Runs gentoo-builder from the sources with this tree. */
  build(base: string, args: readonly string[], maxAge = '0s'): Promise<CommandOutcome> {
    const options = [
      '--progress=plain',
      '--base',
      base,
      '--tree',
      this.volume,
      '--create-tree',
      '--sync-max-age',
      maxAge,
    ];
    return runProgram(process.execPath, [program, ...options, ...args]);
  }

  /** The digests of its files, except git's and those that Portage keeps of a tree that it refused. */
  files(): Promise<string> {
    const list = "cd /tree && find . -type f ! -path './.git/*' ! -path './.tmp-*' -exec sha256sum {} + | sort";
    return inContainer(stage, list, ['-v', `${this.volume}:/tree:ro`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rawDocker().getVolume(this.volume).remove();
  }
}

const hint =
  'hint: the tree was not replaced, because the signature is missing or wrong: sync again later, from another mirror';

/** The beginning of the hint if this system cannot tell whether a signature is right. */
const keyHint = 'hint: the signature cannot be checked, because the keys of the base are too old or missing';

describe('a tree whose commits are signed (git)', () => {
  const builder = new Builder();
  let signed = '';

  beforeAll(async () => {
    signed = await builder.makeImage(stage, signCommit, verifyCommit);
  });
  afterAll(() => builder[Symbol.asyncDispose]());

  it.each([
    ['unsigned', 'No valid signature found: no signature', hint],
    ['signed by another key', 'No valid signature found: unable to verify signature (missing key?)', keyHint],
    ['changed', 'bad signature on the newest commit', hint],
  ] as const)('is not synced to a commit that is %s, and stays as it was', async (what, why, advice) => {
    await using tree = await Tree.create();
    expect(await tree.build(signed, ['--dry-run', 'app-misc/motto'])).toMatchObject({ status: 0 });
    const { status, stderr } = await tree.build(signed, ['app-misc/no-such-package']);
    expect([status, stderr]).toEqual([32, expect.stringContaining('[3/7] sync done')]);
    const before = await tree.files();
    const base = await builder.makeImage(signed, publish(commits[what]));
    const refused = await tree.build(base, ['app-misc/motto']);
    expect(refused).toMatchObject({ status: 30, stdout: '' });
    expect(refused.stderr).toContain(`failed to sync /var/db/repos/gentoo: ${why}`);
    expect(refused.stderr).toContain(advice);
    expect(await tree.files()).toBe(before);
  });

  it('is not filled from an unsigned commit, and no later build uses that commit', async () => {
    await using tree = await Tree.create();
    const base = await builder.makeImage(signed, publish(commits.unsigned));
    const refused = await tree.build(base, ['app-misc/motto']);
    expect([refused.status, refused.stderr]).toEqual([30, expect.stringContaining('No valid signature found')]);
    expect(await tree.build(base, ['--no-sync', 'app-misc/motto'])).toMatchObject({ status: 13, stdout: '' });
    expect(await tree.build(base, ['app-misc/motto'], '1h')).toMatchObject({ status: 30, stdout: '' });
  });

  it('is not used by a later build if its first sync was killed before it verified the clone', async () => {
    await using tree = await Tree.create(`zentoo-${uniqueName('signed')}-repository-gentoo`);
    const base = await builder.makeImage(signed, publish(commits.unsigned));
    const clone = 'git clone --quiet --depth 1 file:///var/lib/ministage/gentoo.git /tree';
    await inContainer(base, clone, ['-v', `${tree.volume}:/tree`]);
    const unsynced = await tree.build(base, ['--no-sync', 'app-misc/motto']);
    expect([unsynced.status, unsynced.stderr]).toEqual([13, expect.stringContaining('its first sync did not end')]);
    expect(await tree.build(base, ['app-misc/motto'], '1h')).toMatchObject({ status: 30, stdout: '' });
    expect(await tree.build(base, ['--no-sync', 'app-misc/motto'])).toMatchObject({ status: 13 });
    expect((await tree.build(signed, ['app-misc/no-such-package'], '1h')).stderr).toContain('[3/7] sync done');
    expect(await tree.build(signed, ['--no-sync', 'app-misc/no-such-package'])).toMatchObject({ status: 32 });
  });

  it('is not kept by gentoo-base from an unsigned commit', async () => {
    const tree = await Tree.create();
    const image = uniqueName('image');
    builder.removeLater({ image, volume: tree.volume });
    const STAGE = await builder.makeImage(signed, publish(commits.unsigned));
    const context = join(projectDirectory, 'gentoo-base');
    await must('docker', ['build', '--quiet', '--tag', image, '--build-arg', `STAGE=${STAGE}`, context]);
    const docker = ['-v', `${tree.volume}:/var/db/repos/gentoo`];
    const { status, stderr } = await runBase(builder, { image, docker, env: { PKGS: 'app-misc/motto', SYNC: '1' } });
    expect([status, stderr]).toEqual([1, expect.stringContaining('No valid signature found: no signature')]);
    expect(await tree.files()).toBe('');
  });
});

describe('a tree whose Manifest is signed (rsync)', () => {
  const builder = new Builder();
  const mirror = uniqueName('mirror');
  let base = '';

  /** Changes the mirror's tree. */
  const change = (script: string) => must('docker', ['exec', mirror, 'sh', '-ec', `cd /srv/gentoo; ${script}`]);
  const stamp = 'date --rfc-email --utc >metadata/timestamp.chk';

  beforeAll(async () => {
    const server = await builder.makeImage(
      stage,
      signCommit,
      run(`
mkdir /srv/gentoo
git --git-dir=/var/lib/ministage/gentoo.git archive main | tar --extract --directory=/srv/gentoo
printf '[gentoo]\\npath = /srv/gentoo\\nuse chroot = no\\n' >/etc/rsyncd.conf
cd /srv/gentoo
${stamp}
GNUPGHOME=/root/keys python3 -m gemato create --quiet --profile ebuild --hashes 'BLAKE2B SHA512' --timestamp --sign --openpgp-id trusted@localhost .
gpgconf --homedir /root/keys --kill all`),
    );
    await must('docker', ['run', '--detach', '--init', '--name', mirror, server, 'rsync', '--daemon', '--no-detach']);
    await change('until rsync rsync://localhost/ >/dev/null 2>&1; do sleep 0.1; done');
    const { NetworkSettings } = await rawDocker().getContainer(mirror).inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
    base = await builder.makeImage(
      server,
      run(
        `printf '[gentoo]\\nlocation = /var/db/repos/gentoo\\nsync-type = rsync\\nsync-uri = rsync://${address}/gentoo\\nsync-rsync-verify-metamanifest = yes\\n${trust}' >${conf}`,
      ),
    );
  });
  afterAll(async () => {
    await rawDocker().getContainer(mirror).remove({ force: true, v: true });
    await builder[Symbol.asyncDispose]();
  });

  it.each([
    [
      'has a changed file',
      'echo >>app-misc/motto/motto-1.1.ebuild',
      'Manifest mismatch for app-misc/motto/motto-1.1.ebuild',
    ],
    ['has a changed Manifest', `sed -i '/^TIMESTAMP/s/20/21/' Manifest`, 'BAD signature from "trusted@localhost"'],
    [
      'has an unsigned Manifest',
      `sed -i '1,/^$/d; /^-----BEGIN/,$d' Manifest`,
      'OpenPGP signature not found on Manifest',
    ],
  ])('is not synced from a mirror that %s, and stays as it was', async (_what, script, why) => {
    await using tree = await Tree.create();
    await change(`cp -a /srv/gentoo /srv/whole`);
    // The first sync of a user's tree takes a snapshot from a mirror of Gentoo.
    await inContainer(base, 'emerge --sync --quiet', ['-v', `${tree.volume}:/var/db/repos/gentoo`]);
    const before = await tree.files();
    await change(`${script}; ${stamp}`);
    const refused = await tree.build(base, ['app-misc/motto']);
    await change('rm -r /srv/gentoo/* && mv /srv/whole/* /srv/gentoo && rmdir /srv/whole');
    expect(refused).toMatchObject({ status: 30, stdout: '' });
    expect(refused.stderr).toContain(`failed to sync /var/db/repos/gentoo: ${why}`);
    expect(refused.stderr).toContain(hint);
    expect(await tree.files()).toBe(before);
  });
});
