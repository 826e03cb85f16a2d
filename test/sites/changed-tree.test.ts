import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder, faultsStage } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { RunningProgram, runProgram, type CommandOutcome } from '../support/run-program.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer } from '../support/zentoo-site.ts';

const program = join(import.meta.dirname, '../../src/gentoo-builder.ts');
const place = '/var/db/repos/gentoo';

/** Writes a package of the second repository with this `pkg_postinst` into an image. */
function packageOf(name: string, postinst: string): string {
  const ebuild = `EAPI=8
DESCRIPTION="Changes the tree"
HOMEPAGE="https://example.org/test-fault"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
pkg_postinst() {
${postinst}
}
`;
  const directory = `/var/db/repos/faults/test-fault/${name}`;
  const text = Buffer.from(ebuild).toString('base64');
  return `RUN mkdir ${directory} && echo ${text} | base64 -d >${directory}/${name}-1.ebuild`;
}

const postinst = {
  // It changes a file as long as another, sets its times back, hides the change from find, and changes it again later.
  vandal: `
	local ebuild=${place}/app-misc/motto/motto-1.1.ebuild
	touch -r \${ebuild} "\${T}"/times
	sed -i s/EAPI=8/EAPI=7/ \${ebuild}
	touch -r "\${T}"/times \${ebuild}
	mkdir ${place}/app-misc/evil || die
	cp \${ebuild} ${place}/app-misc/evil/evil-1.ebuild || die
	ln -sf true /usr/bin/find || die
	(while :; do echo "# evil" >>\${ebuild}; read -t 0.05 <> <(:); done) >/dev/null 2>&1 &
	disown`,
  'git-vandal': `
	printf '[core]\\n\\tfsmonitor = "touch ${place}/ran; false"\\n' >>${place}/.git/config
	printf '#!/bin/sh\\ntouch ${place}/ran\\n' >${place}/.git/hooks/post-index-change
	chmod 755 ${place}/.git/hooks/post-index-change
	rm -r ${place}/dev-libs ${place}/app-misc/motto/motto-1.1.ebuild`,
  'object-vandal': `
	rm -r ${place}/.git/objects`,
  reader: `
	git -c safe.directory=${place} --no-optional-locks -C ${place} status >/dev/null
	cat ${place}/app-misc/*/*.ebuild >/dev/null`,
};

/** A tree of gentoo-builder, in a volume whose name and label prove that. */
class Tree implements AsyncDisposable {
  readonly volume = `zentoo-${uniqueName('changed')}-repository-gentoo`;

  static async create(): Promise<Tree> {
    const tree = new Tree();
    await rawDocker().createVolume({ Name: tree.volume, Labels: { 'gentoo-builder.volume': 'tree' } });
    return tree;
  }

