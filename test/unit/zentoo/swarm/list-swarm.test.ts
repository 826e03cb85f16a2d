import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatOwner } from '../../../../src/ownership/owner.ts';
import { listOnNode } from '../../../../src/zentoo/swarm/list-swarm.ts';
import { FakeEngine } from '../../../support/fake-engine/fake-engine.ts';

let home: FakeEngine;
let far: FakeEngine;
beforeEach(() => void ([home, far] = [new FakeEngine(), new FakeEngine()]));
afterEach(() => {
  home[Symbol.dispose]();
  far[Symbol.dispose]();
});

it('lists copies, work volumes and containers of a node, with the life of the build that it asks its own engine for', async () => {
  for (const engine of [home, far]) engine.addImage('stage');
  const spec = { image: 'stage', command: [], mounts: [] } as const;
  const id = await home.createContainer('client', spec);
  const self = await home.inspectContainer(id);
  const owner = (startedAt: string) => formatOwner({ kind: 'container-elsewhere', engine: 'HOME', id, startedAt });
  const work = (digit: string) => `gentoo-builder-${digit.repeat(16)}`;
  await far.createVolume(work('a'), { 'gentoo-builder.owner': owner('earlier') });
  await far.createVolume(work('b'), { 'gentoo-builder.owner': owner(self?.startedAt ?? '') });
  await far.createVolume(work('c'), { 'gentoo-builder.owner': 'nobody' });
  await far.createVolume('precious', { 'gentoo-builder.owner': owner('earlier') });
  await far.createVolume('zentoo-abc-copy-tree', { 'zentoo.copy': 'zentoo-abc' });
  await far.createVolume('named-otherwise', { 'zentoo.copy': 'zentoo-abc' });
  await far.createVolume('zentoo-xyz-copy-tree', { 'zentoo.copy': 'zentoo-xyz' });
  const mounts = [{ type: 'volume', source: work('a'), target: '/var/tmp/portage' } as const];
  await far.createContainer(work('a'), { ...spec, mounts });
  await far.createContainer('zentoo-slot-1', { ...spec, labels: { 'zentoo.slot': '' } });
  await far.createContainer('other', { ...spec, labels: { 'zentoo.slot': '' } });
  const findLocal = () => Promise.resolve({ id: 'HOME', self, engine: home });
  const listed = await listOnNode('node2', far, { volumePrefix: 'zentoo-abc', findLocal });
  expect(listed.map(({ node, kind, name, state }) => [node, kind, name, state])).toEqual([
    ['node2', 'container', work('a'), 'gone'],
    ['node2', 'volume', work('a'), 'gone'],
    ['node2', 'volume', work('b'), 'alive'],
    ['node2', 'volume', work('c'), 'unknown'],
    ['node2', 'volume', 'zentoo-abc-copy-tree', 'copy'],
    ['node2', 'container', 'zentoo-slot-1', 'alive'],
  ]);
});
