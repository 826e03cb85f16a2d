import { describe, expect, it, test } from 'vitest';
import { describeTmpfs } from '../../../../src/emerge/decide-tmpfs.ts';
import { createLocalExecutor } from '../../../../src/zentoo/execute/local-executor.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import type { WorkAnswer } from '../../../../src/plan/work-answer.ts';
import type { OrderOf, WorkOrder } from '../../../../src/plan/work-order.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');
const web = tupleOfSet('web');
const partition = 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab';

/** Executes orders one after another, each alone on the machine; resolves to their answers. */
function executorIn(world: SiteBuildWorld, seconds?: number, run = world.siteRun()) {
  const executor = createLocalExecutor(run, { cpus: 4, memory: 8 * 1024 ** 3 }, () => seconds);
  const { name, ...work } = tupleNamed(run, tools.name).buildmaster;
  const fingerprint = tupleNamed(run, tools.name).fingerprint.digest;
  return {
    name,
    work,
    fingerprint,
    execute: (order: WorkOrder, concurrency = 1): Promise<WorkAnswer> => executor.execute(order, { concurrency }),
  };
}

function packagesOrder(buildmaster: string, ...cpvs: readonly string[]): OrderOf<'packages'> {
  const packages = cpvs.map((cpv) => ({ cpv, slot: '0', repository: 'gentoo', root: '' }));
  const abilities = { observable: false, measuresSpace: false };
  return {
    kind: 'packages',
    tuple: tools.name,
    buildmaster,
    packages,
    dependencies: [],
    partition,
    inputs: 'i',
    abilities,
  };
}

/** The steps that were started, with what they work on and how long that is expected to take. */
function started(world: SiteBuildWorld) {
  return world.events.flatMap((event) =>
    event.type === 'step-started' ? [[event.step, event.task, event.detail, event.estimate]] : [],
  );
}

describe('the orders of a build', () => {
  it('are carried out, answered, and reported as steps of their tasks', async () => {
    using world = new SiteBuildWorld([tools, web]);
    const { execute, name, fingerprint } = executorIn(world, 60);
    expect(await execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name })).toEqual({
      kind: 'buildmaster',
      elog: [],
    });
    const resolved = await execute({ kind: 'resolve', tuples: [tools.name, web.name], buildmaster: name });
    expect(resolved).toMatchObject({
      kind: 'resolve',
      tuples: [
        { type: 'resolved', tuple: tools.name },
        { type: 'resolved', tuple: web.name },
      ],
    });
    const compiled = await execute(packagesOrder(name, 'dev-libs/lib-2', 'app-misc/tools-1.0'));
    expect(compiled).toMatchObject({ kind: 'packages', elog: [{ cpv: 'app-misc/tools-1.0' }] });
    expect(started(world)).toEqual([
      ['buildmaster', name, 'from gentoo-ministage', 60],
      ['resolve', tools.name, `in ${name}, and for 1 more`, 60],
      ['compile', expect.stringMatching(/:dev-libs\/lib-2$/), `for ${tools.name}, with app-misc/tools-1.0`, 60],
    ]);
    const finished = world.events.filter(({ type }) => type === 'step-finished');
    expect(finished).toHaveLength(3);
    expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('say nothing of others where there are none', async () => {
    using world = new SiteBuildWorld([tools]);
    const { execute, name } = executorIn(world);
    await execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name });
    await execute({ kind: 'resolve', tuples: [tools.name], buildmaster: name });
    await execute(packagesOrder(name, 'dev-libs/lib-2'));
    expect(started(world).map(([, , detail]) => detail)).toEqual([
      'from gentoo-ministage',
      `in ${name}`,
      `for ${tools.name}`,
    ]);
  });

  it('case 3.12: share the processors with the orders that run at the same time', async () => {
    using world = new SiteBuildWorld([tools]);
    const { execute, name } = executorIn(world);
    await execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name });
    for (const concurrency of [1, 2]) await execute(packagesOrder(name, 'dev-libs/lib-2'), concurrency);
    const jobs = world.sitePortage.ran
      .filter((one) => one.name === 'emerge-compile')
      .map(({ args }) => args.filter((arg) => /^--(?:jobs|load-average)=/.test(arg)));
    expect(jobs).toEqual([
      ['--jobs=1', '--load-average=4'],
      ['--jobs=1', '--load-average=4'],
    ]);
    const makes = world.sitePortage.ran.flatMap(({ args }) =>
      args.flatMap((arg) => /^MAKEOPTS="(.*)"\n$/.exec(arg)?.[1] ?? []),
    );
    expect(makes).toEqual(['-j4 -l4', '-j2 -l4']);
  });

  it('that the engine refuses fail with the words of the engine', async () => {
    using world = new SiteBuildWorld([tools]);
    const { execute, name } = executorIn(world);
    world.engine.fault({ method: 'createContainer', error: new EngineRefusal(500, 'the disk is on fire') });
    await expect(execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name })).rejects.toMatchObject({
      code: 'engine-refused',
      message: 'failed to build: the engine says: the disk is on fire',
    });
  });
});

