import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAll, git, writeFiles } from './git-program.ts';
import { edit, hooks, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

/** Something wrong with everything but site.yaml, and with nothing that it would take that file to see. */
function harmOthers(site: string): void {
  rmSync(join(portage(site), 'make.profile'));
  writeFiles(portage(site), { 'repos.conf/local': '[local]\n' });
  commitAll(portage(site));
  writeFiles(hooks(site), { assemble: '#!/bin/sh\n' });
  commitAll(hooks(site));
  edit(site, 'config/tuples', 'v2-base-plain', 'v2-base-plan');
  writeFiles(site, { 'config/sets/tools': '@more\n', 'config/sets/more': 'greet\n@tools\n' });
}

const others = [
  'config/buildhooks@plain:assemble:1:1: it is not executable, and a hook is: git update-index --chmod=+x assemble',
  "config/portage/sets/more:1:1: 'greet' is no atom: in a set a package is category/name, like net-misc/curl",
  'config/portage/sets/more:2:1: the set @more contains itself: tools > more > tools',
  expect.stringMatching(/^config\/portage@base:make\.profile:1:1: it is missing/),
  expect.stringMatching(
    /^config\/portage@base:repos\.conf\/local:1:1: the repository 'local' has no absolute location/,
  ),
  "config/tuples:3:16: there is no buildhooks branch 'plan'; did you mean 'plain'?",
];

/** What is done to site.yaml, and what is said of that. */
const faults: readonly (readonly [string, (site: string) => void, readonly unknown[]])[] = [
  ['is not there', (site) => rmSync(join(site, 'site.yaml')), ['site.yaml:1:1: there is no such file']],
  ['is empty', (site) => writeFiles(site, { 'site.yaml': '' }), [expect.stringContaining('site.yaml is empty')]],
  [
    'is damaged',
    (site) => edit(site, 'site.yaml', /outputs: .*/, 'outputs: ['),
    [expect.stringMatching(/^site\.yaml:\d+:\d+: /)],
  ],
  [
    'has its cpus twice',
    (site) => edit(site, 'site.yaml', 'stages:', 'cpus: { one: { CHOST: i686-pc-linux-gnu, CFLAGS: -O2 } }\nstages:'),
    ['site.yaml:29:1: Map keys must be unique'],
  ],
  [
    'has no cpus',
    (site) => edit(site, 'site.yaml', /cpus:\n[^]*(?=# The images)/, ''),
    ['site.yaml:9:1: site.yaml has no cpus'],
  ],
  [
    'has a cpu that is a text',
    (site) => edit(site, 'site.yaml', /x86-64-v2:\n.*\n.*\n.*\n/, 'x86-64-v2: fast\n'),
    ["site.yaml:20:14: cpus.x86-64-v2 must be a map (key: value), not the text 'fast'"],
  ],
  [
    'has a CHOST that is none',
    (site) => edit(site, 'site.yaml', 'CHOST: x86_64-pc-linux-gnu', 'CHOST: X'),
    ["site.yaml:18:12: cpus.x86-64.CHOST is not a CHOST such as x86_64-pc-linux-gnu: 'X'"],
  ],
  [
    'has a cpu with an odd name',
    (site) =>
      edit(site, 'site.yaml', 'x86-64-v2:\n', 'x86-64-v2:\n    CHOST: i686-pc-linux-gnu\n    CFLAGS: -O2\n  X:\n'),
    [expect.stringMatching(/^site\.yaml:23:3: the name 'X' is not a name that an image may have/)],
  ],
  [
    'has volumes that are none',
    (site) => edit(site, 'site.yaml', 'outputs:', 'volumes: { binpkgs: ./x, distfiles: 1 }\noutputs:'),
    [
      expect.stringMatching(/^site\.yaml:36:21: volumes\.binpkgs is not the name of a volume/),
      'site.yaml:36:37: volumes.distfiles must be a text, not 1: put it in quotes',
    ],
  ],
  [
    'has stages with branches that are none',
    (site) => edit(site, 'site.yaml', 'optimize: none', 'branches: base'),
    ["site.yaml:33:15: stages.ministage.branches must be a list (- value), not the text 'base'"],
  ],
  [
    'has a branch of a stage that is no text',
    (site) => edit(site, 'site.yaml', 'optimize: none', 'branches: [1, bsae]'),
    [
      'site.yaml:33:16: stages.ministage.branches[1] must be a text, not 1: put it in quotes',
      "site.yaml:33:19: there is no portage branch 'bsae'; did you mean 'base'?",
    ],
  ],
  [
    'has tuples that are a map',
    (site) => edit(site, 'site.yaml', /tuples:\n[^]*/, 'tuples: {}\n'),
    ['site.yaml:39:9: tuples must be a list (- value), not a map'],
  ],
  [
    'has a tuple in which much is wrong',
    (site) =>
      edit(site, 'site.yaml', /portage: musl\n[^]*/, 'portage: muls\n    buildhooks: plane\n    cross: maybe\n'),
    [
      'site.yaml:40:5: tuples[1] has no packages',
      expect.stringMatching(/^site\.yaml:41:14: there is no portage branch 'muls'/),
      expect.stringMatching(/^site\.yaml:42:17: there is no buildhooks branch 'plane'/),
      "site.yaml:43:12: tuples[1].cross must be true or false, not the text 'maybe'",
    ],
  ],
];

describe('site.yaml hides no other fault, and causes no further diagnostics, if it', () => {
  it.each(faults)('%s', (_name, harm, expected) => {
    using directory = temporarySite();
    harmOthers(directory.path);
    harm(directory.path);
    expect(readOrExplain(directory.path)).toEqual([...others, ...expected]);
  });
});

const unreadable: readonly (readonly [string, (site: string) => void, readonly unknown[]])[] = [
  [
    'config/portage',
    (site) => {
      rmSync(join(portage(site), '.git'), { recursive: true });
      edit(site, 'config/tuples', 'v2-base-plain', 'v2-bsae-plan');
      edit(site, 'config/sets/tools', 'app-misc/greet', 'greet');
    },
    [
      expect.stringMatching(/^config\/portage:1:1: it is not a git repository/),
      expect.stringMatching(/^config\/portage\/sets\/tools:2:1: 'greet' is no atom/),
      expect.stringMatching(/^config\/tuples:3:\d+: there is no buildhooks branch '.*'; did you mean 'plain'\?$/),
    ],
  ],
  [
    'config/buildhooks',
    (site) => {
      rmSync(join(hooks(site), '.git'), { recursive: true });
      edit(site, 'config/tuples', 'v2-base-plain', 'v2-bsae-plain');
    },
    [
      expect.stringMatching(/^config\/buildhooks:1:1: it is not a git repository/),
      expect.stringMatching(/^config\/tuples:3:\d+: there is no portage branch '.*'; did you mean 'base'\?$/),
    ],
  ],
  [
    'config/sets',
    (site) => {
      rmSync(join(site, 'config/sets'), { recursive: true });
      writeFiles(site, { 'config/sets': 'app-misc/greet\n' });
      edit(site, 'config/tuples', 'v2-base', 'v2-bsae');
    },
    [
      'config/sets:1:1: it is a file: it must be a directory with one file per set',
      expect.stringMatching(/^config\/tuples:3:\d+: there is no portage branch '.*'; did you mean 'base'\?$/),
    ],
  ],
  [
    'a branch with sets of its own',
    (site) => {
      git(portage(site), 'checkout', '--quiet', 'musl');
      rmSync(join(portage(site), 'sets'));
      writeFiles(site, { 'config/portage/sets/own': 'a/b\n' });
      git(portage(site), 'add', '--force', 'sets/own');
      commitAll(portage(site));
      edit(site, 'site.yaml', 'packages: tools', 'packages: own');
      const tree = git(portage(site), 'rev-parse', 'musl:make.profile').trim();
      git(portage(site), 'checkout', '--quiet', 'base');
      rmSync(join(portage(site), '.git/objects', tree.slice(0, 2), tree.slice(2)));
      edit(site, 'config/tuples', /tools\n$/, 'tolos\n');
    },
    [
      expect.stringMatching(/^config\/portage@musl:1:1: the object [0-9a-f]{40} is missing/),
      expect.stringMatching(
        /^config\/tuples:3:\d+: the branch 'base' has no package set 'tolos'; did you mean 'tools'\?$/,
      ),
    ],
  ],
];

describe('an unreadable part causes no further diagnostics', () => {
  it.each(unreadable)('%s', (_name, harm, expected) => {
    using directory = temporarySite();
    harm(directory.path);
    expect(readOrExplain(directory.path)).toEqual(expected);
  });
});
