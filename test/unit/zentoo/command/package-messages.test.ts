import { describe, expect, it } from 'vitest';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { branch, commits, packageSet } from '../../plan/sites.ts';
import { FakeRoot } from '../fake-root.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const lib = { cpv: 'dev-libs/lib-2', warning: 'careful' };
const hooks = branch('plain', commits[1], { finish: '#!/bin/sh' });
const tuple = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib'), buildhooks: hooks });
const optimized = { ...tuple, stage: { ...tuple.stage, optimize: 'system' as const } };
const full = new EngineRefusal(500, 'no space left on device');

/** The messages as outcomes and records have them. */
function messagesOf({ cpv, warning }: typeof lib) {
  return { cpv, messages: [{ level: 'warn', phase: 'postinst', lines: [warning] }] };
}

/** A world whose only tuple has one package with a message, which a buildmaster with `optimize` compiles in another version. */
function worldOf(tuples = [tuple]): SiteBuildWorld {
  const world = new SiteBuildWorld(tuples, [lib]);
  const gcc = { cpv: 'sys-devel/gcc-14', warning: 'select it' };
  world.sitePortage.jobs.set('emerge-optimize', ({ container, environment }) => {
    new FakeRoot(container, environment).install(gcc);
    return 0;
  });
  return world;
}
const ofGcc = messagesOf({ cpv: 'sys-devel/gcc-14', warning: 'select it' });

/** The failure code and the messages of the tuple, in the outcome and in the record. */
async function buildAndFail(world: SiteBuildWorld) {
  const { outcomes, record } = await world.build();
  expect(outcomes).toMatchObject([{ type: 'failed' }]);
  const [outcome] = outcomes;
  const failed = outcome?.type === 'failed' ? outcome : undefined;
  const [target] = record.targets;
  return {
    code: failed?.failures.map(({ code }) => code).join(),
    elog: failed?.elog,
    recorded: target?.elog,
  };
}

describe('case 5.2: the messages of the packages are told after a failure', () => {
  it('of the intake of a new package', async () => {
    using world = worldOf();
    world.sitePortage.damagedNew.set(lib.cpv, { why: 'its CHOST is a, and here it is b', again: false });
    const elog = [messagesOf(lib)];
    expect(await buildAndFail(world)).toMatchObject({ code: 'package-refused', elog, recorded: elog });
  });

  it('of the second intake of a package that was compiled once more', async () => {
    using world = worldOf();
    world.sitePortage.damagedNew.set(lib.cpv, { why: 'its CFLAGS are "-O1"', again: true });
    expect(await buildAndFail(world)).toMatchObject({ code: 'package-refused', elog: [messagesOf(lib)] });
    expect(world.sitePortage.compiled).toEqual([lib.cpv, lib.cpv]);
  });

  it.each<[string, string, (world: SiteBuildWorld) => unknown, string?]>([
    ['the hook finish', 'hook-failed', (world) => world.sitePortage.jobs.set('hook-finish', () => 3)],
    [
      'the commit of an image',
      'commit-failed',
      (world) => world.engine.fault({ method: 'commitContainer', nth: 1, error: full }),
    ],
    [
      'the check of the packages of the root',
      'package-missing',
      (world) =>
        world.sitePortage.jobs.set('emerge-assemble', ({ container, environment }) => {
          const root = new FakeRoot(container, environment);
          root.install({ ...lib, cpv: 'dev-libs/lib-1' });
          return 0;
        }),
      'dev-libs/lib-1',
    ],
  ])('of %s, also those of packages of the store', async (_what, code, breaks, cpv = lib.cpv) => {
    using world = worldOf();
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
    for (const name of [...world.engine.imageNames.keys()])
      if (name.includes(tuple.name)) await world.engine.removeImage(name);
    world.engine.calls.length = 0;
    breaks(world);
    const elog = [messagesOf({ ...lib, cpv })];
    expect(await buildAndFail(world)).toMatchObject({ code, elog, recorded: elog });
  });

  it('of the commit of a buildmaster', async () => {
    using world = worldOf([optimized]);
    world.engine.fault({ method: 'commitContainer', nth: 1, error: full });
    expect(await buildAndFail(world)).toMatchObject({ code: 'commit-failed', elog: [ofGcc], recorded: [ofGcc] });
  });
});

it('case 5.2: the messages of the packages that are compiled for a buildmaster are told, too', async () => {
  using world = worldOf([optimized]);
  const { outcomes } = await world.build();
  expect(outcomes).toMatchObject([{ type: 'built', elog: [ofGcc, messagesOf(lib)] }]);
});
