import { expect, test } from 'vitest';
import { checkSetNames } from '../../../../src/zentoo/sets/check-set-names.ts';
import { failuresOf } from '../../../../src/failure.ts';
import { branch, commits, packageSet } from '../../plan/sites.ts';
import { nothing } from '../../builder/build-world.ts';
import { SiteWorld, treeFiles, tupleWithTree } from '../site-world.ts';

const setsConf = `[lab sets]
class = portage.sets.files.StaticFileSet
multiset = true
directory = \${repository:gentoo}/sets
[tools]
class = portage.sets.base.DummyPackageSet
packages = app-misc/hello
`;
const tree = { ...treeFiles, '/sets.conf': setsConf, '/sets/greetings': 'a/b\n', '/sets/.hidden': 'a/b\n' };

const [gentoo] = tupleWithTree().portage.repositories;
if (gentoo === undefined) throw new Error('the tuple has no repository');
const lab = { ...gentoo, name: 'lab', location: '/var/db/repos/lab' };
const siteTree = (repository: typeof gentoo) => ({ ...repository, branches: ['base'] });

async function refusals(
  world: SiteWorld,
  changes: Parameters<SiteWorld['run']>[0] = {},
  revisions?: Parameters<SiteWorld['run']>[1],
): Promise<readonly string[]> {
  const run = world.run(changes, revisions);
  return checkSetNames(run, run.tuples).then(
    () => [],
    (error: unknown) => failuresOf(error).map(({ exitStatus, message }) => `${exitStatus} ${message}`),
  );
}

/** The refusals of these sets of a site whose tree has that sets.conf and those other files. */
async function refusalsWith(conf: string, files: Readonly<Record<string, string>>, ...names: string[]) {
  using world = new SiteWorld({ tree: { ...treeFiles, '/sets.conf': conf, ...files } });
  return await refusals(world, { sets: names.map((name) => packageSet(name)) });
}

/** A sets.conf with a directory of sets. */
const directoryOfSets = (directory: string, ...more: string[]) =>
  ['[all]', 'multiset = true', `directory = ${directory}`, ...more, ''].join('\n');

const refusal = (file: string, name: string, where: string, repository = 'gentoo') =>
  `3 ${file}:1:1: the ebuild repository ${repository} has a set @${name} as well (${where}), and Portage would take that one: give this one another name`;
const refusalOfShared = (name: string, where: string) => refusal(`config/sets/${name}`, name, where);

test('sets of the site that a repository has as well are refused, all of them, with their files', async () => {
  using world = new SiteWorld({ tree });
  const sets = [packageSet('greetings'), packageSet('tools'), packageSet('mine'), packageSet('.hidden')];
  expect(await refusals(world, { sets })).toEqual([
    refusal('config/sets/greetings', 'greetings', 'sets/greetings'),
    refusal('config/sets/tools', 'tools', 'sets.conf'),
  ]);
  expect(world.calls('startContainer')).toEqual([]);
  expect(world.left).toEqual(nothing);
});

test("sets of a tuple's branch as well", async () => {
  using world = new SiteWorld({ tree });
  const tuple = tupleWithTree({ packages: packageSet('mine') });
  const portage = {
    ...branch('base', commits[0], { 'sets/greetings': 'a/b\n' }),
    repositories: tuple.portage.repositories,
    sets: [],
  };
  expect(await refusals(world, { tuples: [{ ...tuple, portage }], sets: [] })).toEqual([
    refusal('config/portage (base): sets/greetings', 'greetings', 'sets/greetings'),
  ]);
});

test('a set that the branch has in place of a shared set is refused by the file of the branch', async () => {
  using world = new SiteWorld({ tree });
  const tuple = tupleWithTree({ packages: packageSet('mine') });
  const portage = { ...tuple.portage, ...branch('base', commits[0], { 'sets/greetings': 'a/b\n' }) };
  expect(await refusals(world, { tuples: [{ ...tuple, portage }], sets: [packageSet('greetings')] })).toEqual([
    refusal('config/portage (base): sets/greetings', 'greetings', 'sets/greetings'),
  ]);
});

test('files of a branch that Portage does not read as sets have no name of a set', async () => {
  using world = new SiteWorld({ tree: { ...tree, '/sets/hooks~': '', '/sets/use': '' } });
  const tuple = tupleWithTree({ packages: packageSet('mine') });
  const files = { greetings: '', 'package.use/greetings': '', 'sets/old/greetings': '', 'sets/hooks~': '' };
  const portage = { ...tuple.portage, ...branch('base', commits[0], files) };
  expect(await refusals(world, { tuples: [{ ...tuple, portage }], sets: [] })).toEqual([]);
});