test('an order without a tuple is refused', async () => {
  using world = new SiteBuildWorld([tools]);
  const { execute, name } = executorIn(world);
  await expect(execute({ kind: 'resolve', tuples: [], buildmaster: name })).rejects.toThrow(
    'the resolve order names no tuple',
  );
});

test('an order for a copy of the site that differs starts nothing', async () => {
  using world = new SiteBuildWorld([tools]);
  const { execute, name } = executorIn(world);
  await execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name });
  const containers = world.calls('startContainer').length;
  const assemble = { kind: 'assemble', tuple: tools.name, buildmaster: name, outputs: ['image'] } as const;
  await expect(execute({ ...assemble, fingerprint: 'other' })).rejects.toThrow('with the fingerprint other');
  await expect(execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: 'other' })).rejects.toThrow(
    'is for the buildmaster other',
  );
  expect(world.calls('startContainer')).toHaveLength(containers);
});

test('an assembly makes the outputs of its order only', async () => {
  const both = tupleOfSet('tools', { outputs: ['image', 'archive'] });
  using world = new SiteBuildWorld([both]);
  const { execute, name, fingerprint } = executorIn(world);
  await execute({ kind: 'buildmaster', tuple: both.name, buildmaster: name });
  const resolved = await execute({ kind: 'resolve', tuples: [both.name], buildmaster: name });
  const to =
    resolved.kind === 'resolve' && resolved.tuples[0]?.type === 'resolved'
      ? resolved.tuples[0].resolved
      : expect.fail();
  await execute({ ...packagesOrder(name, 'dev-libs/lib-2', 'app-misc/tools-1.0'), partition: to.partitions.root });
  const order = { kind: 'assemble', tuple: both.name, buildmaster: name, fingerprint, outputs: ['image'] } as const;
  expect(await execute(order)).toMatchObject({ kind: 'assemble', outputs: { image: expect.any(String) as string } });
  expect(world.sitePortage.ran.map((one) => one.name)).not.toContain('archive');
});

describe('a package that is too large for the tmpfs', () => {
  const fill = (world: SiteBuildWorld, then: () => void = () => undefined) =>
    world.sitePortage.jobs.set('emerge-compile', ({ print }) => {
      world.sitePortage.jobs.delete('emerge-compile');
      then();
      print('>>> Emerging (1 of 1) dev-libs/lib-2::gentoo\n>>> Failed to emerge dev-libs/lib-2, Log file:\n');
      print('/var/tmp/portage/dev-libs/lib-2/work/x: No space left on device\n');
      print(' * ERROR: dev-libs/lib-2::gentoo failed (compile phase):\n');
      return 1;
    });

  it('is compiled again on a volume, with a warning and its hint', async () => {
    using world = new SiteBuildWorld([tools]);
    const { execute, name } = executorIn(world, undefined, world.siteRun({}, { tmpfs: describeTmpfs(1024 ** 3) }));
    await execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name });
    fill(world);
    await execute(packagesOrder(name, 'dev-libs/lib-2'));
    expect(world.sitePortage.runs('emerge-compile')).toHaveLength(2);
    expect(world.events.filter(({ type }) => type === 'warning')).toEqual([
      {
        type: 'warning',
        message: expect.stringMatching(
          /^failed to emerge dev-libs\/lib-2: .*; building it on a volume instead$/,
        ) as string,
        hint: expect.stringMatching(/^build dev-libs\/lib on a volume/) as string,
      },
    ]);
  });

  it('of another failure is not compiled again', async () => {
    using world = new SiteBuildWorld([tools], [{ cpv: 'dev-libs/lib-2', fails: true }]);
    const { execute, name } = executorIn(world);
    await execute({ kind: 'buildmaster', tuple: tools.name, buildmaster: name });
    await expect(execute(packagesOrder(name, 'dev-libs/lib-2'))).rejects.toMatchObject({ code: 'build-failed' });
    expect(world.sitePortage.runs('emerge-compile')).toHaveLength(1);
  });
});
