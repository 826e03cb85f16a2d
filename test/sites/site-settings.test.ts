import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { containersWith } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { runProgram } from '../support/run-program.ts';
import {
  faultsConf,
  inContainer,
  makeTrees,
  siteYaml,
  ZentooSite,
  type BuildOutcome,
  type SharedTrees,
} from '../support/zentoo-site.ts';

/** A stand-in for a package of the tool chain: it installs the flags that it was compiled with. */
const standIn = (name: string) => `EAPI=8
DESCRIPTION="Stands in for ${name}"
HOMEPAGE="https://example.org/${name}"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
src_install() {
	echo "\${CFLAGS}" >flags || die
	insinto /usr/share/stand-ins/${name}
	doins flags
}
`;

const talker = `EAPI=8
DESCRIPTION="Has something to say"
HOMEPAGE="https://example.org/talker"
S="\${WORKDIR}"
LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
pkg_postinst() { ewarn "read this before you start it"; }
`;

const toolchain = ['sys-libs/glibc', 'sys-devel/binutils', 'sys-devel/gcc'] as const;

/** Prints the memory limit in bytes and the processor time per 100 ms in microseconds, of cgroup version 1 or 2. */
const printLimits = `cd /sys/fs/cgroup
if [ -e memory.max ]; then
  cat memory.max && awk '{ print $1 * 100000 / $2 }' cpu.max
else
  cat memory/memory.limit_in_bytes && echo $(($(cat cpu/cpu.cfs_quota_us) * 100000 / $(cat cpu/cpu.cfs_period_us)))
fi`;

/** Settings of a site whose effect is visible only in the containers of a build; the tests run in order. */
describe('zentoo build, with settings that reach its containers', () => {
  const site = new ZentooSite('settings');
  const tuple = 'plain-base-plain-talk';
  let trees: SharedTrees & AsyncDisposable;
  let first: BuildOutcome;
  const buildmasters = async () => (await site.images()).filter((name) => name.startsWith('buildmaster:'));

  beforeAll(async () => {
    trees = await makeTrees();
    const ebuilds = [
      ...toolchain.map((name) => [name, standIn(name.replace(/.*\//, ''))] as const),
      ['test-fault/talker', talker] as const,
    ];
    const write = ebuilds.map(([name, text]) => {
      const path = `/to/${name}/${name.replace(/.*\//, '')}-99.ebuild`;
      return `mkdir -p /to/${name}; cat >${path} <<'EBUILD'\n${text}EBUILD\n`;
    });
    await inContainer(stage, write.join(''), ['-v', `${trees.faults}:/to`]);
    site.write(
      'site.yaml',
      siteYaml(site, trees, {
        cpus: { plain: '-O1 -pipe' },
        stages: `{ s: { image: ${stage}, optimize: toolchain } }`,
        more: 'limits: { memory: 1G, cpus: 1.5 }\ntmpfs: off\n',
      }),
    );
    site.write('config/tuples', `${tuple}\nplain-base-plain-broken\n`);
    site.write('config/sets/talk', 'test-fault/talker\n');
    site.write('config/sets/broken', 'test-fault/half-done\n');
    site.branch('portage', 'base', { 'repos.conf/faults.conf': faultsConf });
    site.branch('buildhooks', 'plain', {
      buildmaster: '#!/bin/sh\necho one >/etc/made-by-hook\n',
      assemble: `#!/bin/sh\n(${printLimits}) >/etc/limits\n`,
    });
    first = await site.build([tuple]);
  });
  afterAll(async () => {
    for (const container of await containersWith(`zentoo-${site.name}-binpkgs`))
      await rawDocker().getContainer(container).remove({ force: true, v: true });
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
  });

  it('compiles the tool chain with the flags of the processor, into the store and the buildmaster', async () => {
    expect(first.status, first.stderr).toBe(0);
    const [buildmaster] = await buildmasters();
    const flags = 'cd /usr/share/stand-ins && cat glibc/flags binutils/flags gcc/flags';
    expect(await inContainer(`zentoo/${site.name}/${buildmaster}`, flags)).toBe('-O1 -pipe\n'.repeat(3));
    const stored = await site.inStore('cd /var/cache/binpkgs/*/plain/*/ && ls -d sys-devel/* sys-libs/*');
    expect(stored.trim().split('\n')).toEqual(toolchain.toSorted());
  });

  it('ends with the messages of the packages that were built', () => {
    expect(first.stderr).toMatch(
      new RegExp(
        `^note: messages of the packages of ${tuple}:\\n\\s*test-fault/talker-99:\\n\\s*warn: read this before you start it$`,
        'm',
      ),
    );
  });

  it('gives its containers the limits of the site', async () => {
    expect(await inContainer(`zentoo/${site.name}/${tuple}`, 'cat /etc/limits')).toBe(`${1024 ** 3}\n150000\n`);
  });

  it('runs the hook buildmaster, and makes another buildmaster when the text of the hook changes', async () => {
    const before = await buildmasters();
    expect(before).toHaveLength(1);
    const read = (name: string | undefined) => inContainer(`zentoo/${site.name}/${name}`, 'cat /etc/made-by-hook');
    expect(await read(before[0])).toBe('one\n');
    site.branch('buildhooks', 'plain', { buildmaster: '#!/bin/sh\necho two >/etc/made-by-hook\n' });
    const { status, stderr } = await site.build([tuple]);
    expect(status, stderr).toBe(0);
    const added = (await buildmasters()).filter((name) => !before.includes(name));
    expect(added).toHaveLength(1);
    expect(await read(added[0])).toBe('two\n');
  });

  it('keeps the container of a package that failed with --keep-failed, and without it does not', async () => {
    const store = `zentoo-${site.name}-binpkgs`;
    expect((await site.build(['plain-base-plain-broken'])).status).toBe(31);
    expect(await containersWith(store)).toEqual([]);
    const { status, stderr } = await site.build(['--keep-failed', 'plain-base-plain-broken']);
    expect(status, stderr).toBe(31);
    const [kept = '', ...others] = await containersWith(store);
    expect(others).toEqual([]);
    const look = 'cat /var/tmp/portage/test-fault/half-done-1/work/sub/config.log';
    await runProgram('docker', ['start', kept]);
    const { stdout } = await runProgram('docker', ['exec', kept, 'sh', '-c', look]);
    expect(stdout).toBe('the words of configure\n');
  });
});
