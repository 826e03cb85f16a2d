import { readdirSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Failure } from '../../../../src/failure.ts';
import { readBuildRecord, writeBuildRecord } from '../../../../src/record/build-record.ts';
import { BuildRecorder } from '../../../../src/record/build-recorder.ts';
import { taskDuration } from '../../../../src/record/task-duration.ts';
import type { History } from '../../../../src/schedule/history.ts';
import { FailureNotes } from '../../../../src/zentoo/command/failure-notes.ts';
import { withBuildRecords, type RecordedWork } from '../../../../src/zentoo/command/build-records.ts';
import { stateOf } from '../../../../src/zentoo/run/site-state.ts';
import { fakeFiles, type FakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { interruption, nothing } from '../../builder/build-world.ts';
import { temporaryDirectory } from '../../site/git-program.ts';
import { SiteWorld } from '../site-world.ts';

const node = { kind: 'packages', place: 'generic', name: 'app-misc/greet', version: '1.0' };
const other = { ...node, name: 'app-text/tree' };
const identity = { program: { name: 'zentoo', version: '1' }, site: 'net' };

const inState = (world: SiteWorld): FakeFiles => world.engine.volumes.get('zentoo-net-state')?.files ?? new Map();
const warnings = (world: SiteWorld) => world.events.filter(({ type }) => type === 'warning');
const recordsOf = (world: SiteWorld) =>
  [...inState(world)].filter(([path]) => path.endsWith('/build.json')).map(([, { data }]) => data.toString());

interface Recording {
  readonly history: History;
  /** Does a task that takes so many seconds. */
  take(seconds: number, of?: typeof node): void;
}

function build<T>(world: SiteWorld, work: (recording: Recording) => Promise<T>): Promise<RecordedWork<T>> {
  let now = Date.parse('2026-02-03T04:05:06.789Z');
  const recorder = new BuildRecorder(() => now);
  return withBuildRecords(
    stateOf(world.run()),
    (history) =>
      work({
        history,
        take(seconds, of = node) {
          const task = recorder.beginTask(of, 'x');
          now += seconds * 1000;
          history.add([taskDuration(task.end('done')) ?? []].flat());
        },
      }),
    { read: () => recorder.read(identity, []), notes: new FailureNotes([]) },
  );
}

const take = (world: SiteWorld, seconds: number, of = node) =>
  build(world, async (recording) => recording.take(seconds, of));
async function estimate(world: SiteWorld, of = node): Promise<number | undefined> {
  return (await build(world, async ({ history }) => history.estimate(of))).result;
}
function put(world: SiteWorld, path: string, text: string): void {
  for (const [name, file] of fakeFiles({ [path]: text })) inState(world).set(name, file);
}

describe('the record of a build', () => {
  test('is kept in the state volume, and its durations are estimates for the next build', async () => {
    using world = new SiteWorld();
    using home = temporaryDirectory();
    vi.stubEnv('TMPDIR', home.path);
    onTestFinished(() => void vi.unstubAllEnvs());
    const { recordFile } = await build(world, async (recording) => {
      const { history } = recording;
      expect(history.estimate(node)).toBeUndefined();
      recording.take(12);
      expect(history.estimate(node)).toBe(12);
    });
    expect(recordFile).toMatch(/^the volume zentoo-net-state, builds\/20260203T040506Z-[0-9a-f]{8}\/build\.json$/);
    const kept = inState(world)
      .get(`/${recordFile?.replace('the volume zentoo-net-state, ', '')}`)
      ?.data.toString();
    expect(readBuildRecord(kept ?? '')).toMatchObject({ record: { site: 'net', tasks: [{ ...node, seconds: 12 }] } });
    expect(await estimate(world)).toBe(12);
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.left).toEqual(nothing);
    expect(world.events).toEqual([]);
    expect(readdirSync(home.path)).toEqual([]);
  });

  test('is kept by each of two builds at the same time', async () => {
    using world = new SiteWorld();
    await build(world, async (first) => {
      await build(world, async (second) => {
        first.take(10, node);
        second.take(20, other);
      });
      expect(first.history.estimate(other)).not.toBe(20);
    });
    expect(recordsOf(world)).toHaveLength(2);
    expect([await estimate(world), await estimate(world, other)]).toEqual([10, 20]);
  });

  test.each([
    ['fails', new Failure('build-failed', 'failed')],
    ['is interrupted', interruption],
  ])('is kept if the build %s', async (_, failure) => {
    using world = new SiteWorld();
    const failing = build(world, async (recording) => {
      recording.take(12);
      if (failure === interruption) world.aborter.abort(failure);
      throw failure;
    });
    await expect(failing).rejects.toBe(failure);
    expect(recordsOf(world)).toHaveLength(1);
    expect(await estimate(world)).toBe(12);
    expect(world.left).toEqual(nothing);
  });

  test('that cannot be written is a warning, and the result of the build stays', async () => {
    using world = new SiteWorld();
    world.onCall = (called) => {
      if (called === 'writeArchive') throw new Failure('disk-full', 'no space left on device');
    };
    const working = async (recording: Recording) => {
      recording.take(12);
      return 'done';
    };
    expect(await build(world, working)).toEqual({ result: 'done', recordFile: undefined });
    expect(warnings(world)).toEqual([
      expect.objectContaining({ message: 'failed to keep the record of the build: no space left on device' }),
    ]);
  });
});

