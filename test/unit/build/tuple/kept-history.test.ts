import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test, vi } from 'vitest';
import { withHistory } from '../../../../src/build/tuple/kept-history.ts';
import { Failure } from '../../../../src/failure.ts';
import type { History } from '../../../../src/schedule/history.ts';
import { fakeFiles, type FakeFiles } from '../../../support/fake-engine-files.ts';
import { interruption, nothing } from '../build-world.ts';
import { SiteWorld } from './site-world.ts';

const node = { kind: 'package', place: 'generic', name: 'app-misc/greet', version: '1.0' };
const other = { ...node, name: 'app-text/tree' };

const copies = () => readdirSync(tmpdir()).filter((name) => name.startsWith('zentoo-history-'));
const inState = (world: SiteWorld): FakeFiles => world.engine.volumes.get('zentoo-net-state')?.files ?? new Map();
const keptIn = (world: SiteWorld): Buffer | undefined => inState(world).get('/history.sqlite')?.data;
const warnings = (world: SiteWorld) => world.events.filter(({ type }) => type === 'warning');

function note(world: SiteWorld, seconds: number, of = node): Promise<void> {
  return withHistory(world.run(), async (history) => history.note(of, seconds));
}
function estimate(world: SiteWorld, of = node): Promise<number | undefined> {
  return withHistory(world.run(), async (history) => history.estimate(of));
}
function damage(world: SiteWorld, text: string): void {
  for (const [path, file] of fakeFiles({ '/history.sqlite': text })) inState(world).set(path, file);
}

describe("a site's history", () => {
  test('is kept for the next build, and nothing is started for it or left behind', async () => {
    using world = new SiteWorld();
    const before = copies();
    await withHistory(world.run(), async (history) => {
      expect(history.estimate(node)).toBeUndefined();
      history.note(node, 12);
      expect(history.estimate(node)).toBe(12);
    });
    expect(await estimate(world)).toBe(12);
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left).toEqual(nothing);
    expect(world.events).toEqual([]);
    expect(copies()).toEqual(before);
  });

  test('is not written where nothing was noted', async () => {
    using world = new SiteWorld();
    expect(await estimate(world)).toBeUndefined();
    expect(keptIn(world)).toBeUndefined();
    expect(world.calls('writeArchive')).toEqual([]);
  });

  test('has what two builds at once have noted', async () => {
    using world = new SiteWorld();
    await withHistory(world.run(), async (first) => {
      await withHistory(world.run(), async (second) => {
        first.note(node, 10);
        second.note(other, 20);
      });
      expect(first.estimate(other)).not.toBe(20);
    });
    expect([await estimate(world), await estimate(world, other)]).toEqual([10, 20]);
  });

  test.each([
    ['failed', new Failure('build-failed', 'failed')],
    ['was interrupted', interruption],
  ])('has what a build has noted that %s', async (_, failure) => {
    using world = new SiteWorld();
    const work = async (history: History): Promise<void> => {
      history.note(node, 12);
      if (failure === interruption) world.aborter.abort(failure);
      throw failure;
    };
    await expect(withHistory(world.run(), work)).rejects.toBe(failure);
    expect(await estimate(world)).toBe(12);
    expect(world.left).toEqual(nothing);
  });

  test.each(['', 'no history'.repeat(1000)])(
    'that is none (%.10j) is set aside once, and a new one begun',
    async (text) => {
      using world = new SiteWorld();
      damage(world, text);
      expect(await estimate(world)).toBeUndefined();
      const asides = [...inState(world)].filter(([path]) => path.startsWith('/history.sqlite.corrupt-'));
      expect(asides.map(([path, { data }]) => [path.replace(/\d{8}T\d{6}Z$/, 'TIME'), data.toString()])).toEqual([
        ['/history.sqlite.corrupt-TIME', text],
      ]);
      expect(warnings(world)).toEqual([
        {
          type: 'warning',
          message: expect.stringMatching(
            /^the history of the site cannot be used: .*; it is set aside as history.* in the/,
          ),
          hint: expect.stringMatching(
            /^only estimates are lost; .* docker run --rm -v zentoo-net-state:\/state gentoo-mini/,
          ),
        },
      ]);
      await note(world, 3);
      expect(await estimate(world)).toBe(3);
      expect(warnings(world)).toHaveLength(1);
    },
  );

  test('that was damaged while a build went on does not lose what that has noted', async () => {
    using world = new SiteWorld();
    await withHistory(world.run(), async (history) => {
      history.note(node, 12);
      damage(world, 'x');
    });
    expect(warnings(world)).toHaveLength(1);
    expect(await estimate(world)).toBe(12);
  });

  test.each(['createContainer', 'readArchive', 'createVolume'] as const)(
    'that cannot be read (%s is refused) is a warning, and the work is done',
    async (method) => {
      using world = new SiteWorld();
      world.onCall = (called) => {
        if (called === method) throw new Failure('engine-lost', 'the engine is gone');
      };
      expect(await withHistory(world.run(), async (history) => history.estimate(node) ?? 'done')).toBe('done');
      expect(warnings(world)).toEqual([
        expect.objectContaining({ message: 'failed to read how long builds took before: the engine is gone' }),
      ]);
      world.onCall = () => undefined;
      expect(world.left).toEqual(nothing);
    },
  );

  test('that cannot be written is a warning, and what the work came to stays', async () => {
    using world = new SiteWorld();
    world.onCall = (called) => {
      if (called === 'writeArchive') throw new Failure('disk-full', 'no space left on device');
    };
    const work = async (history: History) => {
      history.note(node, 12);
      return 'done';
    };
    expect(await withHistory(world.run(), work)).toBe('done');
    expect(warnings(world)).toEqual([
      expect.objectContaining({ message: 'failed to keep how long this build took: no space left on device' }),
    ]);
  });

  test('is none in a Node without SQLite', async () => {
    using world = new SiteWorld();
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    await note(world, 12);
    expect(await estimate(world)).toBeUndefined();
    vi.restoreAllMocks();
    expect(warnings(world)).toEqual([]);
    expect(keptIn(world)).toBeUndefined();
  });
});
