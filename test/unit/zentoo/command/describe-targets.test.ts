import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import type { TupleOutcome } from '../../../../src/zentoo/command/collect-outcomes.ts';
import { describeTargets } from '../../../../src/zentoo/command/describe-targets.ts';
import { tupleOf } from '../../plan/sites.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { SiteWorld } from '../site-world.ts';

const tuple = tupleOf();
const nothing = { packages: [], failures: [], elog: [] };

/** The record of one outcome on the engine of a world. */
async function record(world: SiteWorld, outcome: TupleOutcome) {
  const [target] = await describeTargets(world.run(), [outcome]);
  return target;
}

it('the record of a tuple that was built has the sizes of its outputs, its packages and their messages', async () => {
  using home = temporaryDirectory();
  using world = new SiteWorld();
  const archive = join(home.path, 'a.tar.zst');
  writeFileSync(archive, 'archive');
  world.engine.addImage('x:latest', { size: 77 });
  const packages = [{ cpv: 'a/b-1', origin: 'compiled', why: 'new' }] as const;
  const elog = [
    { cpv: 'a/b-1', time: new Date(0), messages: [{ level: 'log', phase: 'postinst', lines: ['x'] }] },
  ] as const;
  const outputs = { image: 'x:latest', archive };
  const sizes = { 'a/b-1': { installed: 40, binary: null } };
  expect(await record(world, { type: 'built', tuple, outputs, packages, sizes, elog, durations: {} })).toMatchObject({
    ...{ name: tuple.name, result: 'built', failures: [] },
    packages: [{ ...packages[0], installedBytes: 40, binaryBytes: null }],
    ...{ image: { name: 'x:latest', bytes: 77 }, archive: { name: archive, bytes: 7 } },
    elog: [{ cpv: 'a/b-1' }],
  });
});

it('the record of a tuple that is up to date has its outputs, and a size is null if it cannot be found', async () => {
  using world = new SiteWorld();
  const outputs = { image: 'gone:latest', archive: '/no/such.tar.zst' };
  expect(await record(world, { type: 'unchanged', tuple, outputs })).toEqual({
    ...{ name: tuple.name, result: 'unchanged', ...nothing },
    ...{ image: { name: 'gone:latest', bytes: null }, archive: { name: '/no/such.tar.zst', bytes: null } },
  });
  expect(await record(world, { type: 'unchanged', tuple, outputs: {} })).toMatchObject({ image: null, archive: null });
  world.engine.fault({ method: 'inspectImage', error: new Error('broken') });
  expect(await record(world, { type: 'unchanged', tuple, outputs })).toMatchObject({ image: { bytes: null } });
});

it('the record of a tuple that failed has its failures, the messages of its packages and no output', async () => {
  using world = new SiteWorld();
  const messages = [{ level: 'error', phase: 'setup', lines: ['no kernel support'] }] as const;
  const elog = [{ cpv: 'a/b-1', time: new Date(0), messages }];
  const failures = [new Failure('build-failed', 'failed to compile a/b', {})];
  expect(await record(world, { type: 'failed', tuple, failures, elog })).toMatchObject({
    ...{
      name: tuple.name,
      result: 'failed',
      image: null,
      archive: null,
      packages: [],
      elog: [{ cpv: 'a/b-1', messages }],
    },
    failures: [{ code: 'build-failed', message: 'failed to compile a/b' }],
  });
});
