import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectEngine } from '../../src/engine/docker/connect-engine.ts';
import type { ContainerId } from '../../src/engine/identifiers.ts';
import { commandsIn } from '../../src/engine/run-command.ts';
import { parsePretendedPackage, type PretendedPackage } from '../../src/portage/output/pretend-package.ts';
import { findDependencies } from '../../src/store/dependencies.ts';
import { parsePartition } from '../../src/store/partition.ts';
import type { StoreMount } from '../../src/store/portage-program.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
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
  'cat/tool-1': 'BDEPEND="cat/os"\nRDEPEND="cat/plug"',
  'cat/built-1': 'inherit own\nBDEPEND="cat/tool"\nRDEPEND="cat/lib"\nSRC_URI="https://example.org/built-1.tar"',
  'cat/live-9999': 'PROPERTIES="live"',
} as const;

const script = `
emerge --sync -q
cd /var/db/repos/x
mkdir -p metadata profiles eclass cat/built/files /etc/portage/repos.conf
echo '# one' >eclass/own.eclass; echo one >cat/built/files/one.patch; echo 'DIST built-1.tar 1 SHA512 1' >cat/built/Manifest
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

  /** Reads the lines of emerge for packages, without the category and the repository. `=` stands before a binary package. */
  const parse = (printed: readonly string[]) =>
    printed.map((text): PretendedPackage => {
      const [, binary = '', cpv = '', rest = ''] = /^(=?)(\S+)(.*)$/.exec(text) ?? [];
      const kind = binary === '' ? 'ebuild ' : 'binary ';
      const parsed = parsePretendedPackage(`[${kind} N     ] cat/${cpv}${binary === '' ? '' : '-1'}::x ${rest}`);
      if (parsed === undefined) throw new Error(text);
      return parsed;
    });

  /** The inputs of the first of the packages that emerge prints. */
  const inputsOf = async (...printed: readonly string[]) => (await findDependencies(store, parse(printed))).inputs[0];

  const change = async (command: string) => {
    const { status, stderr } = await runProgram('docker', [
      'exec',
      '-w',
      '/var/db/repos/x',
      name,
      'sh',
      '-ec',
      command,
    ]);
    expect(status, stderr).toBe(0);
  };

  /** The dependencies of each package by name, as emerge prints them, with the category and the repository added. */
  const needsOf = async (...printed: readonly string[]) => {
    const { needs } = await findDependencies(store, parse(printed));
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

  describe('as inputs of a package', () => {
    const all = ['built-1', 'tool-1', 'os-1', 'plug-1 USE="nls"'] as const;
    const tools = all.slice(1);

    it('are not known if the package is not compiled, or is live', async () => {
      expect(await inputsOf('=built-1', ...tools)).toBe('');
      expect(await inputsOf('live-9999')).toBe('');
      expect(await inputsOf('gone-1')).toBe('');
    });

    it('are the same if a dependency is in the store, whose own build dependencies are then not merged', async () => {
      const inputs = await inputsOf(...all);
      expect(inputs).toMatch(/^[0-9a-f]{64}$/);
      expect(await inputsOf('built-1', '=tool-1', '=plug-1 USE="nls"')).toBe(inputs);
      expect(await inputsOf(...all, 'alt-1')).toBe(inputs);
    });

    it('change with the version and the flags of what a dependency needs to run', async () => {
      const inputs = await inputsOf(...all);
      expect(await inputsOf('built-1', 'tool-1', 'plug-1 USE="-nls"')).not.toBe(inputs);
      expect(await inputsOf('built-1', 'tool-1', 'plug-2 USE="nls"')).not.toBe(inputs);
      expect(await inputsOf(...all, 'lib-1.2:0/1')).not.toBe(inputs);
    });

    it.each([
      ['its ebuild', "echo '# two' >>cat/built/built-1.ebuild"],
      ['an eclass', "echo '# two' >>eclass/own.eclass"],
      ['a patch', 'echo two >>cat/built/files/one.patch'],
      ['the checksum of a source', "echo 'DIST built-1.tar 1 SHA512 2' >cat/built/Manifest"],
      ['an installed dependency', 'FEATURES=-merge-sync emerge -q --oneshot =cat/lib-1.2'],
    ])('change with %s', async (_what, command) => {
      const inputs = await inputsOf(...all);
      await change(command);
      expect(await inputsOf(...all)).not.toBe(inputs);
    });

    it('do not change with other packages, or with sources of other versions', async () => {
      const inputs = await inputsOf(...all);
      await change("echo '# two' >>cat/alt/alt-1.ebuild; echo 'DIST built-2.tar 1 SHA512 1' >>cat/built/Manifest");
      expect(await inputsOf(...all)).toBe(inputs);
    });
  });
});
