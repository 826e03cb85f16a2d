import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { explainRefusal } from '../../../../src/container/refusal-failure.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { Failure, failuresOf } from '../../../../src/failure.ts';
import type { Event } from '../../../../src/report/event.ts';
import type { SiteBuild } from '../../../../src/zentoo/command/build-site.ts';
import { LeaseHeartbeats } from '../../../../src/zentoo/run/lease-heartbeat.ts';
import type { EngineCall, EngineMethod } from '../../../support/fake-engine/fake-engine-faults.ts';
import { fakeTime, passTime, restoreTime } from '../../../support/fake-time.ts';
import { interruption, nothing } from '../../builder/build-world.ts';
import { hangForGood } from '../../job/fake-jobs.ts';
import { packageSet } from '../../plan/sites.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

beforeEach(prepareTime);
afterEach(restoreTime);

/** Fakes the time, without heartbeats: they come with the time, at any place among the calls that these tests count. */
function prepareTime(): void {
  fakeTime();
  vi.spyOn(LeaseHeartbeats.prototype, 'start').mockReturnValue();
}

const tuple = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });
const image = imageOf(tuple);

/** A site whose tuple has an image already, which is out of date. */
class StaleWorld extends SiteBuildWorld {
  readonly former = this.engine.addImage(image, { labels: { of: 'before' } }).id;

  constructor() {
    super([tuple]);
  }

  /** The result of a build, or its error; refusals of the engine are failures, as every command makes them. */
  outcome(run = this.siteRun()): Promise<unknown> {
    return passTime(explainRefusal(this.build(run)).catch((error: unknown) => error));
  }
}

/** A call of the engine in a build that succeeds. */
interface Call {
  readonly method: EngineMethod;
  readonly nth: number;
  /** The method and its object, without digits that are different each time. */
  readonly what: string;
  /** What was going on: the number of the container and the last step that had begun. */
  readonly where: string;
}

/** Records the calls of a build that succeeds. */
async function recordCalls(): Promise<readonly Call[]> {
  prepareTime();
  using world = new StaleWorld();
  const { report } = world.context;
  const steps = new Map<number, string>();
  const watch = (event: Event) => {
    if (event.type === 'step-started') steps.set(world.engine.calls.length, event.step);
    return report(event);
  };
  await world.outcome(world.siteRun({}, { report: watch }));
  restoreTime();
  vi.restoreAllMocks();
  const counts = new Map<EngineMethod, number>();
  const programs = world.sitePortage.ran.map(({ name }) => name);
  let step = 'begin';
  let containers = 0;
  return world.engine.calls.map((call, index): Call => {
    const nth = (counts.get(call.method) ?? 0) + 1;
    counts.set(call.method, nth);
    step = steps.get(index) ?? step;
    const object = /^exec(?:At|De)tached$/.test(call.method) ? programs.shift() : objectOf(call);
    if (call.method === 'createVolume' && object === 'gentoo-builder-*') containers += 1;
    return { method: call.method, nth, what: `${call.method} ${object}`.trimEnd(), where: `${containers} ${step}` };
  });
}

function objectOf({ method, args: [first] }: EngineCall): string {
  if (typeof first !== 'string' || !/Image|Volume|createContainer/.test(method)) return '';
  return first.replaceAll(/[0-9a-f]{8,}/g, '*');
}

/** The first call of each kind; later ones differ only in what was called before. */
function firstOfEach(calls: readonly Call[], kindOf: (call: Call) => string): readonly (readonly [string, Call])[] {
  const found = new Map<string, Call>();
  for (const call of calls) if (!found.has(kindOf(call))) found.set(kindOf(call), call);
  return [...found].map(([kind, call]) => [kind, call]);
}

