import { expect, test } from 'vitest';
import { buildmasterNamed, requireBuildmaster, requireFingerprint } from '../../../../src/zentoo/execute/look-up.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const { name } = tupleWithTree();

test('finds the tuple that an order names, and refuses a tuple that the run does not have', () => {
  using world = new SiteWorld();
  expect(tupleNamed(world.run(), name).tuple.name).toBe(name);
  expect(() => tupleNamed(world.run(), 'x')).toThrow('the run of the site net has no tuple x');
});

test('refuses an order for another buildmaster than that of the tuple, and a buildmaster that does not exist', async () => {
  using world = new SiteWorld();
  const run = world.run();
  const work = tupleNamed(run, name);
  const ordered = work.buildmaster.name;
  expect(() => requireBuildmaster(work, ordered)).not.toThrow();
  const later = tupleNamed(world.run({}, new Map([['gentoo', 'd'.repeat(40)]])), name);
  expect(() => requireBuildmaster(later, ordered)).toThrow(`the order is for the buildmaster ${ordered}, and`);
  await expect(buildmasterNamed(run, later, ordered)).rejects.toThrow('the order is for the buildmaster');
  await expect(buildmasterNamed(run, work, ordered)).rejects.toThrow(`the buildmaster of ${name} is gone`);
});

test('refuses an order for another fingerprint than that of the tuple', () => {
  using world = new SiteWorld();
  const work = tupleNamed(world.run(), name);
  const order = { kind: 'assemble', tuple: name, buildmaster: 'm', outputs: ['image'] } as const;
  expect(() => requireFingerprint(work, { ...order, fingerprint: work.fingerprint.digest })).not.toThrow();
  expect(() => requireFingerprint(work, { ...order, fingerprint: '0' })).toThrow(`${name} with the fingerprint 0, and`);
});
