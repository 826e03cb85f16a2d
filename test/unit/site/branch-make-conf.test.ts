import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitAll, writeFiles } from './git-program.ts';
import { portage, prepareMakeConf } from './site-changes.ts';
import { readOrExplain, temporarySite } from './sites.ts';

const overlay =
  '[DEFAULT]\nmain-repo = gentoo\n[local]\nlocation = /var/db/repos/local\nsync-type = git\nsync-uri = file:///l\n';

/** The diagnostics of a site whose branch has these files besides its own; empty if the site can be read. */
function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  using site = temporarySite();
  prepareMakeConf(site.path, files);
  const read = readOrExplain(site.path);
  return 'tuples' in read ? [] : read;
}

describe('case 2.2: the variables that name repositories, where they say what repos.conf says', () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ['PORTDIR', { 'make.conf': 'PORTDIR="/var/db/repos/gentoo"\n' }],
    ['PORTDIR with a slash at its end', { 'make.conf': 'PORTDIR=/var/db/repos//gentoo/\n' }],
    [
      'PORTDIR in a sourced file',
      { 'make.conf': 'source /etc/portage/more\n', more: 'PORTDIR="/var/db/repos/gentoo"\n' },
    ],
    ['PORTDIR from other variables', { 'make.conf': 'R=/var/db\nPORTDIR="${EPREFIX}${R}/repos/gentoo"\n' }],
    ['an empty PORTDIR and PORTDIR_OVERLAY', { 'make.conf': 'PORTDIR=""\nPORTDIR_OVERLAY=" "\n' }],
    ['a PORTDIR that is set again', { 'make.conf': 'PORTDIR="/usr/portage"\nPORTDIR="/var/db/repos/gentoo"\n' }],
    [
      'PORTDIR_OVERLAY',
      { 'make.conf': 'PORTDIR_OVERLAY="\n  /var/db/repos/local\n"\n', 'repos.conf/local.conf': overlay },
    ],
    ['a source outside the branch', { 'make.conf': 'source /var/lib/layman/make.conf\n' }],
  ])('%s is accepted', (_name, files) => {
    expect(faultsOf(files)).toEqual([]);
  });
});

describe('case 2.2: what a branch’s make.conf has is reported at its own line and column', () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'another root',
      { 'make.conf': 'A="1"\n  ROOT="/usr/${A}/"\n' },
      'make.conf:2:3: ROOT is /usr/1/: emerge would install packages there, and not in /: remove the line',
    ],
    [
      'a prefix',
      { 'make.conf': 'source more\n', more: 'EPREFIX=/x\n' },
      'more:1:1: Portage ignores EPREFIX in make.conf, because it takes it only from its environment: remove the line',
    ],
    [
      'case 2.5: an addition',
      { 'make.conf': 'A="1"\nFOO+="x"\n' },
      'make.conf:2:1: Portage does not know +=: write FOO="${FOO} ..."',
    ],
    [
      'case 2.6: an unclosed quote',
      { 'make.conf': 'USE="foo bar\n' },
      'make.conf:1:5: the quotation mark " is not closed',
    ],
    [
      'case 2.6: a BOM',
      { 'make.conf': '\uFEFFUSE="foo"\n' },
      'make.conf:1:1: a byte order mark (BOM) stands before the first name: save the file as UTF-8 without BOM',
    ],
    [
      'a missing source',
      { 'make.conf': 'A="1"\n source more\n' },
      'make.conf:2:2: it sources /etc/portage/more, and there is no such file',
    ],
  ])('%s', (_name, files, fault) => {
    expect(faultsOf(files)).toEqual([`config/portage@base:${fault}`]);
  });

  it('every fault of a file after one that Portage’s other programs pass over', () => {
    const text = 'FOO+="x"\nEMERGE_DEFAULT_OPTS=-p\nUSE="\n';
    expect(faultsOf({ 'make.conf': text })).toEqual([
      expect.stringContaining('make.conf:1:1: Portage does not know +='),
      expect.stringContaining('make.conf:2:1: EMERGE_DEFAULT_OPTS has --pretend'),
      'config/portage@base:make.conf:3:5: the quotation mark " is not closed',
    ]);
  });
});

