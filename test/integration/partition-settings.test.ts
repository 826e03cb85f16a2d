import fc from 'fast-check';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { partitionCommand } from '../../src/store/partition.ts';
import { stage } from '../support/real-engine/real-engine.ts';

const profiles = '/var/db/repos/gentoo/profiles';
const profile = `${profiles}/default/linux/amd64/ministage`;

const append = (text: string, file = '/etc/portage/make.conf') =>
  `mkdir -p "$(dirname ${file})"; printf '%s\\n' '${text}' >>${file}`;
const makeConf = (lines: readonly string[]) => lines.map((line) => [line, append(line)] as const);
const features = (words: readonly string[]) =>
  words.map((word) => [`FEATURES=${word}`, append(`FEATURES="${word}"`)] as const);
const bashrc = append('true', '/etc/portage/bashrc');

const sourcing = append('source /etc/flags.conf', '/etc/portage/bashrc');
const profileBashrc = append('true', `${profile}/profile.bashrc`);
const env = append('CFLAGS="-O3"', '/etc/portage/env/lto.conf');

const changes = {
  /** Each of these can change the content of a package, and Portage does not compare it. */
  counted: [
    ...makeConf([
      'CC="clang"',
      'CXX="clang++"',
      'AR="llvm-ar"',
      'LD="ld.lld"',
      'NM="x"',
      'STRIP="true"',
      'BUILD_CC="x"',
    ]),
    ...makeConf(['EXTRA_ECONF="--disable-static"', 'EXTRA_EMAKE="V=1"', 'MYCMAKEARGS="-Dx=1"', 'LINGUAS="de"']),
    ...makeConf(['INSTALL_MASK="/usr/share/man"', 'PKG_INSTALL_MASK="*.la"', 'STRIP_MASK="*"', 'LC_ALL="de_DE.UTF-8"']),
    ...makeConf(['PORTAGE_COMPRESS="xz"', 'PORTAGE_COMPRESS_FLAGS="-9"', 'PORTAGE_COMPRESS_EXCLUDE_SUFFIXES="x"']),
    ...makeConf(['PORTAGE_STRIP_FLAGS="-s"', 'PORTAGE_XATTR_EXCLUDE="*"', 'QA_STRICT_TEXTRELS="1"', 'EGIT_BRANCH="x"']),
    ...features([
      'nostrip',
      'splitdebug',
      'compressdebug',
      'dedupdebug',
      'installsources',
      'packdebug',
      'xattr',
      'test',
    ]),
    ...features(['nodoc', 'noinfo', 'noman', 'sfperms', 'suidctl', 'stricter', 'strict-keepdir', 'a-new-feature']),
    ...features(['-binpkg-dostrip', '-binpkg-docompress', '-fixlafiles', '-multilib-strict', '-userpriv']),
    ['a variable of the profile', append('CC="clang"', `${profile}/make.defaults`)],
    ['a feature of the profile', append('FEATURES="nostrip"', `${profile}/make.defaults`)],
    ['a variable of a repository', append('CC="clang"', `${profiles}/make.defaults`)],
    [
      'an implicit USE flag',
      `${append('IUSE_IMPLICIT="prefix"', `${profile}/make.defaults`)}; ${append('USE="prefix"')}`,
    ],
    ['a file that make.conf reads', `echo 'CC="clang"' >/etc/portage/more; ${append('source /etc/portage/more')}`],
    ['a variable of an installed package', append('CC="clang"', '/etc/profile.env')],
    ['a variable of the environment', 'export CC=clang'],
    ['a feature of the environment', 'export FEATURES=nostrip'],
    ['a saved configuration, with its comments', append('# X is not set', '/etc/portage/savedconfig/sys-kernel/x')],
    ['a hook of one package', append('true', '/etc/portage/env/app-misc/motto')],
    ['a hook of one slot', append('true', '/etc/portage/env/app-misc/motto:0')],
    [
      'a file like package.use that a bashrc may read',
      `${bashrc}; ${append('*/* -O3', '/etc/portage/package.cflags')}`,
    ],
    ['another file like package.use', `${bashrc}; ${append('*/* -O3', '/etc/portage/package.cflags/a')}`],
    ['a file elsewhere that a bashrc reads', `${sourcing}; ${append('true', '/etc/flags.conf')}`],
    ['another content of that file', `${sourcing}; ${append('false', '/etc/flags.conf')}`],
    [
      'a file that this file reads',
      `${sourcing}; ${append('. "/etc/more.conf"', '/etc/flags.conf')}; ${append('x', '/etc/more.conf')}`,
    ],
    [
      "a file of a profile that the profile's bashrc may read",
      `${profileBashrc}; ${append('x', `${profile}/flags.sh`)}`,
    ],
    ['another such file', `${profileBashrc}; ${append('y', `${profile}/flags.sh`)}`],
    ["a profile's hook of one package", append('app-misc/motto x', `${profile}/package.bashrc`)],
    ["a file of a profile's hooks", append('true', `${profile}/bashrc/x`)],
    ['a profile of the user', append('FEATURES="nostrip"', '/etc/portage/profile/make.defaults')],
    ['defaults of configure scripts', append('enable_nls=no', '/usr/share/config.site')],
    ['other defaults of configure scripts', 'echo x >/tmp/site; export CONFIG_SITE=/tmp/site'],
    ['another content of that file of defaults', 'echo y >/tmp/site; export CONFIG_SITE=/tmp/site'],
    ...['CGO_ENABLED=0', 'GOEXPERIMENT=x', 'CARGO_PROFILE_RELEASE_LTO=fat', 'RUSTC_BOOTSTRAP=1', 'EXTRA_OEMAKE=x'].map(
      (text) => [`${text} of the image`, `export ${text}`] as const,
    ),
    ...[
      'STRIP_MASK=x',
      'CPATH=/x',
      'LIBRARY_PATH=/x',
      'SOURCE_DATE_EPOCH=1',
      'PORTAGE_XATTR_EXCLUDE=x',
      'GCC_SPECS=x',
    ].map((text) => [`${text} of the image`, `export ${text}`] as const),
    ['an assignment for make', append('MAKEOPTS="-j9 CC=clang"')],
    ['an assignment for make in the image', 'export MAKEFLAGS=CC=clang'],
    ['a file that a bashrc may read', `${bashrc}; ${append('true', '/etc/portage/bashrc.d/50-mine.sh')}`],
    ['a file that a file of env/ may source', `${env}; ${append('CFLAGS="-flto"', '/etc/portage/flags/lto.conf')}`],
    ['another file that a file of env/ may source', `${env}; ${append('CFLAGS="-O1"', '/etc/portage/flags/lto.conf')}`],
    ['a private variable that a file of env/ may use', `${env}; ${append('__LTO="-flto"')}`],
    ['another value of the private variable', `${env}; ${append('__LTO="-flto=auto"')}`],
    ['a configuration of kernels, with its comments', append('# X is not set', '/etc/kernel/config.d/50-x.config')],
    ['another configuration of kernels', append('CONFIG_X=y', '/etc/kernel/config.d/50-x.config')],
    ['eclasses of another repository', append('eclass-overrides = gentoo', '/etc/portage/repos.conf/gentoo.conf')],
    [
      'another repository, whose ebuild may have the same version',
      `${append('other', '/tmp/other/profiles/repo_name')}; ${append('[other]\nlocation = /tmp/other', '/etc/portage/repos.conf/other.conf')}`,
    ],
    ['a check of the installation', append('true', '/usr/local/lib/install-qa-check.d/50mine')],
  ],
  /** Each of these leaves the packages as they are, or Portage compares it. */
  leftOut: [
    ...makeConf(['GENTOO_MIRRORS="x"', 'FETCHCOMMAND="x"', 'http_proxy="x"', 'EGIT3_STORE_DIR="/x"', 'DISTDIR="/x"']),
    ...makeConf(['MAKEOPTS="-j9"', 'NINJAOPTS="-j9"', 'MAKEFLAGS="-j9"', 'PORTAGE_NICENESS="9"', 'CCACHE_DIR="/x"']),
    ...makeConf(['EMERGE_DEFAULT_OPTS="-v"', 'CONFIG_PROTECT="/x"', 'PORTAGE_ELOG_CLASSES="log"', 'LC_MESSAGES="C"']),
    ...makeConf(['BINPKG_COMPRESS="xz"', 'BINPKG_FORMAT="xpak"', 'PORTAGE_BINHOST="http://x"', 'PKGDIR="/x"']),
    ...makeConf(['ACCEPT_KEYWORDS="~amd64"', 'ACCEPT_LICENSE="*"', 'USE="ssl"', 'PORTAGE_RSYNC_OPTS="-x"']),
    ...features(['parallel-fetch', 'ccache', 'distcc', 'candy', 'keepwork', '-sandbox', '-merge-sync', 'buildpkg']),
    ...features(['binpkg-request-signature', 'binpkg-signing', 'getbinpkg', 'split-log', 'nostrip -nostrip', 'strict']),
    [
      'a USE_EXPAND variable',
      `${append('USE_EXPAND="VIDEO_CARDS"', `${profile}/make.defaults`)}; ${append('VIDEO_CARDS="x"')}`,
    ],
    ['options of make', append('MAKEOPTS="-j9 --jobs=9 -l2.5 --load-average=3 --output-sync=line"')],
    [
      'the order of lines, and comments',
      'cd /etc/portage; (echo "# x"; grep LC_ make.conf; grep -v LC_ make.conf) >/tmp/m; cat /tmp/m >make.conf',
    ],
    ['masks of other kinds', append('app-misc/x', '/etc/portage/package.mask/x')],
    ['licences of one package', append('app-misc/greet @FREE', '/etc/portage/package.license')],
    ['a file elsewhere that nothing reads', append('x', '/etc/flags.conf')],
    [
      'the caches of languages',
      'export GOPROXY=x GOCACHE=/x GOPATH=/x CARGO_HOME=/x CMAKE_BUILD_PARALLEL_LEVEL=2 RSYNC_PROXY=x',
    ],
    ['flags of one package', append('app-misc/greet ssl', '/etc/portage/package.use/x')],
    ['masks and keywords', append('app-misc/greet **', '/etc/portage/package.accept_keywords')],
    ['a set', append('app-misc/greet', '/etc/portage/sets/x')],
    ['a patch, which Portage compares', append('x', '/etc/portage/patches/app-misc/greet/x.patch')],
    ['a private variable, with no file of env/ to use it', append('__LTO="-flto"')],
    ['a file that is no configuration of kernels', append('x', '/etc/kernel/config.d/README')],
    ['a note, with no bashrc to read it', append('x', '/etc/portage/notes.txt')],
    [
      'another place of the repository',
      'cp -a /var/db/repos/gentoo /tmp/elsewhere; sed -i s,/var/db/repos/gentoo,/tmp/elsewhere, /etc/portage/repos.conf/*; ln -sfn /tmp/elsewhere/profiles/default/linux/amd64/ministage /etc/portage/make.profile',
    ],
    ['the environment of a container', 'export HOSTNAME=x TERM=x PWD=/ HOME=/x LD_LIBRARY_PATH=/x PKG_CONFIG_PATH=/x'],
  ],
} as const satisfies Record<string, readonly (readonly [string, string])[]>;