test('a set of the tuple itself is refused, although it is not a shared set', async () => {
  using world = new SiteWorld({ tree });
  expect(await refusals(world, { tuples: [tupleWithTree({ packages: packageSet('greetings') })], sets: [] })).toEqual([
    refusalOfShared('greetings', 'sets/greetings'),
  ]);
});

test('a repository without sets of its own, or whose sets.conf is damaged, refuses nothing', async () => {
  using plain = new SiteWorld();
  using damaged = new SiteWorld({ tree: { ...tree, '/sets.conf': 'no section\n' } });
  expect([await refusals(plain), await refusals(damaged)]).toEqual([[], []]);
});

test('sets.conf may be a directory, of which Portage reads no hidden files and no backups', async () => {
  const set = (name: string) => `[${name}]\nclass = portage.sets.base.DummyPackageSet\n`;
  const files = {
    'b/c': set('one'),
    a: '[one]\nname = two\n[three]\nfilename = /x\n',
    '.d': set('four'),
    'e~/f': set('five'),
  };
  const inTree = Object.fromEntries(Object.entries(files).map(([path, text]) => [`/sets.conf/${path}`, text]));
  using world = new SiteWorld({ tree: { ...treeFiles, ...inTree } });
  const names = ['one', 'two', 'three', 'four', 'five'];
  expect(await refusals(world, { sets: names.map((name) => packageSet(name)) })).toEqual(
    ['three', 'two'].map((name) => refusalOfShared(name, 'sets.conf')),
  );
});

test('a set whose file is in a repository that the site does not have is none', async () => {
  const conf = '[one]\nfilename = ${repository:none}/x\n[two]\nfilename = ${repository:gentoo}/x\n';
  expect(await refusalsWith(conf, {}, 'one', 'two')).toEqual([refusalOfShared('two', 'sets.conf')]);
});

test('the pattern of a directory of sets names its files, but neither its subdirectories nor the directory itself', async () => {
  const conf = directoryOfSets('${repository:gentoo}/sets', 'name_pattern = lab-${name}');
  const files = { '/sets/': '', '/sets/one': '', '/sets/two~': '', '/sets/old/': '', '/sets/old/three': '' };
  const names = ['one', 'lab-', 'lab-one', 'lab-two~', 'lab-old', 'lab-old/', 'lab-three', 'lab-old/three'];
  expect(await refusalsWith(conf, files, ...names)).toEqual([refusalOfShared('lab-one', 'sets/one')]);
});

test('a directory of sets may be a path below the location of a repository', async () => {
  const files = { '/my/sets/one': '', '/sets/two': '' };
  expect(await refusalsWith(directoryOfSets('/var/db/repos/gentoo/my/sets'), files, 'one', 'two')).toEqual([
    refusalOfShared('one', 'sets/one'),
  ]);
});

test.each([
  ['in no repository', '/etc/sets'],
  ['beside a repository whose path is the start of its own', '/var/db/repos/gentoo-sets'],
  ['in a repository that the site does not have', '${repository:other}/sets'],
  ['of a name without an end', '${repository:gentoo/sets'],
])('a directory of sets %s refuses nothing', async (_where, directory) => {
  expect(await refusalsWith(directoryOfSets(directory), { '/sets/one': '', '/-sets/one': '' }, 'one')).toEqual([]);
});

test('a repository may have its sets in the directory of another one', async () => {
  using world = new SiteWorld({ tree: { ...treeFiles, '/lab/greetings': '' } });
  world.addVolume('zentoo-net-repository-lab', { '/sets.conf': directoryOfSets('${repository:gentoo}/lab') });
  const tuple = tupleWithTree();
  const portage = { ...tuple.portage, repositories: [gentoo, lab] };
  const changes = {
    tuples: [{ ...tuple, portage }],
    sets: [packageSet('greetings')],
    repositories: [siteTree(gentoo), siteTree(lab)],
  };
  const revisions = new Map([
    ['gentoo', 'a'],
    ['lab', 'b'],
  ]);
  expect(await refusals(world, changes, revisions)).toEqual([
    refusal('config/sets/greetings', 'greetings', 'lab/greetings', 'lab'),
  ]);
});

