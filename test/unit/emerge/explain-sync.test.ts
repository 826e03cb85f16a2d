import { expect, it } from 'vitest';
import { explainSync } from '../../../src/emerge/explain-sync.ts';
import { BuildWorld } from '../builder/build-world.ts';

const tree = '/var/db/repos/gentoo';

it('a sync that finds a disk full measures which one', async () => {
  using world = new BuildWorld();
  world.portage.space = `7 4096 0 1000 5 9 ${tree}\n`;
  const lines = ['rsync: write failed: No space left on device (28)'];
  expect(await explainSync(await world.session(), tree, { exitStatus: 11, lines })).toMatchObject({
    code: 'disk-full',
    message: `failed to sync ${tree}: no space left on device at ${tree}`,
  });
});

it('a sync that fails for another reason measures nothing', async () => {
  using world = new BuildWorld();
  const lines = ['rsync: failed to connect to server (1.2.3.4): Connection refused (111)'];
  const failure = await explainSync(await world.session(), tree, { exitStatus: 10, lines });
  expect(failure).toMatchObject({ code: 'sync-failed', remedy: { kind: 'check-network' } });
  expect(world.portage.names).not.toContain('space');
});
