import { expect, test } from 'vitest';
import { checkSetNames } from '../../../../src/build/tuple/check-set-names.ts';
import { failuresOf } from '../../../../src/failure.ts';
import { branch, commits, packageSet } from '../../plan/sites.ts';
import { nothing } from '../build-world.ts';
import { SiteWorld, treeFiles, tupleWithTree } from './site-world.ts';

const setsConf = `[lab sets]
class = portage.sets.files.StaticFileSet
multiset = true
directory = \${repository:gentoo}/sets
[tools]
class = portage.sets.base.DummyPackageSet
packages = app-misc/hello
`;
const tree = { ...treeFiles, '/sets.conf': setsConf, '/sets/greetings': 'a/b\n', '/sets/.hidden': 'a/b\n' };

async function refusals(world: SiteWorld, changes: Parameters<SiteWorld['run']>[0] = {}): Promise<readonly string[]> {
  const run = world.run(changes);
  return checkSetNames(run, run.site.tuples).then(
    () => [],
    (error: unknown) => failuresOf(error).map(({ exitStatus, message }) => `${exitStatus} ${message}`),
  );
}

const refusal = (file: string, name: string, where: string) =>
  `3 ${file}:1:1: the ebuild repository gentoo has a set @${name} as well (${where}), and Portage would take that one: give this one another name`;

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

test('a repository without sets of its own, or whose sets.conf is damaged, refuses nothing', async () => {
  using plain = new SiteWorld();
  using damaged = new SiteWorld({ tree: { ...tree, '/sets.conf': 'no section\n' } });
  expect([await refusals(plain), await refusals(damaged)]).toEqual([[], []]);
});