test('only trees that the tuples use and that are there are looked into, read-only', async () => {
  using world = new SiteWorld({ tree });
  const tuple = tupleWithTree();
  const other = { ...lab, name: 'other' };
  const portage = { ...tuple.portage, repositories: [gentoo, lab] };
  const repositories = [gentoo, lab, other].map(siteTree);
  const sets = [packageSet('greetings')];
  const revisions = new Map([
    ['gentoo', 'a'],
    ['other', 'b'],
  ]);
  const refused = [refusalOfShared('greetings', 'sets/greetings'), refusalOfShared('tools', 'sets.conf')];
  expect(await refusals(world, { tuples: [{ ...tuple, portage }], sets, repositories }, revisions)).toEqual(refused);
  expect(world.calls('createContainer')).toMatchObject([
    [
      expect.anything(),
      {
        image: world.stage.id,
        mounts: [{}, { source: 'zentoo-net-repository-gentoo', target: '/mnt/0', readOnly: true }],
      },
    ],
  ]);
});

test.each([
  ['no tree of the tuples is there', new Map<string, string>()],
  ['only another tree is there', new Map([['other', 'a']])],
])('no container is created if %s', async (_when, revisions) => {
  using world = new SiteWorld({ tree });
  expect(await refusals(world, { sets: [packageSet('greetings')] }, revisions)).toEqual([]);
  expect(world.calls('createContainer')).toEqual([]);
});

test('no container is created if the engine has no stage', async () => {
  using world = new SiteWorld({ tree });
  const run = { ...world.run({ sets: [packageSet('greetings')] }), anyStage: undefined };
  await checkSetNames(run, run.tuples);
  expect(world.calls('createContainer')).toEqual([]);
});

const dummy = (name: string, ...more: string[]) =>
  [`[${name}]`, 'class = portage.sets.base.DummyPackageSet', ...more, ''].join('\n');

const reposConf = { 'repos.conf/lab.conf': '[lab]\nlocation = /var/db/repos/lab\n' };

/** The refusals with two repositories, each with a sets.conf, and a branch with these files. */
const refusalsOfBoth = async (
  confs: { readonly gentoo: string; readonly lab: string },
  files: Readonly<Record<string, string>>,
  ...names: string[]
) => {
  using world = new SiteWorld({ tree: { ...treeFiles, '/sets.conf': confs.gentoo } });
  world.addVolume('zentoo-net-repository-lab', { '/sets.conf': confs.lab });
  const tuple = tupleWithTree();
  const portage = {
    ...tuple.portage,
    ...branch('base', commits[0], { ...reposConf, ...files }),
    repositories: [gentoo, lab],
  };
  const changes = {
    tuples: [{ ...tuple, portage }],
    sets: names.map((name) => packageSet(name)),
    repositories: [siteTree(gentoo), siteTree(lab)],
  };
  return await refusals(world, changes, new Map(['gentoo', 'lab'].map((name) => [name, 'a'])));
};

test('case 2.1: a section has parts in the sets.conf of several repositories, and the later repository counts', async () => {
  const confs = { gentoo: dummy('tools', 'name = one'), lab: '[tools]\nname = two\n' };
  const names = ['one', 'two', 'tools'];
  expect(await refusalsOfBoth(confs, {}, ...names)).toEqual([refusal('config/sets/two', 'two', 'sets.conf', 'lab')]);
  expect(await refusalsOfBoth(confs, { 'repos.conf/gentoo.conf': '[gentoo]\npriority = 10\n' }, ...names)).toEqual([
    refusal('config/sets/one', 'one', 'sets.conf', 'gentoo'),
  ]);
});

test("case 2.1: the branch's sets.conf counts last, and its sets are refused as well", async () => {
  const confs = { gentoo: dummy('tools'), lab: dummy('games') };
  const files = {
    'sets.conf': `[tools]\nname = other\n${directoryOfSets('%(PORTAGE_CONFIGROOT)setc/portage/mine')}`,
    'mine/apps': '',
    'mine/old~': '',
  };
  const ofBranch = (name: string, where: string) =>
    `3 config/sets/${name}:1:1: sets.conf of config/portage (base) has a set @${name} as well (${where}), and Portage would take that one: give this one another name`;
  expect(await refusalsOfBoth(confs, files, 'tools', 'games', 'other', 'apps', 'old~')).toEqual([
    ofBranch('apps', 'mine/apps'),
    refusal('config/sets/games', 'games', 'sets.conf', 'lab'),
    ofBranch('other', 'sets.conf'),
  ]);
});