describe('case 2.2: a variable that names repositories and differs from repos.conf is a note of the site', () => {
  const noEffect =
    'PORTDIR is obsolete and has no effect: repos.conf says where the main repository is, /var/db/repos/gentoo';

  it.each<[string, Readonly<Record<string, string>>, [file: string, line: number, column: number], string]>([
    ['PORTDIR', { 'make.conf': '# x\n\n  PORTDIR="/usr/portage"\n' }, ['make.conf', 3, 3], noEffect],
    ['an exported PORTDIR', { 'make.conf': 'A=1\nexport PORTDIR=/usr/portage\n' }, ['make.conf', 2, 8], noEffect],
    [
      'PORTDIR in a sourced file',
      { 'make.conf': 'source dir/more\n', 'dir/more': 'A=1\nPORTDIR=/x\n' },
      ['dir/more', 2, 1],
      noEffect,
    ],
    [
      'PORTDIR in a directory',
      { 'make.conf/a': 'A=1\n', 'make.conf/b/c': '\nPORTDIR=/x\n' },
      ['make.conf/b/c', 2, 1],
      noEffect,
    ],
    ['a relative PORTDIR', { 'make.conf': 'PORTDIR=x\n' }, ['make.conf', 1, 1], noEffect],
    [
      'an overlay as PORTDIR',
      { 'make.conf': 'PORTDIR=/var/db/repos/local\n', 'repos.conf/local.conf': overlay },
      ['make.conf', 1, 1],
      noEffect,
    ],
    [
      'PORTDIR beside a profile of its own',
      { 'make.conf': 'PORTDIR=/usr/portage\n', 'profile/parent': 'gentoo:default\n/usr/portages/x\n' },
      ['make.conf', 1, 1],
      noEffect,
    ],
    [
      'PORTDIR_OVERLAY',
      { 'make.conf': 'USE="\n a"\nPORTDIR_OVERLAY="/var/db/repos/gentoo /srv/x"\n' },
      ['make.conf', 3, 1],
      'PORTDIR_OVERLAY is obsolete and has no effect: name the repository in /srv/x in repos.conf',
    ],
  ])('%s', (_name, files, [file, line, column], message) => {
    using site = temporarySite();
    prepareMakeConf(site.path, files);
    expect(readOrExplain(site.path)).toMatchObject({
      notes: [{ place: { file: `config/portage@base:${file}`, line, column }, message }],
    });
  });

  it.each<[string, string, Readonly<Record<string, string>>]>([
    ['make.profile leads', '../../usr/portage/profiles/x', {}],
    ['a parent of the profile leads', 'mine', { 'mine/parent': '..\n/usr/portage/profiles/x\n' }],
  ])('but PORTDIR is refused if %s below it', (_what, profile, files) => {
    using site = temporarySite();
    rmSync(join(portage(site.path), 'make.profile'));
    symlinkSync(profile, join(portage(site.path), 'make.profile'));
    prepareMakeConf(site.path, { 'make.conf': 'A=1\nPORTDIR="/usr/portage/"\n', ...files });
    expect(readOrExplain(site.path)).toEqual([
      'config/portage@base:make.conf:2:1: PORTDIR is obsolete and differs from repos.conf: name the location of the main repository there',
    ]);
  });
});