const all = await recordCalls();
const byPlace = firstOfEach(all, ({ where, what }) => `${where}: ${what}`);
const byKind = firstOfEach(all, ({ what }) => what);
/** The position of a call; throws if no build makes it. */
const positionOf = (kind: string): number => {
  const found = byPlace.find(([each]) => each === kind)?.[1];
  if (found === undefined) throw new Error(`no build makes the call ${kind}`);
  return all.indexOf(found);
};
const tagged = positionOf(`6 commit: tagImage sha256:*`);
const removed = positionOf(`6 commit: removeVolume gentoo-builder-*`);

/** Calls for the records of builds: their faults are warnings. */
const isOfRecords = ([, call]: readonly [string, Call]): boolean =>
  (call.where === '2 begin' && /Volume|Container|Archive/.test(call.method)) || all.indexOf(call) > removed;
/** Streams that are taken up again. */
const isStream = ([, { what }]: readonly [string, Call]): boolean => what === 'execAttached follow';
/** Calls that remove what nobody needs: the temporary name of a commit, and the image that had the name before. */
const isTidying = ([, { what }]: readonly [string, Call]): boolean =>
  what.startsWith('removeImage ') || what === 'inspectImage sha256:*';
const isHarmless = (call: readonly [string, Call]): boolean => isOfRecords(call) || isStream(call);

const illness = new EngineRefusal(500, 'the engine is ill');
const loss = new Failure('engine-lost', 'failed to do something: lost the engine');

/** The failures of a build. A defect, which is any other error, has none. */
function failuresIn(outcome: unknown): readonly Failure[] {
  if (outcome instanceof Error) return failuresOf(outcome);
  const { outcomes } = outcome as SiteBuild;
  return outcomes.flatMap((one) => (one.type === 'failed' ? one.failures : []));
}

/** Whether the name of the tuple's image was moved. An image that has it is whole in any case. */
function isMoved(world: StaleWorld): boolean {
  const isFormer = world.engine.imageNames.get(image) === world.former;
  if (!isFormer)
    expect(world.filesOf(image)).toEqual(expect.arrayContaining(['/usr/bin/lib', '/etc/portage/make.conf']));
  return !isFormer;
}

/** The temporary names of commits that were left. */
const temporaryNames = ({ engine }: StaleWorld): readonly string[] =>
  [...engine.imageNames.keys()].filter((name) => name.includes(':making-'));

describe('a build of a site in which the engine refuses a call', () => {
  const fatal = byPlace.filter((call) => !isHarmless(call) && !isTidying(call));

  it.each(fatal)('fails, leaves nothing and says why: %s', async (_kind, call) => {
    using world = new StaleWorld();
    world.engine.fault({ ...call, error: illness });
    const failures = failuresIn(await world.outcome());
    expect(failures.map(({ message }) => message)).toEqual([expect.stringContaining('the engine is ill')]);
    expect(isMoved(world)).toBe(all.indexOf(call) > tagged);
    expect(temporaryNames(world)).toEqual([]);
    expect(world.left).toEqual(nothing);
  });

  it.each(byPlace.filter(isHarmless))('goes on if it can do without the call: %s', async (_kind, call) => {
    using world = new StaleWorld();
    world.engine.fault({ ...call, error: illness });
    expect(failuresIn(await world.outcome())).toEqual([]);
    expect(isMoved(world)).toBe(true);
    expect(world.left).toEqual(nothing);
  });

  it('fails if it cannot find the buildmaster that it has just committed', async () => {
    using world = new StaleWorld();
    world.engine.fault({
      ...(all[positionOf('3 buildmaster: inspectImage sha256:*')] ?? expect.fail()),
      error: illness,
    });
    expect(failuresIn(await world.outcome())).toMatchObject([{ code: 'engine-refused' }]);
    expect(isMoved(world)).toBe(false);
    expect(world.left).toEqual(nothing);
  });

  it.each(
    byPlace.filter(
      (call) => isTidying(call) && !isHarmless(call) && call[0] !== '3 buildmaster: inspectImage sha256:*',
    ),
  )('succeeds if only an old image or a temporary name cannot be removed: %s', async (_kind, call) => {
    using world = new StaleWorld();
    world.engine.fault({ ...call, error: illness });
    expect(failuresIn(await world.outcome())).toEqual([]);
    expect(isMoved(world)).toBe(true);
    expect(temporaryNames(world)).toHaveLength(call.what.includes(':making-') ? 1 : 0);
    expect(world.left).toEqual(nothing);
  });
});

