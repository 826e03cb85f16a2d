import { expect, it, vi } from 'vitest';
import * as works from '../../../../src/zentoo/run/tuple-work.ts';
import { commits, portageBranch, siteOf } from '../../plan/sites.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

/** The data of a tuple whose stage the engine lacks. */
function workOf(tuple = tupleWithTree()): works.TupleWork {
  return works.tupleWork({ site: siteOf({ tuples: [tuple] }), stages: new Map(), revisions: new Map() }, tuple);
}

it('a build derives the data of each tuple once, however many orders name the tuple', async () => {
  const tupleWork = vi.spyOn(works, 'tupleWork');
  using world = new SiteBuildWorld([tupleOfSet('tools'), tupleOfSet('web')]);
  const { outcomes } = await world.build();
  expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
  const derived = tupleWork.mock.calls.map(([, { name }]) => name);
  expect(derived.toSorted()).toEqual(world.tuples.map(({ name }) => name).toSorted());
});

it('a tuple whose stage the engine lacks has the name of the stage and no image', () => {
  const { stage, fingerprint } = workOf();
  expect(stage).toEqual({ name: 'gentoo-ministage', image: undefined });
  expect(fingerprint.inputs).toMatchObject({ 'stage/id': '', 'tree/gentoo': '' });
});

it('a buildmaster is named after site, CPU and branch, with digits of its fingerprint', () => {
  const { buildmaster } = workOf();
  expect(buildmaster.name).toBe(`zentoo/net/buildmaster:x86-64-base-${buildmaster.fingerprint.digest.slice(0, 8)}`);
});

it('a buildmaster of a CPU and a branch with long names has a tag of at most 128 characters, as the engine demands', () => {
  const { cpu } = tupleWithTree();
  const portage = portageBranch('b'.repeat(90), commits[0]);
  const tagOf = (name: string) =>
    workOf(tupleWithTree({ cpu: { ...cpu, name }, portage })).buildmaster.name.split(':')[1];
  const [first = '', second] = [tagOf('a'.repeat(90)), tagOf('a'.repeat(91))];
  expect(first).toMatch(/^[\w.-]{20,128}$/);
  expect(first.startsWith('a'.repeat(90))).toBe(true);
  expect(second).not.toBe(first);
});

it('the root of a tuple is / of its container', () => {
  expect(workOf().location).toEqual({ root: '/', configuration: '/etc/portage', environment: {}, links: [] });
});

it('the root of a cross build is the directory of its CHOST, with links to the repositories', () => {
  const { cpu } = tupleWithTree();
  const root = '/usr/aarch64-unknown-linux-gnu';
  expect(workOf(tupleWithTree({ cross: true, cpu: { ...cpu, chost: 'aarch64-unknown-linux-gnu' } })).location).toEqual({
    root,
    configuration: `${root}/etc/portage`,
    environment: { PORTAGE_CONFIGROOT: root, ROOT: root, SYSROOT: root },
    links: [{ path: `${root}/var/db/repos/gentoo`, target: '/var/db/repos/gentoo' }],
  });
});

it('a run finds a tuple by its name, and names itself if there is none', () => {
  using world = new SiteWorld();
  const run = world.run({ tuples: [tupleWithTree({ name: 'one' }), tupleWithTree({ name: 'two' })] });
  expect(tupleNamed(run, 'two')).toBe(run.tuples[1]);
  expect(() => tupleNamed(run, 'three')).toThrow('the run of the site net has no tuple three');
});
