import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { commandsIn } from '../../src/engine/run-command.ts';
import { parsePretendedPackage, type PretendedPackage } from '../../src/portage/output/pretend-package.ts';
import { findDependencies } from '../../src/store/dependencies.ts';
import { parsePartition } from '../../src/store/partition.ts';
import type { StoreMount } from '../../src/store/portage-program.ts';
import { rawDocker, stage } from '../support/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { runProgram } from '../support/run-program.ts';

/** Ebuilds of a repository `x`: for each `cat/name-version`, its lines besides the usual ones. */
const ebuilds = {
  'cat/lib-1.1': 'SLOT="0/1"',
  'cat/lib-1.2': 'SLOT="0/1"',
  'cat/mid-1': 'RDEPEND="cat/lib:="',
  'cat/os-1': '',
  'cat/plug-1': '',
  'cat/alt-1': '',
  'cat/top-1': 'BDEPEND="cat/mid"',
  'cat/moved-1': '',
  'cat/user-1': 'BDEPEND="cat/moved"',
  'cat/hidden-1': 'DEPEND="kernel_linux? ( cat/os ) !elibc_glibc? ( cat/alt )"',
  'cat/flags-1': 'IUSE="plug ssl"\nDEPEND="plug? ( cat/plug ) ssl? ( cat/alt )"',
  'cat/either-1': 'RDEPEND="|| ( cat/plug cat/alt ) !cat/os"',
} as const;

const script = `
emerge --sync -q
cd /var/db/repos/x
mkdir -p metadata profiles /etc/portage/repos.conf
echo x >profiles/repo_name; echo cat >profiles/categories
printf 'masters = gentoo\\nthin-manifests = true\\n' >metadata/layout.conf
printf '[x]\\nlocation = /var/db/repos/x\\nauto-sync = no\\n' >/etc/portage/repos.conf/x.conf
FEATURES=-merge-sync emerge -q --oneshot =cat/lib-1.1 cat/mid cat/moved
echo 'RDEPEND="cat/plug"' >>cat/moved/moved-1.ebuild
`;

describe('the dependencies between packages', () => {
  const name = uniqueName('dependencies');
  let store: StoreMount;

  beforeAll(async () => {
    const files = Object.entries(ebuilds).map(([cpv, text]) => {
      const [, path = ''] = /^(.+)-[^-]+$/.exec(cpv) ?? [];
      const whole = `EAPI=8\nDESCRIPTION="x"\nSLOT="0"\nKEYWORDS="amd64"\nS="\${WORKDIR}"\n${text}\n`;
      return `mkdir -p ${path} && cat >${path}/${cpv.replace('cat/', '')}.ebuild <<'EBUILD'\n${whole}EBUILD`;
    });
    const write = ['mkdir -p /var/db/repos/x && cd /var/db/repos/x', ...files].join('\n');
    const options = ['--detach', '--init', '--name', name];
    const started = await runProgram('docker', ['run', ...options, stage, 'sleep', 'infinity']);
    const partition = parsePartition('x86_64-pc-linux-gnu/generic/test-0123456789ab');
    if (partition === undefined) throw new Error('no partition');
    store = { ...commandsIn(await connectEngine(process.env), started.stdout.trim() as ContainerId), partition };
    const { status, stderr } = await runProgram('docker', ['exec', name, 'bash', '-ec', `${write}\n${script}`]);
    expect(status, stderr).toBe(0);
  });
  afterAll(() => rawDocker().getContainer(name).remove({ force: true, v: true }));

  /** The dependencies of each package by name, as emerge prints them, with the category and the repository added. */
  const needsOf = async (...printed: readonly string[]) => {
    const packages = printed.map((text): PretendedPackage => {
      const [, cpv = '', rest = ''] = /^(\S+)(.*)$/.exec(text) ?? [];
      const parsed = parsePretendedPackage(`[ebuild  N     ] cat/${cpv}::x ${rest}`);
      if (parsed === undefined) throw new Error(text);
      return parsed;
    });
    const needs = await findDependencies(store, packages);
    const nameAt = (position: number) => printed[position]?.replace(/-\d.*$/, '');
    return Object.fromEntries(needs.map((own, position) => [nameAt(position), own.map(nameAt)]));
  };

  it('follow the enabled USE flags', async () => {
    const needs = await needsOf('flags-1 USE="plug -ssl"', 'plug-1', 'alt-1');
    expect(needs).toEqual({ flags: ['plug'], plug: [], alt: [] });
  });

  it('follow flags that emerge does not print, such as the kernel’s flag', async () => {
    expect(await needsOf('hidden-1', 'os-1', 'alt-1')).toEqual({ hidden: ['os'], os: [], alt: [] });
  });

  it('include an installed package that is bound to a sub-slot', async () => {
    expect(await needsOf('top-1', 'lib-1.2:0/1')).toEqual({ top: ['lib'], lib: [] });
  });

  it('case 5.10: include those that the ebuild of an installed package has, and its record lacks', async () => {
    expect(await needsOf('user-1', 'plug-1')).toEqual({ user: ['plug'], plug: [] });
  });

  it('include every alternative that is merged, and no blocked package', async () => {
    const needs = await needsOf('either-1', 'plug-1', 'alt-1', 'os-1');
    expect(needs).toEqual({ either: ['plug', 'alt'], plug: [], alt: [], os: [] });
  });
});