describe('a build of a site that loses an answer of the engine', () => {
  const isRepeated = (call: readonly [string, Call]): boolean =>
    isHarmless(call) ||
    /^(?:execDetached|commitContainer|removeImage .*:making-|createContainer .*-lease$)/.test(call[1].what);

  it.each(byKind.filter(isRepeated))('does again what may be done again, once: %s', async (_kind, call) => {
    using world = new StaleWorld();
    world.engine.fault({ ...call, error: loss, afterEffect: true });
    expect(failuresIn(await world.outcome())).toEqual([]);
    expect(world.sitePortage.compiled).toEqual(['dev-libs/lib-2']);
    expect(world.calls('commitContainer')).toHaveLength(2);
    expect(isMoved(world)).toBe(true);
    expect(temporaryNames(world)).toEqual([]);
    expect(world.left).toEqual(nothing);
  });

  it.each(byKind.filter((call) => !isRepeated(call)))('fails and leaves no container: %s', async (_kind, call) => {
    using world = new StaleWorld();
    world.engine.fault({ ...call, error: loss, afterEffect: true });
    expect(failuresIn(await world.outcome())).toMatchObject([
      { code: 'engine-lost', message: expect.stringContaining('lost the engine') as string },
    ]);
    expect(isMoved(world)).toBe(all.indexOf(call) > tagged);
    expect(temporaryNames(world)).toEqual([]);
    // The run cannot know whether its work volume was made; the next run removes the volume.
    const isWorkspace = call.what === 'createVolume gentoo-builder-*';
    expect(world.left).toEqual(isWorkspace ? { ...nothing, workspaces: [expect.any(String)] } : nothing);
  });
});

describe('a build of a site that is aborted', () => {
  const isAfterwards = ([, call]: readonly [string, Call]): boolean => all.indexOf(call) > removed;
  const abortAt = (world: StaleWorld, { method, nth }: Call): void => {
    world.onCall = (called, count) => {
      if (called === method && count === nth) world.aborter.abort(interruption);
    };
  };

  it.each(byKind.filter((call) => !isAfterwards(call)))(
    'gives the reason and leaves nothing: %s',
    async (_kind, call) => {
      using world = new StaleWorld();
      abortAt(world, call);
      expect(await world.outcome()).toBe(interruption);
      expect(isMoved(world)).toBe(all.indexOf(call) > tagged);
      expect(temporaryNames(world)).toEqual([]);
      expect(world.left).toEqual(nothing);
    },
  );

  it.each(byKind.filter(isAfterwards))('is finished if only its record is to be written: %s', async (_kind, call) => {
    using world = new StaleWorld();
    abortAt(world, call);
    expect(failuresIn(await world.outcome())).toEqual([]);
    expect(isMoved(world)).toBe(true);
    expect(world.left).toEqual(nothing);
  });

  it.each(['emerge-pretend-x86-64-base-plain-lib', 'emerge-compile', 'emerge-assemble'])(
    'ends the processes of a job that runs: %s',
    async (job) => {
      using world = new StaleWorld();
      world.sitePortage.jobs.set(job, (running) => {
        setTimeout(() => world.aborter.abort(interruption), 60_000);
        return hangForGood(running);
      });
      expect(await world.outcome()).toBe(interruption);
      expect(world.sitePortage.ran.at(-1)?.name).toBe('terminate');
      expect(world.left).toEqual(nothing);
    },
  );
});