describe('a file of env/ that package.env names', () => {
  const packageEnv = '# app-misc/a bad.conf\napp-misc/greet  lto.conf\tsub/more # other.conf\n';

  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      'has a quote that is not closed',
      { 'env/lto.conf': 'A="1"\nCFLAGS="-O2\n' },
      'env/lto.conf:2:8: the quotation mark " is not closed',
    ],
    ['is below a directory', { 'env/sub/more': 'CFLAGS+="-O2"\n' }, 'env/sub/more:1:1: Portage does not know +='],
    [
      'sources a file that is missing',
      { 'env/lto.conf': 'source flags\n' },
      'env/lto.conf:1:1: it sources /etc/portage/env/flags',
    ],
    [
      'sources a damaged file',
      { 'env/lto.conf': 'source /etc/portage/flags\n', flags: 'A="\n' },
      'flags:1:3: the quotation mark " is not closed',
    ],
  ])('is refused at its position if it %s', (_what, files, fault) => {
    expect(faultsOf({ 'package.env': packageEnv, ...files })).toEqual([
      expect.stringContaining(`config/portage@base:${fault}`),
    ]);
  });

  it('may use variables of make.conf and source a file outside the branch; files that nothing names are not read', () => {
    expect(
      faultsOf({
        'make.conf': 'F="/etc/portage/flags"\n',
        flags: 'A="1"\n',
        'package.env/greet': packageEnv,
        'package.env/old~': 'app-misc/greet bad.conf\n',
        'env/lto.conf': 'source ${F}\nsource /var/lib/flags\nCFLAGS="${CFLAGS} -flto"\n',
        'env/bad.conf': 'A="\n',
        'env/app-misc/greet': 'if true; then A="$(x)"; fi\n',
      }),
    ).toEqual([]);
  });
});

it('case 2.9: default options with which emerge installs nothing are refused at their position', () => {
  expect(faultsOf({ 'make.conf': 'A="1"\nEMERGE_DEFAULT_OPTS="--jobs=2 -pv"\n' })).toEqual([
    'config/portage@base:make.conf:2:1: EMERGE_DEFAULT_OPTS has --pretend, and emerge installs nothing with it: remove it',
  ]);
  expect(faultsOf({ 'make.conf': 'EMERGE_DEFAULT_OPTS="--ask --jobs=2 --buildpkg"\n' })).toEqual([]);
});

it('case 2.9: so are those of a file of env/ for all packages, whose variables are settings of emerge, and its PKGDIR', () => {
  const env = 'A="1"\nEMERGE_DEFAULT_OPTS="--pretend"\nPKGDIR="/packages"\n';
  expect(faultsOf({ 'package.env': '*/* all.conf\n', 'env/all.conf': env })).toEqual([
    'config/portage@base:env/all.conf:2:1: EMERGE_DEFAULT_OPTS has --pretend, and emerge installs nothing with it: remove it',
    'config/portage@base:env/all.conf:3:1: package.env sets PKGDIR for all packages, and emerge would not use the store: remove the line',
  ]);
  expect(faultsOf({ 'package.env': 'app-misc/* all.conf\n*/*:0 all.conf\n', 'env/all.conf': env })).toEqual([]);
});

it('case 2.9: so are options with which emerge installs only other packages, or at which it fails', () => {
  const at = 'config/portage@base:make.conf:1:1: EMERGE_DEFAULT_OPTS';
  expect(faultsOf({ 'make.conf': 'EMERGE_DEFAULT_OPTS="-uo"\n' })).toEqual([
    `${at} has --onlydeps, and emerge installs only the dependencies of packages with it: remove it`,
  ]);
  expect(faultsOf({ 'make.conf': 'EMERGE_DEFAULT_OPTS="--exclude \'x"\n' })).toEqual([
    `${at} cannot be split into words, and emerge fails, because the quotation mark ' in it is not closed: correct it`,
  ]);
  expect(faultsOf({ 'make.conf': 'EMERGE_DEFAULT_OPTS="--autounmask-only n --deselect n"\n' })).toEqual([]);
});

it('case 2.4: a value with a command is a note of the site', () => {
  using site = temporarySite();
  prepareMakeConf(site.path, { 'make.conf': 'A="1"\nMAKEOPTS="-j$(nproc)"\n' });
  expect(readOrExplain(site.path)).toMatchObject({
    notes: [
      {
        place: { file: 'config/portage@base:make.conf', line: 2, column: 1 },
        message: 'Portage runs no commands and knows only $NAME and ${NAME}: because of $(nproc), MAKEOPTS is empty',
      },
    ],
  });
});

