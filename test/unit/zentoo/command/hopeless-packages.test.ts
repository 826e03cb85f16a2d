import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Failure } from '../../../../src/failure.ts';
import { describePlanForPrograms } from '../../../../src/plan/plan-json.ts';
import { graphPlan } from '../../../../src/plan/plan-graph.ts';
import type { Tuple } from '../../../../src/site/site.ts';
import type { SiteBuild } from '../../../../src/zentoo/command/build-site.ts';
import { planSite } from '../../../../src/zentoo/command/plan-site.ts';
import type { Retry } from '../../../../src/zentoo/command/failure-notes.ts';
import { fakeFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { nothing } from '../../builder/build-world.ts';
import { branch, commits } from '../../plan/sites.ts';
import { type FakeEbuild, FakeEbuilds } from '../fake-ebuilds.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const bad = tupleOfSet('bad');
const web = tupleOfSet('web');
const failing: FakeEbuild = { cpv: 'app-misc/bad-1', needs: ['dev-libs/lib'], fails: true };
const hopeless =
  /^x86-64-base-plain-bad: failed to emerge app-misc\/bad-1: it failed twice with the same inputs, last on 2026-02-03; log: the volume gentoo-logs, \S+-app-misc_bad-1\/compile\.log$/;

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-02-03T04:05:06Z') }));
afterEach(() => vi.useRealTimers());

/** A site with one tuple whose package fails, and perhaps others. */
class FailingWorld extends SiteBuildWorld {
  constructor(tuples: readonly Tuple[] = [bad]) {
    super(tuples, [failing]);
  }

  /** Replaces the ebuilds. */
  provide(...changes: readonly FakeEbuild[]): void {
    this.sitePortage.ebuilds = new FakeEbuilds([
      ...[{ cpv: 'dev-libs/lib-2' }, { cpv: 'app-misc/web-3.1', needs: ['dev-libs/lib'] }, failing],
      ...changes,
    ]);
  }

  /** Builds, and returns the number of attempts to compile, and the failures. */
  async attempt(retry: Retry = [], run = this.siteRun()): Promise<Attempt> {
    const before = this.sitePortage.runs('emerge-compile').length;
    const built = await this.build(run, 1, { retry });
    const failures = built.outcomes.flatMap((outcome) => (outcome.type === 'failed' ? outcome.failures : []));
    return { ...built, failures, attempts: this.sitePortage.runs('emerge-compile').length - before };
  }

  /** Builds twice, after which the package is hopeless. */
  async failTwice(): Promise<void> {
    await this.attempt();
    const { attempts } = await this.attempt();
    expect(attempts).toBe(1);
  }

  get state() {
    return this.engine.volumes.get('zentoo-net-state')?.files ?? new Map<string, { readonly data: Buffer }>();
  }

  get notes(): unknown {
    return JSON.parse(this.state.get('/failed-packages.json')?.data.toString() ?? 'null');
  }
}

interface Attempt extends SiteBuild {
  readonly attempts: number;
  readonly failures: readonly Failure[];
}

describe('a package that failed twice with the same inputs', () => {
  it('is not compiled by the third build, which fails as if it was, and names the package, the date and the log', async () => {
    using world = new FailingWorld();
    await world.failTwice();
    const { attempts, failures, record } = await world.attempt();
    expect(attempts).toBe(0);
    expect(failures).toMatchObject([
      {
        code: 'build-failed',
        message: expect.stringMatching(hopeless) as string,
        hint: 'change the package, its settings or its dependencies, or try again with --retry app-misc/bad',
      },
    ]);
    expect(record.targets).toMatchObject([
      { result: 'failed', failures: [{ message: expect.stringMatching(hopeless) as string }] },
    ]);
    expect(record.tasks.map(({ kind }) => kind)).toEqual(['resolve']);
    expect(world.left).toEqual(nothing);
  });

  it('does not stop other tuples', async () => {
    using world = new FailingWorld();
    await world.failTwice();
    const { outcomes } = await world.attempt([], world.siteRun({ tuples: [bad, web] }));
    expect(outcomes).toMatchObject([{ type: 'failed' }, { type: 'built' }]);
  });

  it.each<[string, (world: FailingWorld) => unknown]>([
    ['its ebuild changes', (world) => world.provide({ ...failing, text: 'fixed?' })],
    ['a package that it needs has another version', (world) => world.provide({ cpv: 'dev-libs/lib-3' })],
    ['seven days have passed', () => vi.setSystemTime('2026-02-10T04:05:06Z')],
  ])('is tried again once %s', async (_what, change) => {
    using world = new FailingWorld();
    await world.failTwice();
    change(world);
    const { attempts, failures } = await world.attempt();
    expect(attempts).toBeGreaterThan(0);
    expect(failures).toMatchObject([{ code: 'build-failed' }]);
    expect(failures[0]?.message).not.toMatch(hopeless);
  });

  it.each([
    ['make.conf', { 'make.conf': 'MAKEOPTS="-j1"\n' }, 1],
    ['patches for it', { 'patches/app-misc/bad/fix.patch': 'x\n' }, 1],
    ['patches for another package', { 'patches/app-misc/badger/fix.patch': 'x\n' }, 0],
  ])('is tried again when its branch changes %s: %j -> %i attempts', async (_what, files, expected) => {
    using world = new FailingWorld();
    await world.failTwice();
    const changed = tupleOfSet('bad', { portage: { ...bad.portage, ...branch('base', commits[1], files) } });
    const { attempts } = await world.attempt([], world.siteRun({ tuples: [changed] }));
    expect(attempts).toBe(expected);
  });

  it('rests for seven days after each further failure', async () => {
    using world = new FailingWorld();
    await world.failTwice();
    vi.setSystemTime('2026-02-11T04:05:06Z');
    await world.attempt();
    const { attempts, failures } = await world.attempt();
    expect(attempts).toBe(0);
    expect(failures[0]?.message).toMatch(/: it failed 3 times with the same inputs, last on 2026-02-11; log: /);
  });

  it.each<[Retry]>([['all'], [['app-misc/bad']], [['=app-misc/bad-1']]])('is tried again with %j', async (retry) => {
    using world = new FailingWorld();
    await world.failTwice();
    expect((await world.attempt(retry)).attempts).toBe(1);
    expect((await world.attempt()).attempts).toBe(0);
  });

  it.each([
    [['app-misc/bax'], "; did you mean 'app-misc/bad'?"],
    [['=app-misc/bad-2'], "; did you mean '=app-misc/bad-1'?"],
    [['app-misc/bad', 'net-misc/curl'], ''],
  ])('--retry %j is refused, because no package of this name has failed', async (retry, suggestion) => {
    using world = new FailingWorld();
    await world.failTwice();
    world.engine.calls.length = 0;
    const message = `failed to find a failed package for --retry ${retry.at(-1)}: no package of this name has failed${suggestion}`;
    await expect(world.attempt(retry)).rejects.toMatchObject({
      all: [{ code: 'usage', message, hint: 'the packages that failed: app-misc/bad-1' }],
    });
    expect(world.calls('startContainer')).toEqual([]);
  });

  it('--retry of a package is refused as long as no package has failed', async () => {
    using world = new FailingWorld();
    await expect(world.attempt(['app-misc/bad'])).rejects.toMatchObject({
      all: [{ hint: 'omit --retry: no package has failed' }],
    });
    expect((await world.attempt('all')).attempts).toBeGreaterThan(0);
  });

  it('has no note any more after it was compiled', async () => {
    using world = new FailingWorld();
    await world.failTwice();
    world.provide({ ...failing, fails: false });
    expect(await world.attempt(['app-misc/bad'])).toMatchObject({ attempts: 1, outcomes: [{ type: 'built' }] });
    expect(world.notes).toEqual({ format: 1, packages: [] });
  });

  it('has no note any more after its changed ebuild was compiled', async () => {
    using world = new FailingWorld();
    await world.failTwice();
    world.provide({ ...failing, text: 'fixed', fails: false });
    expect(await world.attempt()).toMatchObject({ attempts: 1, outcomes: [{ type: 'built' }] });
    expect(world.notes).toEqual({ format: 1, packages: [] });
  });
});

describe('the plan of a tuple that needs a package that failed twice', () => {
  it('says so without a container, and as the build does', async () => {
    using world = new FailingWorld();
    await world.attempt();
    expect((await planSite(world.siteRun(), 'net')).tuples).toMatchObject([{ failure: undefined }]);
    await world.attempt();
    world.engine.calls.length = 0;
    const plan = await planSite(world.siteRun(), 'net');
    expect(world.calls('startContainer')).toEqual([]);
    expect(plan.tuples).toMatchObject([
      {
        failure: { code: 'build-failed', message: expect.stringMatching(hopeless) as string },
        packages: [
          { cpv: 'dev-libs/lib-2', action: 'reuse' },
          {
            ...{ cpv: 'app-misc/bad-1', action: 'fail' },
            why: expect.stringMatching(/^it failed twice .*; log: .*; try again with --retry app-misc\/bad$/) as string,
          },
        ],
      },
    ]);
    const { outcomes } = await world.build();
    expect(outcomes).toMatchObject([{ failures: [{ message: plan.tuples[0]?.failure?.message }] }]);
    const graph = graphPlan(plan);
    const states = graph.nodes.map(({ kind, label, state }) => `${kind} ${label[0]}: ${state}`);
    expect(states).toEqual(expect.arrayContaining(['packages app-misc/bad-1: failed', `tuple ${bad.name}: failed`]));
    expect(describePlanForPrograms(plan)).toMatchObject({ tuples: [{ action: 'fail' }] });
  });

  it('compiles it with --retry, as the build does, and refuses an atom that no failed package matches', async () => {
    using world = new FailingWorld();
    await world.failTwice();
    for (const retry of ['all', ['app-misc/bad'], ['=app-misc/bad-1']] as const) {
      const { tuples, blocked } = await planSite(world.siteRun(), 'net', retry);
      expect(tuples).toMatchObject([
        { failure: undefined, packages: [{}, { cpv: 'app-misc/bad-1', action: 'compile' }] },
      ]);
      expect(blocked).toEqual([]);
    }
    await expect(planSite(world.siteRun(), 'net', ['app-misc/bed'])).rejects.toMatchObject({
      all: [
        {
          code: 'usage',
          message: expect.stringContaining('--retry app-misc/bed: no package of this name has failed') as string,
        },
      ],
    });
  });

  it('has the packages that need it, and leaves other tuples alone', async () => {
    const top = tupleOfSet('top');
    using world = new FailingWorld([top, web]);
    world.provide({ cpv: 'app-misc/top-1', needs: ['app-misc/bad'] });
    await world.attempt([], world.siteRun({ tuples: [top] }));
    await world.attempt([], world.siteRun({ tuples: [top] }));
    const plan = await planSite(world.siteRun(), 'net');
    expect(plan.tuples).toMatchObject([
      {
        failure: { code: 'build-failed' },
        packages: [
          { action: 'reuse' },
          { cpv: 'app-misc/bad-1', action: 'fail' },
          { cpv: 'app-misc/top-1', action: 'fail', why: 'it needs app-misc/bad-1, which is not tried again' },
        ],
      },
      { failure: undefined, packages: [{ action: 'reuse' }, { action: 'compile' }] },
    ]);
    expect(plan.blocked).toHaveLength(2);
  });
});

describe('a failure that does not count', () => {
  it.each([
    ['a full disk', '/var/tmp/portage/app-misc/bad-1/work/x: No space left on device\n', 'disk-full'],
    ['a source that is missing', "!!! Couldn't download 'bad-1.tar.gz'. Aborting.\n", 'fetch-failed'],
    ['too little memory', 'c++: fatal error: Killed signal terminated program cc1plus\n', 'out-of-memory'],
  ])('is %s', async (_what, line, code) => {
    using world = new FailingWorld();
    world.sitePortage.ebuilds = new FakeEbuilds([{ cpv: 'app-misc/bad-1' }]);
    world.sitePortage.jobs.set('emerge-compile', ({ print, killForMemory }) => {
      if (code === 'out-of-memory') killForMemory();
      const phase = code === 'fetch-failed' ? '' : ' * ERROR: app-misc/bad-1::gentoo failed (compile phase):\n';
      print(`>>> Emerging (1 of 1) app-misc/bad-1::gentoo\n${line}>>> Failed to emerge app-misc/bad-1, Log file:\n`);
      print(phase);
      return 1;
    });
    for (let build = 0; build < 3; build += 1)
      expect(await world.attempt()).toMatchObject({ attempts: 1, failures: [{ code }] });
    expect(world.notes).toBeNull();
  });
});

describe('a failure of a compilation', () => {
  const alone = (world: FailingWorld) => (world.sitePortage.ebuilds = new FakeEbuilds([{ cpv: 'app-misc/bad-1' }]));
  /** Has the compilation end with the failure of a package in a phase, after these lines. */
  const fail = (world: FailingWorld, cpv: string, phase: string, ...lines: readonly string[]) =>
    world.sitePortage.jobs.set('emerge-compile', ({ print }) => {
      print('>>> Emerging (1 of 1) app-misc/bad-1::gentoo\n');
      print(
        [
          ...lines,
          `>>> Failed to emerge ${cpv}, Log file:`,
          ` * ERROR: ${cpv}::gentoo failed (${phase} phase):`,
          '',
        ].join('\n'),
      );
      return 1;
    });

  it.each([
    [
      'that the ebuild demands more memory',
      'out-of-memory',
      'app-misc/bad-1',
      'pretend',
      ' * There is NOT at least 64 GiB RAM',
    ],
    [
      'that may be a lack of memory',
      'build-failed',
      'app-misc/bad-1',
      'compile',
      'x: fatal error: Killed signal terminated program cc1plus',
    ],
    ['of a package of the store that it needs', 'build-failed', 'dev-libs/lib-2', 'preinst', ''],
  ])('does not count: %s', async (_what, code, cpv, phase, line) => {
    using world = new FailingWorld();
    alone(world);
    fail(world, cpv, phase, line);
    for (let build = 0; build < 3; build += 1)
      expect(await world.attempt()).toMatchObject({ attempts: 1, failures: [{ code }] });
    expect(world.notes).toBeNull();
  });

  it('does not count if a hook is the cause', async () => {
    using world = new FailingWorld();
    world.sitePortage.jobs.set('hook-compile', () => 1);
    const hooks = branch('plain', commits[1], { compile: '#!/bin/sh' });
    const run = () => world.siteRun({ tuples: [tupleOfSet('bad', { buildhooks: hooks })] });
    for (let build = 0; build < 3; build += 1)
      expect(await world.attempt([], run())).toMatchObject({ failures: [{ code: 'hook-failed' }] });
    expect(world.notes).toBeNull();
  });

  it.each([
    ['in pkg_pretend', 1],
    ['because the store refuses the package, which is compiled for nothing each time', 0],
  ])('counts %s', async (_what, status) => {
    using world = new FailingWorld();
    alone(world);
    if (status === 1) fail(world, 'app-misc/bad-1', 'pretend');
    world.sitePortage.damagedNew.set('app-misc/bad-1', { why: 'its CHOST is a, and here it is b', again: false });
    await world.failTwice();
    const { attempts, failures } = await world.attempt();
    expect([attempts, failures]).toMatchObject([0, [{ message: expect.stringMatching(hopeless) as string }]]);
  });
});

describe('the notes of failed packages', () => {
  const put = (world: FailingWorld, text: string) => {
    for (const [name, file] of fakeFiles({ '/failed-packages.json': text })) world.state.set(name, file);
  };

  it('have a format number, and of each package its versions, failures, time and log', async () => {
    using world = new FailingWorld();
    await world.attempt();
    expect(world.notes).toEqual({
      format: 1,
      packages: [
        {
          ...{ inputs: expect.stringMatching(/^[0-9a-f]{64}$/) as string, packages: ['app-misc/bad-1'], failures: 1 },
          partition: expect.any(String) as string,
          last: '2026-02-03T04:05:06.000Z',
          log: expect.stringMatching(/^the volume gentoo-logs, .*\/compile\.log$/) as string,
        },
      ],
    });
  });

  it('that are damaged are a warning, and begin anew', async () => {
    using world = new FailingWorld();
    put(world, '{');
    await world.attempt();
    expect(world.messages('warning')).toContain(
      "the notes of failed packages (failed-packages.json in the site's state) are not used: it is damaged",
    );
    expect(world.notes).toMatchObject({ packages: [{ failures: 1 }] });
  });

  it('of a later format are a warning, and stay as they are', async () => {
    using world = new FailingWorld();
    put(world, '{"format":2}');
    await world.attempt();
    expect(world.messages('warning')).toContainEqual(expect.stringMatching(/ not used: it has format 2, /));
    expect(world.notes).toEqual({ format: 2 });
  });

  it('are not written by a build without failures', async () => {
    using world = new FailingWorld([web]);
    await world.attempt();
    expect(world.notes).toBeNull();
  });
});
