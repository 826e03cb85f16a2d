import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Builder } from '../support/builder.ts';
import { stage } from '../support/real-engine/real-engine.ts';
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

/** An instruction set that this machine lacks: its names for GCC and in /proc/cpuinfo. */
const foreign = [
  ['-mxop', 'xop'],
  ['-mamx-tile', 'amx_tile'],
  ['-mavx512er', 'avx512er'],
].find(([, flag = '']) => !new RegExp(String.raw`\b${flag}\b`).test(readFileSync('/proc/cpuinfo', 'utf8'))) ?? ['', ''];

const makeConf = `LC_MESSAGES="C.UTF-8"
EMERGE_DEFAULT_OPTS="--ask --jobs=2 --getbinpkg --verbose"
FEATURES="getbinpkg"
PORTAGE_BINHOST="http://binhost.invalid/packages"
`;

/** Builds tuples that each fail in another way beside tuples that succeed. */
describe('zentoo build of tuples that fail in different ways', () => {
  const builder = new Builder();
  const site = new ZentooSite('build');
  let trees: SharedTrees & AsyncDisposable;
  let first: BuildOutcome;
  const inImage = (tuple: string, script: string) => inContainer(`zentoo/${site.name}/${tuple}`, script);

  beforeAll(async () => {
    trees = await makeTrees();
    // A stage that has its own configuration, an own file and an own package.
    const own = await builder.makeImage(
      stage,
      `RUN mkdir -p /etc/portage/gnupg /etc/portage/env && echo kept >/etc/portage/gnupg/key && echo gone >/etc/portage/env/stale && echo "# the stage's" >/etc/motto.conf`,
    );
    site.write(
      'site.yaml',
      siteYaml(site, trees, {
        cpus: { plain: '-O2 -pipe', other: '-O1', future: `-O2 ${foreign[0]}` },
        stages: `{ own: { image: ${own} } }`,
        more: `tuples:
  - { cpu: plain, portage: base, buildhooks: plain, packages: nothing, outputs: [image] }
`,
      }).replace('stages:', '  alien: { CHOST: i686-pc-linux-gnu, CFLAGS: -O2 }\nstages:'),
    );
    site.write(
      'config/tuples',
      [
        'other-base-plain-broken',
        'future-base-plain-tools',
        'alien-base-plain-tools',
        'plain-base-writes-tools',
        'plain-base-adds-tools',
        'other-odd-told-tools',
        'plain-base-replaces-systemset',
      ].join('\n'),
    );
    site.write('config/sets/tools', 'app-misc/timepiece:2\napp-misc/motto\n');
    site.write('config/sets/broken', 'test-fault/half-done\n');
    site.write('config/sets/nothing', '# nothing\n');
    site.write('config/sets/systemset', '@system\n@tools\n');
    site.branch('portage', 'base', { 'make.conf': makeConf, 'repos.conf/faults.conf': faultsConf });
    site.branch('portage', 'odd', {
      'make.conf': '-> settings',
      'settings/main': makeConf,
      'settings/zzzzzz': 'CFLAGS="-O0"\n',
      'package.env': 'app-misc/timepiece special\n',
      'env/special': 'CFLAGS="-O3"\n',
      'zentoo/protected-files': '# what is kept\n/etc/*.conf old\n',
      'package.use/greet': '# greet\n',
      'package.use/._cfg0000_greet': '# left over\n',
      'bin/tool': '#!/bin/sh\n',
      'patches/link': '-> ../bin/tool',
      'patches/away': '-> /nowhere/at/all',
    });
    site.branch('buildhooks', 'writes', {
      assemble: '#!/bin/sh\necho "to the store:"\ntouch /var/cache/binpkgs/mine\n',
    });
    site.branch('buildhooks', 'adds', { assemble: '#!/bin/sh\necho app-misc/greet >>/etc/portage/sets/tools\n' });
    site.branch('buildhooks', 'replaces', {
      finish: '#!/bin/sh\nexit 0\n',
      assemble: `#!/bin/sh
# Compiles one of the set's packages in the root itself, under a higher version than the store has.
PKGDIR=/tmp/mine emerge --quiet --ask=n --usepkg=n --getbinpkg=n --oneshot app-misc/timepiece:2 && sed -i 's/.*/9999999999/' /var/db/pkg/app-misc/timepiece-2.0/BUILD_TIME
`,
    });
    site.branch('buildhooks', 'told', {
      compile: '-> lib/tell',
      'lib/tell': '#!/bin/sh\n. ./lib/words\ntell "$(basename "$0")"\n',
      'lib/words': 'tell() { env | grep ^ZENTOO_ | sort; pwd; }\n',
      finish: '#!/bin/sh\n. ./lib/words\ntell finish >/etc/told\n',
    });
    first = await site.build();
  });
  afterAll(async () => {
    await site[Symbol.asyncDispose]();
    await trees[Symbol.asyncDispose]();
    await builder[Symbol.asyncDispose]();
  });

  const failureOf = (tuple: string) => {
    const [failure] = first.tuples.get(tuple)?.failures ?? [];
    return [failure?.exitStatus, failure?.message.replace(`${tuple}: `, '')];
  };

  it('builds every tuple that can be built, and exits with the status of the first failure', () => {
    expect(first.status, first.stderr).toBe(31);
    expect([...first.tuples.values()].map(({ name, type }) => [name, type])).toEqual([
      ['other-base-plain-broken', 'failed'],
      ['future-base-plain-tools', 'failed'],
      ['alien-base-plain-tools', 'failed'],
      ['plain-base-writes-tools', 'failed'],
      ['plain-base-adds-tools', 'failed'],
      ['other-odd-told-tools', 'built'],
      ['plain-base-replaces-systemset', 'built'],
      ['plain-base-plain-nothing', 'built'],
    ]);
  });

  it('keeps the diagnostics of a failed package at the place that the message names', async () => {
    expect(failureOf('other-base-plain-broken')).toEqual([
      31,
      'failed to emerge test-fault/half-done-1: the compile phase failed: and here it ends',
    ]);
    const hint = first.tuples.get('other-base-plain-broken')?.failures?.[0]?.hint ?? '';
    const [program = '', ...args] = /the whole log: (.*)/.exec(hint)?.[1]?.split(' ') ?? [];
    expect((await runProgram(program, args)).stdout).toContain('and here it ends');
    const places = [...hint.matchAll(/the volume (\S+), (\S+)/g)];
    expect(places.map(([, , path = '']) => path.replace(/^[^/]*\//, ''))).toEqual([
      'emerge-info.txt',
      'test-fault_half-done-1/environment',
      'test-fault_half-done-1/sub_config.log',
    ]);
    const volume = ['-v', `${places[0]?.[1]}:/log:ro`];
    const kept = await inContainer(
      stage,
      `cd /log && head -c 100000 ${places.map((place) => place[2]).join(' ')}`,
      volume,
    );
    expect(kept).toMatch(/^Portage 3.*^CFLAGS="-O1"$.*^src_compile \(\) *$.*^the words of configure$/ms);
  });

  it('refuses a CPU that the machine cannot run, and a CHOST that differs from the stage’s, before anything is compiled', () => {
    expect(failureOf('future-base-plain-tools')).toEqual([
      21,
      expect.stringMatching(
        new RegExp(`^failed to use the cpu future: the machine of the engine lacks .*${foreign[1]}`),
      ),
    ]);
    expect(failureOf('alien-base-plain-tools')).toEqual([
      21,
      'failed to use the cpu alien: its CHOST is i686-pc-linux-gnu, but the stage own compiles for x86_64-pc-linux-gnu',
    ]);
    expect(first.stderr).not.toMatch(/^(?:future|alien)-base:\S+: compile/m);
  });

  it('mounts the store read-only for an assembly; a hook that fails is named with its output', () => {
    expect(failureOf('plain-base-writes-tools')).toEqual([
      52,
      'failed to run the hook assemble of the buildhooks branch writes: it ended with 1',
    ]);
    expect(first.stderr).toMatch(/^(?:\S+ \| )?touch: .*: Read-only file system$/m);
  });

  it('fails with 43 and the name of the package that the store lacks, and compiles nothing', () => {
    expect(failureOf('plain-base-adds-tools')).toEqual([
      43,
      'failed to assemble the root: the store has no package for app-misc/greet',
    ]);
    // The lines under a tuple's own name are from its assembly; the hook of one tuple compiles.
    expect(first.stderr.match(/^[\w-]+ \| >>> Emerging \(.*/gm)).toEqual([
      expect.stringMatching(/^plain-base-replaces-systemset \| .*app-misc\/timepiece-2.0/),
    ]);
  });

  it('replaces the stage’s /etc/portage except gnupg/, with links and modes kept; CPU settings come last, package.env overrides them', async () => {
    const shown = await inImage(
      'other-odd-told-tools',
      `cd /etc/portage && cat gnupg/key && ls env && readlink make.conf patches/link patches/away && stat -c %a bin/tool
      portageq envvar CFLAGS CXXFLAGS; cat /var/db/pkg/app-misc/*/CFLAGS`,
    );
    expect(shown.split('\n')).toEqual([
      ...['kept', 'special', 'settings', '../bin/tool', '/nowhere/at/all', '755'],
      ...['-O1', '-O1'],
      ...['-O1', '-O3', ''],
    ]);
  });

  it('takes new configuration files unless a rule of the branch keeps the old one, and reports each', async () => {
    const look = 'cat /etc/motto.conf; find /etc -path /etc/portage -prune -o -name "._cfg*" -print';
    expect(await inImage('plain-base-replaces-systemset', look)).toBe('# motto 1.1\n');
    expect(await inImage('other-odd-told-tools', look)).toBe("# the stage's\n");
    expect(first.stderr).toContain('note: plain-base-replaces-systemset: /etc/motto.conf: took the new one\n');
    expect(first.stderr).toContain('note: other-odd-told-tools: /etc/motto.conf: took the old one\n');
  });

  it('case 2.8: leaves files of the branch that look like configuration files that Portage left', async () => {
    const look = 'cd /etc/portage/package.use && cat greet ._cfg0000_greet';
    expect(await inImage('other-odd-told-tools', look)).toBe('# greet\n# left over\n');
  });

  it('runs hooks in a copy of their branch with the tuple’s parts in the environment; a hook may be a link', async () => {
    const told = [
      'ZENTOO_BUILDHOOKS=told',
      expect.stringMatching(/^ZENTOO_BUILDHOOKS_COMMIT=[0-9a-f]{40}$/),
      'ZENTOO_CHOST=x86_64-pc-linux-gnu',
      'ZENTOO_CPU=other',
      'ZENTOO_HOOK=finish',
      'ZENTOO_PACKAGES=tools',
      'ZENTOO_PORTAGE=odd',
      expect.stringMatching(/^ZENTOO_PORTAGE_COMMIT=[0-9a-f]{40}$/),
      'ZENTOO_ROOT=/',
      `ZENTOO_SITE=${site.name}`,
      'ZENTOO_STAGE=own',
      'ZENTOO_TUPLE=other-odd-told-tools',
      expect.stringMatching(/hooks$/),
      '',
    ];
    expect((await inImage('other-odd-told-tools', 'cat /etc/told')).split('\n')).toEqual(told);
    expect(first.stderr).toMatch(/^other-odd-told-tools \| ZENTOO_HOOK=compile$/m);
  });

  it('installs the packages of nested sets and @system from the store, even if the stage has them; an empty set gives @system', async () => {
    const list = 'cd /var/db/pkg && ls -d */* && cat app-misc/timepiece-2.0/BUILD_TIME';
    expect((await inImage('plain-base-replaces-systemset', list)).split('\n')).toEqual([
      ...['app-misc/motto-1.1', 'app-misc/timepiece-2.0', 'sys-apps/stage-info-1.0', 'sys-apps/yesno-1.0'],
      expect.not.stringMatching(/^9999999999$/),
      '',
    ]);
    expect(await inImage('plain-base-plain-nothing', 'cd /var/db/pkg && ls -d */*')).toBe(
      'sys-apps/stage-info-1.0\nsys-apps/yesno-1.0\n',
    );
  });

  it('cases 1.2 and 1.3: names packages that are damaged, missing or of another CPU, and compiles them again', async () => {
    await site.inStore(`cd /var/cache/binpkgs/x86_64-pc-linux-gnu
      rm plain/*/app-misc/timepiece/*
      cp other/*/app-misc/timepiece/*-1.gpkg.tar plain/*/app-misc/timepiece/
      for path in plain/*/app-misc/motto/*.gpkg.tar; do
        touch -r $path /tmp/time; size=$(stat -c %s $path)
        head -c 64 /dev/urandom | dd of=$path bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null; touch -r /tmp/time $path
      done`);
    const again = await site.run(['build', 'plain-base-adds-tools']);
    expect(again.status, again.stderr).toBe(43);
    expect(again.stdout).toMatch(/^TUPLE +STATE +IMAGE +ARCHIVE\nplain-base-adds-tools +failed: package-missing *\n$/);
    expect(again.stderr).toMatch(
      /^warning: the binary package app-misc\/timepiece\/timepiece-2.0-1.gpkg.tar is not used: its CFLAGS are "-O3", and here they are "-O2 -pipe"\n  hint: its package is compiled again; the file is in the store: quarantine/m,
    );
    expect(again.stderr).toMatch(
      /^warning: the binary package app-misc\/motto\/motto-1.1-\d.gpkg.tar is not used: it/m,
    );
    const compiled = again.stderr.match(/(?<=^(?:\S+ \| )?)>>> Emerging \(.*/gm)?.toSorted();
    expect(compiled).toEqual([
      expect.stringContaining('app-misc/motto-1.1'),
      expect.stringContaining('app-misc/timepiece-2.0'),
    ]);
    const aside =
      'cd /var/cache/binpkgs/quarantine && find . -name "*.gpkg.tar" | sed "s,.*/,,; s,-[0-9]*.gpkg.tar,," | sort -u';
    expect(await site.inStore(aside)).toBe('motto-1.1\ntimepiece-2.0\n');
  });
});