it('case 2.4: so are a value with a command, and a source outside the branch, in a file of env/', () => {
  using site = temporarySite();
  const env = 'MAKEOPTS="-j$(nproc)"\nsource /var/lib/flags\n';
  prepareMakeConf(site.path, { 'package.env': 'app-misc/greet a.conf\n', 'env/a.conf': env, 'env/b.conf': env });
  const file = 'config/portage@base:env/a.conf';
  expect(readOrExplain(site.path)).toMatchObject({
    notes: [
      { place: { file, line: 1, column: 1 }, message: expect.stringContaining('MAKEOPTS is empty') as string },
      { place: { file, line: 2, column: 1 }, message: expect.stringContaining('it sources /var/lib/flags') as string },
    ],
  });
});

it('a source outside the branch is a note of the site, with its position', () => {
  using site = temporarySite();
  prepareMakeConf(site.path, { 'make.conf': 'A="1"\nsource more\n', more: '\n source /var/lib/layman/make.conf\n' });
  expect(readOrExplain(site.path)).toMatchObject({
    notes: [
      {
        place: { file: 'config/portage@base:more', line: 2, column: 2 },
        message:
          'it sources /var/lib/layman/make.conf, a file outside this branch: emerge fails if the root does not have it',
      },
    ],
  });
});

it('a user patch that is a link to a file outside the branch or to none is a note of the site', () => {
  using site = temporarySite();
  const patches = 'patches/app-misc/motto';
  writeFiles(portage(site.path), { [`${patches}/one.patch`]: 'x\n', [`${patches}/sub/two.patch`]: 'x\n' });
  const links = {
    'a.patch': 'one.patch',
    'b.diff': 'gone.diff',
    'c.patch': '/srv/c.patch',
    'd.txt': 'gone',
    sub2: 'gone',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(portage(site.path), patches, name));
  symlinkSync('../gone.patch', join(portage(site.path), patches, 'sub/e.patch'));
  commitAll(portage(site.path));
  const place = (name: string) => ({ file: `config/portage@base:${patches}/${name}`, line: 1, column: 1 });
  expect(readOrExplain(site.path)).toHaveProperty('notes', [
    {
      place: place('b.diff'),
      message: 'it is a symbolic link to a file that does not exist: emerge ends with FileNotFoundError',
    },
    {
      place: place('c.patch'),
      message:
        'it is a symbolic link to /srv/c.patch, a file outside this branch: emerge fails if the root does not have it',
    },
  ]);
});

it('hidden files, backup files and directories of version control in a make.conf directory are not read', () => {
  using site = temporarySite();
  const bad = 'USE="\n';
  prepareMakeConf(site.path, {
    'make.conf/.a': bad,
    'make.conf/b~': bad,
    'make.conf/._cfg0000_x': bad,
    'make.conf/CVS/x': bad,
    'make.conf/.d/x': bad,
    'make.conf/x': 'A="1"\n',
  });
  expect(readOrExplain(site.path)).toHaveProperty('notes', []);
});

it('a make.conf behind links is read, with the files that it sources from the directory of the link', () => {
  using site = temporarySite();
  rmSync(join(portage(site.path), 'make.conf'));
  mkdirSync(join(portage(site.path), 'hosts'));
  writeFiles(portage(site.path), { 'hosts/desk': 'source more\n', more: 'PORTDIR=/x\n', 'hosts/more': 'A="1"\n' });
  symlinkSync('hosts/desk', join(portage(site.path), 'make.conf'));
  commitAll(portage(site.path));
  expect(readOrExplain(site.path)).toMatchObject({
    notes: [{ place: { file: 'config/portage@base:more', line: 1, column: 1 } }],
  });
});
