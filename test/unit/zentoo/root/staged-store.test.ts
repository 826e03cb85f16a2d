import { describe, expect, it } from 'vitest';
import type { RootRequest } from '../../../../src/zentoo/root/root-mounts.ts';
import { rootMounts } from '../../../../src/zentoo/root/root-mounts.ts';
import { withStoreWriter } from '../../../../src/zentoo/root/with-root-container.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { nothing } from '../../builder/build-world.ts';
import { packageSet } from '../../plan/sites.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';
import { SiteWorld, tupleWithTree } from '../site-world.ts';

const lib = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });
const partition = 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab';
const stored = (world: SiteBuildWorld) =>
  [...(world.engine.volumes.get('zentoo-net-binpkgs')?.files.keys() ?? [])].filter((path) => path.endsWith('.tar'));
const why = (text: string, again = false) => ({ why: text, again });

describe('the mounts of a container', () => {
  const kinds: readonly (Pick<RootRequest, 'trees' | 'metadata'> & {
    readonly store: RootRequest['store'] | 'writable';
  })[] = (['staged', 'read-only', 'absent', 'writable'] as const).flatMap((store) => [
    { store },
    { store, metadata: 'writable' },
    { store, trees: 'writable' },
  ]);

  it.each(kinds)('have the trees writable only for a sync, and the store only for its writer: %j', (kind) => {
    using world = new SiteWorld();
    const mounts = rootMounts(world.run(), { portage: tupleWithTree().portage, ...kind });
    const readOnly = (source: string) =>
      mounts.filter((mount) => mount.source === source).map((mount) => mount.readOnly);
    expect(readOnly('zentoo-net-repository-gentoo')).toEqual([kind.trees !== 'writable']);
    expect(readOnly('zentoo-net-binpkgs')).toEqual(kind.store === 'absent' ? [] : [kind.store !== 'writable']);
    expect(readOnly('zentoo-net-metadata')).toEqual([kind.metadata !== 'writable']);
  });
});

describe('new packages', () => {
  it('are taken into the store after the container that compiled them has ended', async () => {
    using world = new SiteBuildWorld([lib]);
    const states: (string | undefined)[] = [];
    const play = world.engine.onExec;
    world.engine.onExec = (container, request, streams) => {
      const compiler = world.sitePortage.ran.find(({ name }) => name === 'emerge-compile')?.container;
      if (request.command.some((word) => word.endsWith('print(json.dumps(take_all()))\n')))
        states.push(compiler?.state);
      return play(container, request, streams);
    };
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
    expect(states).toEqual(['exited']);
    expect(stored(world)).toEqual([`/${partition}/dev-libs/lib-2.gpkg.tar`]);
    expect(world.left).toEqual(nothing);
  });

  it('that were not planned are refused by name, and the build goes on', async () => {
    using world = new SiteBuildWorld([lib]);
    const compile = world.engine.onExec;
    world.engine.onExec = (container, request, streams) => {
      if (request.command.includes('zentoo-staged')) {
        const { files, path } = container.filesAt(`/var/cache/binpkgs/${partition}/app-evil/evil-1.gpkg.tar`);
        for (const [name, file] of fakeFiles({ [path]: 'evil' })) files.set(name, file);
      }
      return compile(container, request, streams);
    };
    const { outcomes } = await world.build();
    expect(outcomes).toMatchObject([{ type: 'built' }]);
    expect(world.messages('warning')).toContain('refused the new package app-evil/evil-1.gpkg.tar: it was not planned');
    expect(stored(world)).toEqual([`/${partition}/dev-libs/lib-2.gpkg.tar`]);
  });

  it('that were planned and are of another CHOST fail the tuple by name, and are not in the store', async () => {
    using world = new SiteBuildWorld([lib]);
    world.sitePortage.damagedNew.set('dev-libs/lib-2', why('its CHOST is a, and here it is b'));
    expect((await world.build()).outcomes).toMatchObject([
      {
        type: 'failed',
        failures: [
          {
            exitStatus: 42,
            message: expect.stringContaining(
              'failed to take the new package into the store: dev-libs/lib-2: its CHOST is a, and here it is b',
            ) as string,
          },
        ],
      },
    ]);
    expect(stored(world)).toEqual([]);
    expect(world.left).toEqual(nothing);
  });

  it('with other flags are compiled once more', async () => {
    using world = new SiteBuildWorld([lib]);
    world.sitePortage.damagedNew.set('dev-libs/lib-2', why('its CFLAGS are "-O1"', true));
    expect((await world.build()).outcomes).toMatchObject([{ type: 'failed' }]);
    expect(world.sitePortage.compiled).toEqual(['dev-libs/lib-2', 'dev-libs/lib-2']);
    expect(world.messages('warning')).toContainEqual(
      expect.stringMatching(/its CFLAGS are "-O1"; compiling it once more$/),
    );
  });
});

describe('a container that writes to the store', () => {
  it('has a name of its own, and is removed', async () => {
    using world = new SiteWorld();
    const run = world.run();
    const [work] = run.tuples;
    if (work === undefined) throw new Error('no tuple');
    const request = { base: work.stage, portage: work.tuple.portage, subject: 'x', step: 'mend' };
    expect(await withStoreWriter(run, request, () => Promise.resolve('done'))).toBe('done');
    expect(world.calls('createContainer')[0]?.[0]).toMatch(/^gentoo-builder-[0-9a-f]{16}-store$/);
    expect(world.left).toEqual(nothing);
  });
});