describe('the index of the records', () => {
  test('is made from all records if it is missing', async () => {
    using world = new SiteWorld();
    await take(world, 12);
    await take(world, 20, other);
    inState(world).delete('/history.sqlite');
    expect([await estimate(world), await estimate(world, other)]).toEqual([12, 20]);
    expect(warnings(world)).toEqual([]);
  });

  test.each(['', 'no history'.repeat(1000)])(
    'is set aside once if it is damaged (%.10j), and made from the records',
    async (text) => {
      using world = new SiteWorld();
      await take(world, 7);
      put(world, '/history.sqlite', text);
      expect(await estimate(world)).toBe(7);
      const asides = [...inState(world)].filter(([path]) => path.startsWith('/history.sqlite.corrupt-'));
      expect(asides.map(([path, { data }]) => [path.replace(/\d{8}T\d{6}Z$/, 'TIME'), data.toString()])).toEqual([
        ['/history.sqlite.corrupt-TIME', text],
      ]);
      expect(warnings(world)).toEqual([
        {
          type: 'warning',
          message: expect.stringMatching(
            /^the durations of earlier builds cannot be used: .*; they are set aside as history.* from the records/,
          ),
          hint: expect.stringMatching(/^to remove the file: docker run --rm -v zentoo-net-state:\/state gentoo-mini/),
        },
      ]);
      expect(await estimate(world)).toBe(7);
      expect(warnings(world)).toHaveLength(1);
    },
  );

  test('leaves out a record that cannot be read, and says which', async () => {
    using world = new SiteWorld();
    await take(world, 12);
    inState(world).delete('/history.sqlite');
    const record = new BuildRecorder(() => 0).read(identity, []);
    put(world, '/builds/later/build.json', writeBuildRecord(record).replace('"format":1', '"format":2'));
    expect(await estimate(world)).toBe(12);
    const message =
      'the record builds/later/build.json of the site is not used: it has format 2, and this program reads format 1';
    expect(warnings(world)).toContainEqual({ type: 'warning', message });
  });

  test('that is damaged during a build does not lose the durations of the build', async () => {
    using world = new SiteWorld();
    await build(world, async (recording) => {
      recording.take(12);
      put(world, '/history.sqlite', 'x');
    });
    expect(warnings(world)).toHaveLength(1);
    expect(await estimate(world)).toBe(12);
  });

  test.each(['createContainer', 'readArchive', 'createVolume'] as const)(
    'that cannot be read (%s is refused) is a warning, and the build goes on',
    async (method) => {
      using world = new SiteWorld();
      let isRefused = true;
      world.onCall = (called) => {
        if (called === method && isRefused) throw new Failure('engine-lost', 'the engine is gone');
      };
      const { result } = await build(world, async ({ history }) => {
        isRefused = false;
        return history.estimate(node) ?? 'done';
      });
      expect(result).toBe('done');
      expect(warnings(world)).toEqual([
        expect.objectContaining({
          message: 'failed to read the durations and failures of earlier builds: the engine is gone',
        }),
      ]);
      expect(world.left).toEqual(nothing);
    },
  );

  test('does not exist in a Node without SQLite, but records do', async () => {
    using world = new SiteWorld();
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    await take(world, 12);
    expect(await estimate(world)).toBeUndefined();
    vi.restoreAllMocks();
    expect(warnings(world)).toEqual([]);
    expect([recordsOf(world).length, inState(world).has('/history.sqlite')]).toEqual([2, false]);
    expect(await estimate(world)).toBe(12);
  });
});
