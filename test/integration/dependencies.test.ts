import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../src/engine/connect-engine.ts';
import type { ContainerId } from '../../src/engine/engine.ts';
import { parsePretendedPackage, type PretendedPackage } from '../../src/portage/pretend-package.ts';
import { findDependencies } from '../../src/store/dependencies.ts';
import { parsePartition } from '../../src/store/partition.ts';
import type { StoreMount } from '../../src/store/portage-program.ts';
import { rawDocker, stage, uniqueName } from '../support/real-engine.ts';
import { runProgram } from '../support/run-program.ts';

/** Ebuilds of a repository `x`: `cat/name-version` to what they say besides the usual. */
const ebuilds = {
  'cat/lib-1.1': 'SLOT="0/1"',
  'cat/lib-1.2': 'SLOT="0/1"',
  'cat/mid-1': 'RDEPEND="cat/lib:="',
  'cat/os-1': '',
  'cat/plug-1': '',
  'cat/alt-1': '',
  'cat/top-1': 'BDEPEND="cat/mid"',
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
FEATURES=-merge-sync emerge -q --oneshot =cat/lib-1.1 cat/mid
`;

describe('which package needs which', { timeout: 60_000 }, () => {
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
    store = { engine: await connectEngine(process.env), container: started.stdout.trim() as ContainerId, partition };
    const { status, stderr } = await runProgram('docker', ['exec', name, 'bash', '-ec', `${write}\n${script}`]);
    expect(status, stderr).toBe(0);
  }, 60_000);
  afterAll(() => rawDocker().getContainer(name).remove({ force: true, v: true }));

  /** What each of them needs, by name; each as emerge prints it, with the category and the repository added. */
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

  it('goes by the flags that are on', async () => {
    const needs = await needsOf('flags-1 USE="plug -ssl"', 'plug-1', 'alt-1');
    expect(needs).toEqual({ flags: ['plug'], plug: [], alt: [] });
  });

  it('goes by flags that emerge does not print, such as that of the kernel', async () => {
    expect(await needsOf('hidden-1', 'os-1', 'alt-1')).toEqual({ hidden: ['os'], os: [], alt: [] });
  });

  it('sees through what is installed, which was bound to a sub-slot', async () => {
    expect(await needsOf('top-1', 'lib-1.2:0/1')).toEqual({ top: ['lib'], lib: [] });
  });

  it('takes every alternative that is merged, and nothing that is blocked', async () => {
    const needs = await needsOf('either-1', 'plug-1', 'alt-1', 'os-1');
    expect(needs).toEqual({ either: ['plug', 'alt'], plug: [], alt: [], os: [] });
  });
});