describe('case 2.3: the settings behind a partition', () => {
  let container: StartedTestContainer;
  let usual = '';

  /** The partition after each change of the configuration, by the change's name. Each change is undone before the next one. */
  const partitionsAfter = async (scripts: readonly (readonly [string, string])[]) => {
    const batch = `ask=("\${@:1:5}"); shift 5
      places=(/etc/portage ${profiles} /etc/profile.env)
      made=(/usr/local/lib/install-qa-check.d /etc/kernel/config.d /etc/flags.conf /etc/more.conf /usr/share/config.site)
      mkdir -p /tmp/kept; cp -a --parents "\${places[@]}" /tmp/kept
      for change; do
        (eval "$change"; "\${ask[@]}" 2>/tmp/said || tail -n 1 /tmp/said)
        rm -rf "\${places[@]}" "\${made[@]}"; cp -a /tmp/kept/. /
      done`;
    const command = ['bash', '-c', batch, 'bash', ...partitionCommand(), ...scripts.map(([, script]) => script)];
    const { stdout, output } = await container.exec(command);
    const partitions = stdout.trim().split('\n');
    expect(partitions, output).toHaveLength(scripts.length);
    return scripts.map(([name], index) => [name, partitions[index]?.split('/')[2] ?? ''] as const);
  };
  /** Loads the program without running it, and prints the answer to a question about its functions. */
  const askProgram = async (question: string): Promise<unknown> => {
    const [python = '', isolated = '', option = '', text = ''] = partitionCommand();
    const program = `${text.replace('if __name__ == "__main__":', 'if False:')}\n${question}`;
    const { stdout, output, exitCode } = await container.exec([python, isolated, option, program]);
    expect(exitCode, output).toBe(0);
    return JSON.parse(stdout) as unknown;
  };

  beforeAll(async () => {
    container = await new GenericContainer(stage).withCommand(['sleep', 'infinity']).start();
    const { exitCode, output } = await container.exec(['emerge', '--sync', '-q']);
    expect(exitCode, output).toBe(0);
    usual = (await partitionsAfter([['no change', 'true']]))[0]?.[1] ?? '';
    expect(usual).toMatch(/^default-linux-amd64-ministage-v2-[0-9a-f]{12}$/);
  });
  afterAll(() => container.stop({ timeout: 0, remove: true, removeVolumes: true }));

  it('case 2.3: each that can change a package, and that Portage does not compare, has a separate partition', async () => {
    const partitions = await partitionsAfter(changes.counted);
    expect(partitions.filter(([, partition]) => !/-v2-[0-9a-f]{12}$/.test(partition))).toEqual([]);
    const different = new Set(partitions.map(([, partition]) => partition));
    expect(partitions.filter(([, partition]) => partition === usual)).toEqual([]);
    // A variable or a feature is the same wherever it was set: CC five times, and nostrip three times.
    expect(different.size).toBe(partitions.length - 4 - 2);
  });

  it('case 2.3: no other setting does', async () => {
    const partitions = await partitionsAfter(changes.leftOut);
    expect(partitions.filter(([, partition]) => partition !== usual)).toEqual([]);
  });

  it('case 2.3: any other variable of make.conf may be read by an ebuild, and counts', async () => {
    const name = fc.stringMatching(/^MY_[A-Z]{3,9}$/);
    const value = fc.stringMatching(/^[a-z0-9,.:=+-]{1,20}$/);
    const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
    const samples = fc.sample(
      fc.uniqueArray(fc.tuple(name, value), { minLength: 12, maxLength: 12, selector: String }),
      {
        seed,
        numRuns: 1,
      },
    );
    const partitions = await partitionsAfter((samples[0] ?? []).map(([x, y]) => [`${x}=${y}`, append(`${x}="${y}"`)]));
    expect(new Set(partitions.map(([, partition]) => partition)).size, `seed ${seed}`).toBe(12);
    expect(partitions.map(([, partition]) => partition)).not.toContain(usual);
  });

  it('case 2.3: what Portage itself keeps from ebuilds is left out', async () => {
    const counted = await askProgram(`
import json
from portage.package.ebuild._config.special_env_vars import environ_filter, env_blacklist
print(json.dumps(sorted(name for name in environ_filter - env_blacklist if name[0] != '_' and counts(name, portage.settings))))`);
    // Variables of the environment that are no settings, which count only if make.conf has them.
    expect(counted).toEqual(['GLOBSORT', 'HISTFILE', 'O', 'POSIXLY_CORRECT', 'PYTHONUTF8', 'USER']);
  });

  it('case 2.3: each feature that is left out is one of Portage', async () => {
    const unknown = await askProgram(`
import json
from portage.const import SUPPORTED_FEATURES
print(json.dumps(sorted(set(" ".join(LEFT_OUT_FEATURES.values()).split()) - SUPPORTED_FEATURES)))`);
    expect(unknown).toEqual([]);
  });
});
