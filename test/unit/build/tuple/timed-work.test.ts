import { expect, test } from 'vitest';
import type { PackageGroup } from '../../../../src/plan/package-pool.ts';
import type { SiteNode, SiteWork, WantedTuple } from '../../../../src/plan/site-work.ts';
import { noteDurations, timedNode } from '../../../../src/build/tuple/timed-work.ts';
import { tupleOf } from '../../plan/sites.ts';

const tuple = tupleOf();
const wanted = { tuple } as unknown as WantedTuple;
function packages(...cpvs: readonly string[]): SiteWork {
  const group = { partition: 'generic', packages: cpvs.map((cpv) => ({ cpv })) } as unknown as PackageGroup;
  return { kind: 'packages', tuple, group };
}

test.each<[string, SiteWork, string, string, string]>([
  ['a package', packages('dev-libs/a-1.0-r1'), 'generic', 'dev-libs/a', '1.0-r1'],
  [
    'packages that need each other',
    packages('dev-libs/a-1', 'dev-libs/b-2'),
    'generic',
    'dev-libs/a dev-libs/b',
    '1 2',
  ],
  [
    'a buildmaster',
    { kind: 'buildmaster', tuple, name: 'zentoo/net/buildmaster:x-1' },
    tuple.stage.name,
    `${tuple.cpu.name}-${tuple.portage.name}`,
    '',
  ],
  ['a question to Portage', { kind: 'resolve', tuples: [wanted], buildmaster: 'x' }, tuple.name, tuple.name, ''],
  ['a root', { kind: 'assemble', wanted }, tuple.stage.name, tuple.name, tuple.outputs.join(' ')],
])('%s is known again', (_what, work, place, name, version) => {
  expect(timedNode(work)).toEqual({ kind: work.kind, place, name, version });
});

test('what succeeded is noted with the time that it took, and nothing else is', async () => {
  const noted: unknown[] = [];
  const history = { estimate: () => undefined, note: (...args: readonly unknown[]) => void noted.push(args) };
  const times = [1000, 3500, 9000];
  const node: SiteNode = { id: 'a', needs: [], estimate: undefined, work: packages('dev-libs/a-1') };
  let isBroken = false;
  const execute = () => (isBroken ? Promise.reject(new Error('broken')) : Promise.resolve({ result: 'done' }));
  const executor = noteDurations({ execute }, history, () => times.shift() ?? 0);
  expect(await executor.execute(node, { atOnce: 1 })).toEqual({ result: 'done' });
  isBroken = true;
  await expect(executor.execute(node, { atOnce: 1 })).rejects.toThrow('broken');
  expect(noted).toEqual([[timedNode(node.work), 2.5]]);
});