describe('a build of a site whose container is taken away by somebody else', () => {
  it.each(['emerge-pretend-x86-64-base-plain-lib', 'emerge-compile', 'emerge-assemble'])(
    'fails as lost, not as a failure of a package: %s',
    async (job) => {
      using world = new StaleWorld();
      world.sitePortage.jobs.set(job, (running) => {
        world.engine.stopContainer(running.container, 137);
        return hangForGood(running);
      });
      expect(failuresIn(await world.outcome())).toMatchObject([{ code: 'container-lost' }]);
      expect(isMoved(world)).toBe(false);
      expect(world.left).toEqual(nothing);
    },
  );
});

describe('case 1.3: a compilation that finds a damaged dependency', () => {
  const path = 'dev-libs/lib-2.gpkg.tar';
  const unfit = [{ path, cpv: 'dev-libs/lib-2', why: 'it does not match its checksums in Packages' }];

  it('has it moved to quarantine and compiles it again, once', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.damagedDependencies.push(`/store/${path}`);
    world.sitePortage.storeChecks.push({}, { isInOrder: false, unfit }, { isInOrder: false, unfit });
    expect(await passTime(world.build())).toMatchObject({ outcomes: [{ type: 'built' }] });
    expect(world.sitePortage.compiled).toEqual(['dev-libs/lib-2', 'dev-libs/lib-2', 'app-misc/tools-1.0']);
    expect(world.messages('warning')).toContain(
      `failed to emerge dev-libs/lib-2: the binary package /store/${path} is damaged (Failed on SHA1 verification); compiling it instead`,
    );
  });

  it('fails if the store is in order when it is checked', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.damagedDependencies.push(`/store/${path}`);
    expect(await passTime(world.build())).toMatchObject({ outcomes: [{ failures: [{ code: 'store-corrupt' }] }] });
  });
});

describe('case 1.3: an assembly that finds a damaged package', () => {
  const path = 'dev-libs/lib-2.gpkg.tar';
  const unfit = [{ path, cpv: 'dev-libs/lib-2', why: 'it does not match its checksums in Packages' }];
  const cause = `failed to emerge dev-libs/lib-2: the binary package /store/${path} is damaged (Failed on MD5 verification)`;

  it('has it moved to quarantine and compiled again, once, where the store is writable', async () => {
    using world = new StaleWorld();
    world.sitePortage.damaged.push(`/store/${path}`);
    // The check before the build finds nothing, because the file has not changed; the one after the failure reads all files.
    world.sitePortage.storeChecks.push({}, { isInOrder: false, unfit }, { isInOrder: false, unfit });
    expect(await world.outcome()).toMatchObject({ outcomes: [{ type: 'built' }] });
    expect(world.sitePortage.compiled).toEqual(['dev-libs/lib-2', 'dev-libs/lib-2']);
    expect(world.messages('warning')).toContain(`${cause}; the package was compiled again`);
    // The package is compiled by the orders of every build, as steps of the task that found it damaged.
    const steps = world.events.flatMap((event) => (event.type === 'step-started' ? [[event.step, event.task]] : []));
    const task = steps.at(-1)?.[1];
    const ofTask = steps.flatMap(([step, label]) => (label === task ? [step] : []));
    expect(ofTask.slice(-5)).toEqual(['assemble', 'resolve', 'compile', 'assemble', 'commit']);
    const checks = world.sitePortage.ran.filter(({ name }) => name === 'check-store.py').map(({ args }) => args.at(-1));
    expect(checks.slice(1, 3)).toEqual(['all', 'all']);
    expect(world.engine.imageNames.get(image)).not.toBe(world.former);
  });

  it.each([
    ['is damaged again', [{}, { isInOrder: false, unfit }, { isInOrder: false, unfit }]],
    ['is in order when the store is checked', []],
  ])('fails, and names the file, if the package %s', async (_how, checks) => {
    using world = new StaleWorld();
    world.sitePortage.damaged.push(`/store/${path}`, `/store/${path}`);
    world.sitePortage.storeChecks.push(...checks);
    expect(await world.outcome()).toMatchObject({
      outcomes: [{ failures: [{ code: 'store-corrupt', message: expect.stringContaining(cause) as string }] }],
    });
  });
});
