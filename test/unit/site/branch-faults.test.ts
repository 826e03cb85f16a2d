import { chmodSync, mkdirSync, renameSync, rmSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSite } from '../../../src/site/read/read-site.ts';
import { commitAll, git, writeFiles } from './git-program.ts';
import { commitFiles, edit, hooks, portage } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

function writeHook(site: string, path: string, content: string | Buffer): void {
  writeFiles(hooks(site), { [path]: content });
  chmodSync(join(hooks(site), path), 0o755);
  commitAll(hooks(site));
}

function objectFile(repository: string, revision: string): string {
  const id = git(repository, 'rev-parse', revision).trim();
  return join(repository, '.git/objects', id.slice(0, 2), id.slice(2));
}

const volumes = (text: string) => (site: string) =>
  edit(site, 'site.yaml', 'outputs:', `volumes: { ${text} }\noutputs:`);

const bad: readonly (readonly [string, (site: string) => void, readonly unknown[]])[] = [
  [
    'one volume for binary packages and sources',
    volumes('binpkgs: here, distfiles: here'),
    ['site.yaml:36:21: here already has the sources (distfiles), and cannot also have the binary packages (binpkgs)'],
  ],
  [
    'the usual volume of the sources for binary packages',
    volumes('binpkgs: gentoo-distfiles'),
    [expect.stringMatching(/^site\.yaml:36:21: gentoo-distfiles already has the sources \(distfiles\)/)],
  ],
  [
    'one directory for binary packages and a repository',
    volumes('binpkgs: /srv//x, trees: { gentoo: /srv/x/ }'),
    [
      "site.yaml:36:47: /srv/x/ already has the binary packages (binpkgs), and cannot also have the repository 'gentoo'",
    ],
  ],
  [
    'a hook that leads out of the branch',
    (site) => {
      symlinkSync('../portage/make.conf', join(hooks(site), 'assemble'));
      symlinkSync('/etc/portage/finish', join(hooks(site), 'compile'));
      commitAll(hooks(site));
    },
    ['assemble', 'compile'].map(
      (name) =>
        `config/buildhooks@plain:${name}:1:1: it is a symbolic link that does not lead to an executable file of this branch`,
    ),
  ],
  [
    'a hook that leads to what is not executable',
    (site) => {
      symlinkSync('lib/run', join(hooks(site), 'assemble'));
      commitFiles(hooks(site), { 'lib/run': '#!/bin/sh\n' });
    },
    [
      'config/buildhooks@plain:assemble:1:1: it is a symbolic link that does not lead to an executable file of this branch',
    ],
  ],
  [
    'a hook of another system',
    (site) => writeHook(site, 'assemble', '#!/bin/sh\r\ntrue\r\n'),
    [
      'config/buildhooks@plain:assemble:1:1: its first line ends with CR LF: the kernel would look for an interpreter whose name ends with CR',
    ],
  ],
  [
    'a hook without #!',
    (site) => writeHook(site, 'assemble', 'true\n'),
    ['config/buildhooks@plain:assemble:1:1: it must begin with #! and the path of its interpreter, as in #!/bin/sh'],
  ],
  [
    'an object that is missing, and one that has nothing in it',
    (site) => {
      rmSync(objectFile(portage(site), 'base:make.conf'));
      const empty = objectFile(hooks(site), 'plain:finish');
      chmodSync(empty, 0o644);
      truncateSync(empty);
    },
    [
      expect.stringMatching(/^config\/buildhooks@plain:finish:1:1: the object [0-9a-f]{40} is damaged: run git fsck/),
      expect.stringMatching(/^config\/portage@base:make\.conf:1:1: the object [0-9a-f]{40} is missing: run git fsck/),
    ],
  ],
  [
    'a make.conf that leads nowhere, or out of the branch',
    (site) => {
      rmSync(join(portage(site), 'make.conf'));
      mkdirSync(join(portage(site), 'make.conf'));
      symlinkSync('../nowhere', join(portage(site), 'make.conf/one'));
      symlinkSync('../../make.conf', join(portage(site), 'make.conf/two'));
      symlinkSync('two', join(portage(site), 'make.conf/two~'));
      commitAll(portage(site));
    },
    ['one', 'two'].map(
      (name) => `config/portage@base:make.conf/${name}:1:1: it is a symbolic link to a path outside this branch`,
    ),
  ],
  [
    'a repository that would be mounted in /etc/portage',
    (site) =>
      commitFiles(portage(site), { 'repos.conf/own.conf': '[own]\nlocation = /etc/portage/own\nauto-sync = no\n' }),
    [
      "config/portage@base:repos.conf/own.conf:1:1: the repository 'own' has its location in /etc/portage, and the branch has " +
        'no directory own: commit the repository there, or write location = /var/db/repos/own',
    ],
  ],
  [
    'capital letters where there should be none',
    (site) => edit(site, 'config/tuples', 'v2-base-plain-tools', 'v2-BASE-plain-TOOLS'),
    [
      "config/tuples:3:11: there is no portage branch 'BASE'; did you mean 'base'?; and there is no package set 'TOOLS'; did you mean 'tools'?",
    ],
  ],
];

describe('a fault of a later step is reported when the site is read', () => {
  it.each(bad)('%s', (_name, harm, expected) => {
    using directory = temporarySite();
    harm(directory.path);
    expect(readOrExplain(directory.path)).toEqual(expected);
  });
});

describe('a branch can have', () => {
  it('hooks and a make.conf behind links, and compiled hooks', () => {
    using directory = temporarySite();
    writeHook(directory.path, 'lib/run', Buffer.from('\x7fELF\x02\x01', 'latin1'));
    symlinkSync('lib', join(hooks(directory.path), 'libraries'));
    symlinkSync('libraries/run', join(hooks(directory.path), 'assemble'));
    commitAll(hooks(directory.path));
    renameSync(join(portage(directory.path), 'make.conf'), join(portage(directory.path), 'settings'));
    symlinkSync('../portage/settings', join(portage(directory.path), 'make.conf'));
    commitAll(portage(directory.path));
    expect(readSite(directory.path).tuples).toHaveLength(3);
  });

  it('damage in a branch that no tuple uses', () => {
    using directory = temporarySite();
    git(portage(directory.path), 'checkout', '--quiet', '-b', 'later');
    commitFiles(portage(directory.path), { 'package.mask': 'only/here\n' });
    const file = objectFile(portage(directory.path), 'later:package.mask');
    expect(statSync(file).size).toBeGreaterThan(0);
    git(portage(directory.path), 'checkout', '--quiet', 'base');
    rmSync(file);
    expect(readSite(directory.path).tuples).toHaveLength(3);
  });
});