  /** Everything that a later build can notice; of git's index, what it says. */
  look(): Promise<string> {
    const script = `cd /tree
find . ! -path ./.git/index -printf '%y %m %U:%G %P\\n' | sort
find . -type f ! -path ./.git/index -exec sha256sum {} + | sort
git -c safe.directory=/tree status --short`;
    return inContainer(stage, script, ['-v', `${this.volume}:/tree`]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rawDocker().getVolume(this.volume).remove();
  }
}

describe('a package that changes the tree', () => {
  const builder = new Builder();
  let base = '';
  const options = (tree: string, args: readonly string[], from = base) => [
    program,
    ...['--progress=plain', '--no-binpkgs', '--base', from, '--tree', tree, ...args],
  ];
  const build = (tree: string, ...args: string[]) => buildFrom(base, tree, ...args);
  const buildFrom = async (from: string, tree: string, ...args: string[]): Promise<CommandOutcome> => {
    const outcome = await runProgram(process.execPath, options(tree, args, from));
    const image = outcome.stdout.trim();
    if (outcome.status === 0) builder.removeLater({ image });
    return outcome;
  };

  beforeAll(async () => {
    const packages = Object.entries(postinst).map(([name, script]) => packageOf(name, script));
    base = await builder.makeImage(faultsStage, ...packages);
  });
  afterAll(() => builder[Symbol.asyncDispose]());

  it('is named, its changes are undone and its build fails; the next build needs no sync and sees the original', async () => {
    await using tree = await Tree.create();
    expect(await build(tree.volume, '--rebuild', 'test-fault/reader')).toMatchObject({ status: 0 });
    const before = await tree.look();
    const changed = await build(tree.volume, '--no-sync', 'test-fault/vandal');
    expect(changed.stderr).toContain(
      `failed to keep the tree: the volume ${tree.volume} changed while the packages were built: app-misc/evil/evil-1.ebuild, app-misc/motto/motto-1.1.ebuild; it has been restored`,
    );
    expect(changed).toMatchObject({ status: 31, stdout: '' });
    expect(await tree.look()).toBe(before);
    const ofGit = await build(tree.volume, '--no-sync', 'test-fault/git-vandal');
    expect(ofGit.stderr).toContain('.git/hooks/post-index-change');
    expect(ofGit).toMatchObject({ status: 31, stdout: '' });
    expect(await tree.look()).toBe(before);
    expect(await build(tree.volume, '--no-sync', 'app-misc/motto')).toMatchObject({ status: 0 });
  });

  it("is named if it removes git's objects, and the next sync fills the tree again", async () => {
    await using tree = await Tree.create();
    const changed = await build(tree.volume, 'test-fault/object-vandal');
    expect(changed.stderr).toContain('it has been emptied, because it could not be restored');
    expect(changed).toMatchObject({ status: 31, stdout: '' });
    expect(await build(tree.volume, 'app-misc/motto')).toMatchObject({ status: 0 });
  });

  it('is not blamed for a change of a directory of the user, which is reported and stays', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'changed-tree-'));
    await chmod(directory, 0o755);
    try {
      expect(await build(directory, '--create-tree', 'test-fault/reader')).toMatchObject({ status: 0 });
      const { status, stderr } = await build(directory, '--no-sync', '--rebuild', 'test-fault/git-vandal');
      expect([status, stderr]).toEqual([
        0,
        expect.stringContaining(`${directory} changed while the packages were built: `),
      ]);
      expect(stderr).toContain('it stays as it is, because it is a directory of yours');
      expect(await inContainer(stage, 'ls /tree/.git/hooks', ['-v', `${directory}:/tree`])).toContain(
        'post-index-change\n',
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('is not blamed for a change of an rsync tree, which is reported and stays', async () => {
    await using tree = await Tree.create();
    const rsync = await builder.makeImage(
      base,
      "RUN sed -i 's/^sync-type = git/sync-type = rsync/' /etc/portage/repos.conf/gentoo.conf",
    );
    const archive = 'git --git-dir=/var/lib/ministage/gentoo.git archive main | tar --extract --directory=/tree';
    await inContainer(stage, archive, ['-v', `${tree.volume}:/tree`]);
    const { status, stderr } = await buildFrom(rsync, tree.volume, '--no-sync', 'test-fault/vandal');
    expect([status, stderr]).toEqual([0, expect.stringContaining('it stays as it is, because it is not a git clone')]);
    expect(await inContainer(stage, 'ls /tree/app-misc/evil', ['-v', `${tree.volume}:/tree`])).toBe('evil-1.ebuild\n');
  });

  it('is not blamed for a change of a tree that another build uses, which is reported by both and stays', async () => {
    await using tree = await Tree.create();
    expect(await build(tree.volume, 'test-fault/reader')).toMatchObject({ status: 0 });
    const other = new RunningProgram(process.execPath, options(tree.volume, ['--no-sync', 'test-fault/hangs']));
    await other.said(/Emerging \(1 of 1\)/);
    const { status, stderr } = await build(tree.volume, '--no-sync', 'test-fault/vandal');
    const reported = `the volume ${tree.volume} changed while the packages were built: app-misc/evil/evil-1.ebuild, app-misc/motto/motto-1.1.ebuild; it stays as it is, because other containers used it, too`;
    expect([status, stderr]).toEqual([0, expect.stringContaining(reported)]);
    other.kill('SIGTERM');
    const ended = await other.outcome;
    expect([ended.status, ended.stderr]).toEqual([143, expect.stringContaining(reported)]);
  });
});
