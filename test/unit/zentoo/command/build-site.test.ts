import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerId } from '../../../../src/engine/identifiers.ts';
import type { Atom } from '../../../../src/portage/atom.ts';
import { planSite } from '../../../../src/zentoo/command/plan-site.ts';
import { createLease } from '../../../../src/zentoo/run/lease-container.ts';
import { stateOf } from '../../../../src/zentoo/run/site-state.ts';
import { fakeTime, passTime, restoreTime } from '../../../support/fake-time.ts';
import { unpackFiles } from '../../../support/fake-engine/fake-engine-files.ts';
import { nothing } from '../../builder/build-world.ts';
import { branch, commits, packageSet, tupleOf } from '../../plan/sites.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';
import { tupleWithTree } from '../site-world.ts';

const tools = tupleOfSet('tools');
const web = tupleOfSet('web');

/** The steps of a build in the order in which they began, each with its task. */
function stepsOf(world: SiteBuildWorld): readonly string[] {
  return world.events.flatMap((event) => (event.type === 'step-started' ? [`${event.step} ${event.task}`] : []));
}

/** The specifications of the containers that were started, in order. Others only give access to files. */
function startedSpecs(world: SiteBuildWorld): readonly StartedSpec[] {
  const specs = world.calls('createContainer').map(([, spec]) => spec as StartedSpec);
  return specs.filter(({ openStdin }) => openStdin === true);
}

interface StartedSpec {
  readonly image: string;
  readonly mounts: readonly { readonly type: string; readonly source: string; readonly target: string }[];
  readonly openStdin?: boolean;
}

/** The names of the images from which containers were started, in order, without the digits of buildmasters. */
function startedFrom(world: SiteBuildWorld): readonly string[] {
  const names = new Map([...world.engine.imageNames].map(([name, id]) => [String(id), name]));
  return startedSpecs(world).map(({ image }) => names.get(image)?.replace(/-[0-9a-f]{8}$/, '') ?? image);
}

const buildmaster = 'zentoo/net/buildmaster:x86-64-base';

describe('a tuple that is built from nothing', () => {
  it('gets an image of its stage and one layer with the packages of its set', async () => {
    using world = new SiteBuildWorld();
    const { outcomes, recordFile } = await world.build();
    expect(outcomes).toMatchObject([
      {
        ...{ type: 'built', tuple: tools, outputs: { image: imageOf(tools) } },
        packages: [
          { cpv: 'dev-libs/lib-2', origin: 'compiled', why: 'new; no binary package in the store' },
          { cpv: 'app-misc/tools-1.0', origin: 'compiled', why: 'new; no binary package in the store' },
        ],
        elog: [{ cpv: 'app-misc/tools-1.0', messages: [{ level: 'warn', lines: ['restart it'] }] }],
      },
    ]);
    const image = await world.engine.inspectImage(imageOf(tools));
    expect(image?.layers.slice(0, -1)).toEqual(['sha256:below']);
    expect(image?.labels).toMatchObject({ 'zentoo.site': 'net', 'zentoo.tuple': tools.name });
    expect(world.filesOf(imageOf(tools))).toEqual(expect.arrayContaining(['/usr/bin/lib', '/usr/bin/tools']));
    expect(recordFile).toMatch(/^the volume zentoo-net-state, builds\/[^/]+\/build\.json$/);
    expect(world.left).toEqual(nothing);
  });

  it('is resolved and compiled in its buildmaster, and assembled in its stage', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    expect(stepsOf(world).map((step) => step.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      `buildmaster ${buildmaster}`,
      `resolve ${tools.name}`,
      'compile x86-64-base:dev-libs/lib-2',
      'compile x86-64-base:app-misc/tools-1.0',
      `assemble ${tools.name}`,
      `commit ${tools.name}`,
    ]);
    expect(startedFrom(world)).toEqual([
      'gentoo-ministage:latest',
      buildmaster,
      // A container that compiles, and one that takes the package into the store.
      ...[buildmaster, buildmaster, buildmaster, buildmaster],
      'gentoo-ministage:latest',
    ]);
  });

  it('runs the programs of each step in their order', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    await world.build();
    expect(world.sitePortage.ran.map(({ name }) => name)).toEqual([
      ...['stage-index.py', 'chost', 'clear-configuration', 'unpack', 'settings', 'unpack', 'cpu', 'find'],
      ...['installed-packages.py', 'unpack', 'staged', 'elog'],
      ...['stage-index.py', 'check-store.py', 'unpack', 'cat', 'check-root.py', 'settings'],
      ...[
        'set-atoms.py',
        'set-atoms.py',
        'emerge-pretend-x86-64-base-plain-lib',
        'follow',
        'dependencies.py',
        'staged',
      ],
      ...['stage-index.py', 'make-conf', 'emerge-compile', 'follow', 'elog', 'unpackaged', 'staged', 'take-in.py'],
      ...['installed-packages.py', 'clear-configuration', 'unpack', 'settings', 'unpack', 'unpack', 'find-protected'],
      ...['check-root.py', 'emerge-assemble', 'follow', 'check-root.py', 'find-protected', 'elog', 'package-sizes.py'],
    ]);
  });

  it('stops each container before its commit, and names an image only after the commit', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const ending = ['waitContainer', 'commitContainer', 'tagImage', 'removeImage'];
    const calls = world.engine.calls.map(({ method }) => method).filter((method) => ending.includes(method));
    // Each of the two compilations ends before its package is taken into the store.
    expect(calls).toEqual([...ending, 'waitContainer', 'waitContainer', ...ending]);
    const names = world.calls('commitContainer').map(([, request]) => (request as { name: string }).name);
    expect(names).toEqual([
      expect.stringMatching(/^zentoo\/net\/buildmaster:making-[0-9a-f]{12}$/),
      expect.stringMatching(/^zentoo\/net\/x86-64-base-plain-tools:making-[0-9a-f]{12}$/),
    ]);
    expect([...world.engine.imageNames.keys()].filter((name) => name.includes('making'))).toEqual([]);
  });

  it('mounts the trees read-only, and the store writable only where no ebuild runs', async () => {
    const optimized = { ...tupleWithTree().stage, optimize: 'system' } as const;
    const hooks = branch('plain', commits[1], { buildmaster: '#!/bin/sh', compile: '#!/bin/sh' });
    using world = new SiteBuildWorld([tupleOfSet('tools', { stage: optimized, buildhooks: hooks })]);
    world.sitePortage.answers.set('tool', { exitCode: 1 });
    const compiler: string[] = [];
    await world.build(world.siteRun({ ccache: true }));
    const containers = new Map(world.sitePortage.ran.map(({ container }) => [container.id, container]));
    expect(containers.size).toBe(7);
    for (const { id, mounts } of containers.values()) {
      const runs = world.sitePortage.ran.filter(({ container }) => container.id === id).map(({ name }) => name);
      const accessTo = (volume: string) =>
        mounts.filter((mount) => mount.source === volume).map((mount) => mount.readOnly);
      const runsEbuilds = runs.some((name) => /^(?:emerge|hook)-/.test(name));
      expect(accessTo('zentoo-net-repository-gentoo')).toEqual([true]);
      expect(accessTo('zentoo-net-binpkgs')).toEqual([runsEbuilds]);
      if (runsEbuilds) compiler.push(...runs.filter((name) => name.startsWith('emerge-')));
    }
    expect(new Set(compiler)).toEqual(
      new Set([
        ...['emerge-pretend-optimize', 'emerge-optimize', `emerge-pretend-${tools.name}`, 'emerge-pretend-ccache'],
        ...['emerge-ccache', 'emerge-compile', 'emerge-assemble'],
      ]),
    );
  });

  it('runs the hooks of its branch, each with the files of the branch beside it', async () => {
    const names = ['buildmaster', 'compile', 'assemble', 'finish'];
    const hooks = branch('plain', commits[1], Object.fromEntries(names.map((name) => [name, '#!/bin/sh'])));
    using world = new SiteBuildWorld([tupleOfSet('tools', { buildhooks: hooks })]);
    await world.build();
    const ran = world.sitePortage.ran.map(({ name }) => name).filter((name) => /^(?:hook|emerge)-/.test(name));
    expect(ran).toEqual([
      ...['hook-buildmaster', 'hook-compile', 'emerge-pretend-x86-64-base-plain-tools'],
      ...['hook-compile', 'emerge-compile', 'hook-compile', 'emerge-compile'],
      ...['hook-assemble', 'emerge-assemble', 'hook-finish'],
    ]);
    const environment = world.sitePortage.ran.find(({ name }) => name === 'hook-finish')?.request.environment;
    expect(environment).toMatchObject({ ZENTOO_HOOK: 'finish', ZENTOO_TUPLE: tools.name, ZENTOO_ROOT: '/' });
  });

  it('case 1.4: reads the packages of the store without asking for signatures', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const emerges = world.sitePortage.ran.filter(({ name }) => name.startsWith('emerge-'));
    expect(emerges.map(({ name }) => name)).toEqual([
      ...['emerge-pretend-x86-64-base-plain-tools', 'emerge-compile', 'emerge-compile', 'emerge-assemble'],
    ]);
    for (const { request } of emerges)
      expect(request.environment?.['FEATURES']).toContain('-binpkg-request-signature binpkg-ignore-signature');
  });

  it('compiles with ccache, which is installed once, if the site wants it', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    world.sitePortage.answers.set('tool', { exitCode: 1 });
    await world.build(world.siteRun({ ccache: true }));
    const ran = world.sitePortage.ran.filter(({ name }) => name.startsWith('emerge-'));
    expect(ran.map(({ name }) => name)).toEqual([
      ...['emerge-pretend-x86-64-base-plain-lib', 'emerge-pretend-ccache', 'emerge-ccache'],
      ...['emerge-ccache', 'emerge-compile', 'emerge-assemble'],
    ]);
    expect(ran[4]?.request.environment).toMatchObject({
      FEATURES: expect.stringMatching(/ ccache$/) as string,
      CCACHE_DIR: expect.any(String) as string,
    });
    expect(world.engine.volumes.has('zentoo-net-ccache')).toBe(true);
  });

  it('compiles a package on a volume if it is too large for the tmpfs', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    world.sitePortage.jobs.set('emerge-compile', ({ print }) => {
      world.sitePortage.jobs.delete('emerge-compile');
      print('>>> Emerging (1 of 1) dev-libs/lib-2::gentoo\n>>> Failed to emerge dev-libs/lib-2, Log file:\n');
      print('/var/tmp/portage/dev-libs/lib-2/work/x: No space left on device\n');
      print(' * ERROR: dev-libs/lib-2::gentoo failed (compile phase):\n');
      return 1;
    });
    const { outcomes } = await world.build(world.siteRun({ tmpfs: 2 * 1024 ** 3 }));
    expect(outcomes).toMatchObject([{ type: 'built' }]);
    expect(world.messages('warning').at(-1)).toMatch(/; building it on a volume instead$/);
    const tmpfs = startedSpecs(world).flatMap(({ mounts }) => mounts.filter(({ type }) => type === 'tmpfs'));
    // The buildmaster, the first attempt, and the assembly.
    expect(tmpfs.map(({ target }) => target)).toEqual(Array.from({ length: 3 }, () => '/var/tmp/portage'));
  });
});

describe('a site that was built', () => {
  it('is unchanged in the next build, which starts no container and keeps no record', async () => {
    using world = new SiteBuildWorld([tools, web]);
    await world.build();
    const before = new Map(world.engine.imageNames);
    world.engine.calls.length = 0;
    const { outcomes, recordFile } = await world.build();
    expect(outcomes).toEqual(
      [tools, web].map((tuple) => ({ type: 'unchanged', tuple, outputs: { image: imageOf(tuple) } })),
    );
    expect(recordFile).toBeUndefined();
    expect(world.calls('startContainer')).toEqual([]);
    expect(world.engine.imageNames).toEqual(before);
  });

  it('leaves no lease of a build whose engine was lost, although it needs none itself', async () => {
    using world = new SiteBuildWorld([tools]);
    await world.build();
    const id = 'dead'.repeat(16) as ContainerId;
    const lease = { owner: { kind: 'container', id, startedAt: 'monday' }, token: 'x' } as const;
    await createLease(stateOf(world.siteRun()), lease);
    expect((await world.build()).outcomes).toMatchObject([{ type: 'unchanged' }]);
    expect(world.left).toEqual(nothing);
  });

  it('builds only the tuple whose set changed, in the same buildmaster, with the packages of the store', async () => {
    using world = new SiteBuildWorld([tools, web]);
    await world.build();
    const former = await world.engine.inspectImage(imageOf(tools));
    world.events.length = 0;
    world.sitePortage.compiled.length = 0;
    const both = {
      ...packageSet('tools'),
      text: 'app-misc/tools\napp-misc/web\n',
      atoms: ['app-misc/tools', 'app-misc/web'] as Atom[],
    };
    const changed = tupleOfSet('tools', { packages: both });
    const { outcomes } = await world.build(world.siteRun({ tuples: [changed, web] }));
    expect(outcomes).toMatchObject([
      { type: 'built', packages: [{ origin: 'reused' }, { origin: 'reused' }, { cpv: 'app-misc/web-3.1' }] },
      { type: 'unchanged' },
    ]);
    expect(stepsOf(world)).toEqual(['resolve', 'assemble', 'commit'].map((step) => `${step} ${tools.name}`));
    expect(world.sitePortage.compiled).toEqual([]);
    expect(world.filesOf(imageOf(tools))).toContain('/usr/bin/web');
    // The image that had the name before is removed.
    expect(former && (await world.engine.inspectImage(former.id))).toBeUndefined();
  });

  it('is planned without a container, as there is nothing to do', async () => {
    using world = new SiteBuildWorld([tools, web]);
    await world.build();
    world.engine.calls.length = 0;
    const plan = await planSite(world.siteRun(), 'net');
    expect(plan.tuples).toMatchObject([tools, web].map((tuple) => ({ tuple, upToDate: true, packages: [] })));
    expect(plan.buildmasters).toMatchObject([{ action: 'reuse' }]);
    expect(plan.graph).toEqual([]);
    expect(world.calls('startContainer')).toEqual([]);
  });
});

describe('the plan of a changed tuple', () => {
  it('names the packages that a build compiles and reuses, and is answered from the cache the second time', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    await world.build();
    const run = world.siteRun({ tuples: [web] });
    const plan = await planSite(run, 'net');
    expect(plan.tuples).toMatchObject([
      {
        upToDate: false,
        why: ['there is no image yet'],
        packages: [
          { cpv: 'dev-libs/lib-2', action: 'reuse' },
          { cpv: 'app-misc/web-3.1', action: 'compile' },
        ],
      },
    ]);
    expect(plan.graph.map(({ order }) => order.kind)).toEqual(['resolve', 'packages', 'assemble']);
    expect(world.left).toEqual(nothing);
    world.engine.calls.length = 0;
    expect(await planSite(run, 'net')).toEqual(plan);
    expect(world.calls('startContainer')).toEqual([]);
  });

  it('is made in a container of the stage if there is no buildmaster, and leaves no image', async () => {
    using world = new SiteBuildWorld();
    const names = new Map(world.engine.imageNames);
    const plan = await planSite(world.siteRun(), 'net');
    expect(plan.buildmasters).toMatchObject([{ action: 'make', why: ['there is no buildmaster yet'] }]);
    expect(plan.tuples).toMatchObject([{ packages: [{ action: 'compile' }, { action: 'compile' }] }]);
    expect(startedFrom(world)).toEqual(['gentoo-ministage:latest']);
    expect(world.engine.imageNames).toEqual(names);
    expect(world.left).toEqual(nothing);
  });

  it('has the failure of the tuple that Portage refuses, and keeps that answer', async () => {
    const none = tupleOfSet('none');
    using world = new SiteBuildWorld([none, web]);
    const plan = await planSite(world.siteRun(), 'net');
    expect(plan.tuples).toMatchObject([{ failure: { code: 'plan-refused' } }, { failure: undefined }]);
    world.engine.calls.length = 0;
    const again = await planSite(world.siteRun(), 'net');
    expect(again.tuples[0]?.failure?.message).toBe(plan.tuples[0]?.failure?.message);
    expect(world.calls('startContainer')).toEqual([]);
  });
});

describe('two tuples', () => {
  it('share a buildmaster, one resolution and a package, which is compiled once', async () => {
    using world = new SiteBuildWorld([tools, web]);
    const { outcomes } = await world.build(world.siteRun(), 2);
    expect(outcomes.map(({ type }) => type)).toEqual(['built', 'built']);
    expect(world.sitePortage.compiled.toSorted()).toEqual(['app-misc/tools-1.0', 'app-misc/web-3.1', 'dev-libs/lib-2']);
    expect(world.sitePortage.compiled[0]).toBe('dev-libs/lib-2');
    expect(stepsOf(world).filter((step) => /^(?:buildmaster|resolve)/.test(step))).toHaveLength(2);
    for (const tuple of [tools, web]) expect(world.filesOf(imageOf(tuple))).toContain('/usr/bin/lib');
    expect(world.filesOf(imageOf(web))).not.toContain('/usr/bin/tools');
  });

  it('fail by themselves: a package that fails fails its tuples and no other', async () => {
    const bad = tupleOfSet('bad');
    using world = new SiteBuildWorld([bad, web], [{ cpv: 'app-misc/bad-1', needs: ['dev-libs/lib'], fails: true }]);
    const { outcomes, record } = await world.build(world.siteRun(), 2);
    expect(outcomes).toMatchObject([
      { type: 'failed', tuple: bad },
      { type: 'built', tuple: web },
    ]);
    const [failed] = outcomes;
    const failures = failed?.type === 'failed' ? failed.failures : [];
    expect(failures).toMatchObject([{ code: 'build-failed' }]);
    expect(failures[0]?.message).toMatch(new RegExp(`^${bad.name}: failed to .*app-misc/bad-1`));
    expect(world.engine.imageNames.has(imageOf(bad))).toBe(false);
    expect(world.filesOf(imageOf(web))).toContain('/usr/bin/web');
    expect(record.targets).toMatchObject([
      { result: 'failed', failures: [{ code: 'build-failed' }] },
      { result: 'built' },
    ]);
    expect(world.left).toEqual(nothing);
  });

  it('case 5.2: have the messages of the packages that were merged before a package failed', async () => {
    const bad = tupleOfSet('bad');
    const needed = { cpv: 'dev-libs/lib-2', warning: 'careful' };
    using world = new SiteBuildWorld([bad], [needed, { cpv: 'app-misc/bad-1', needs: ['dev-libs/lib'], fails: true }]);
    const { outcomes, record } = await world.build();
    const elog = [{ cpv: 'dev-libs/lib-2', messages: [{ level: 'warn', phase: 'postinst', lines: ['careful'] }] }];
    expect(outcomes).toMatchObject([{ type: 'failed', failures: [{ code: 'build-failed' }], elog }]);
    expect(record.targets).toMatchObject([{ result: 'failed', elog }]);
  });

  it('fail with one failure that names both if they need a package that fails', async () => {
    using world = new SiteBuildWorld([tools, web], [{ cpv: 'dev-libs/lib-2', fails: true }]);
    const { outcomes } = await world.build();
    const failures = outcomes.flatMap((outcome) => (outcome.type === 'failed' ? outcome.failures : []));
    expect(failures).toHaveLength(2);
    expect(new Set(failures).size).toBe(1);
    expect(failures[0]?.message).toMatch(new RegExp(`^${tools.name}, ${web.name}: `));
    expect(world.sitePortage.runs('emerge-assemble')).toEqual([]);
  });

  it('fail by themselves: one that Portage refuses does not keep the other from being built', async () => {
    const none = tupleOfSet('none');
    using world = new SiteBuildWorld([none, web]);
    const { outcomes } = await world.build();
    expect(outcomes).toMatchObject([{ type: 'failed', failures: [{ code: 'package-unknown' }] }, { type: 'built' }]);
  });

  it('have buildmasters of their own if their hooks differ', async () => {
    const hooks = branch('other', commits[2], { compile: '#!/bin/sh' });
    using world = new SiteBuildWorld([tools, tupleOfSet('web', { buildhooks: hooks })]);
    await world.build();
    expect(new Set(stepsOf(world).filter((step) => step.startsWith('buildmaster '))).size).toBe(2);
  });
});

describe('case 1.5: two builds of one site at once', () => {
  beforeEach(fakeTime);
  afterEach(restoreTime);

  it('compile each package once: the second waits for the first, and finds nothing to do', async () => {
    using world = new SiteBuildWorld([tools, web]);
    const builds = await passTime(Promise.all([world.build(), world.build()]));
    expect(world.sitePortage.compiled.toSorted()).toEqual(['app-misc/tools-1.0', 'app-misc/web-3.1', 'dev-libs/lib-2']);
    expect(builds.map(({ outcomes }) => outcomes.map(({ type }) => type))).toEqual([
      ['built', 'built'],
      ['unchanged', 'unchanged'],
    ]);
    expect(world.messages('note')).toContain(
      'another build of the site net is under way: this build waits for it, and then builds what is left',
    );
    expect(world.left).toEqual(nothing);
  });

  it('share the store: the second builds its other tuple with the packages of the first', async () => {
    using world = new SiteBuildWorld([tools, web]);
    const only = (tuple: typeof tools) => world.build(world.siteRun({ tuples: [tuple] }));
    const [first, second] = await passTime(Promise.all([only(tools), only(web)]));
    expect(first.outcomes).toMatchObject([{ type: 'built', tuple: tools }]);
    expect(second.outcomes).toMatchObject([
      { type: 'built', tuple: web, packages: [{ cpv: 'dev-libs/lib-2', origin: 'reused' }, { origin: 'compiled' }] },
    ]);
    expect(world.calls('commitContainer')).toHaveLength(3);
  });

  it('build from the trees as they are after the wait', async () => {
    using world = new SiteBuildWorld([tools]);
    const tree = world.engine.volumes.get('zentoo-net-repository-gentoo')?.files ?? expect.fail();
    const head = tree.get('/.git/HEAD') ?? expect.fail();
    world.sitePortage.jobs.set('emerge-assemble', () => {
      world.sitePortage.jobs.delete('emerge-assemble');
      tree.set('/.git/HEAD', { ...head, data: Buffer.from(`${'d'.repeat(40)}\n`) });
      return 1;
    });
    const [first, second] = await passTime(Promise.all([world.build(), world.build()]));
    expect(first.outcomes).toMatchObject([{ type: 'failed' }]);
    expect(second.outcomes).toMatchObject([{ type: 'built' }]);
    const image = await world.engine.inspectImage(imageOf(tools));
    expect(JSON.stringify(image?.labels)).toContain('d'.repeat(40));
  });
});

describe('a step that fails', () => {
  it('keeps its container with keepFailed, and says how to enter it', async () => {
    using world = new SiteBuildWorld([tupleOfSet('bad')], [{ cpv: 'app-misc/bad-1', fails: true }]);
    await world.build(world.siteRun({}, { keepFailed: true }));
    const [container] = world.engine.containers.values();
    expect(world.left.containers).toEqual([`gentoo-failed-${container?.id.slice(0, 12)}`]);
    expect(world.messages('note').at(-1)).toContain(`docker start gentoo-failed-${container?.id.slice(0, 12)}`);
  });

  it('is the hook whose exit status is not 0', async () => {
    const hooks = branch('plain', commits[1], { finish: '#!/bin/sh' });
    using world = new SiteBuildWorld([tupleOfSet('tools', { buildhooks: hooks })]);
    world.sitePortage.jobs.set('hook-finish', ({ print }) => {
      print('no such user\n');
      return 3;
    });
    expect((await world.build()).outcomes).toMatchObject([
      { type: 'failed', failures: [{ code: 'hook-failed', logTail: ['no such user'] }] },
    ]);
    expect(world.engine.imageNames.has(imageOf(tools))).toBe(false);
  });

  it('is the assembly if the store lost a package', async () => {
    using world = new SiteBuildWorld();
    const compile = (await world.build()).outcomes;
    expect(compile).toMatchObject([{ type: 'built' }]);
    await world.engine.removeImage(imageOf(tools));
    world.sitePortage.jobs.set('emerge-pretend-x86-64-base-plain-tools', ({ print }) => {
      world.engine.volumes.get('zentoo-net-binpkgs')?.files.clear();
      print('[binary  N     ] app-misc/tools-1.0::gentoo 0 KiB\n');
      return 0;
    });
    expect((await world.build()).outcomes).toMatchObject([
      {
        type: 'failed',
        failures: [{ code: 'package-missing', message: expect.stringContaining('dev-libs/lib-2') as string }],
      },
    ]);
  });
});

describe('the outputs of a tuple', () => {
  let outputDirectory: string;
  beforeEach(() => {
    outputDirectory = mkdtempSync(join(tmpdir(), 'build-site-'));
  });
  afterEach(() => rmSync(outputDirectory, { recursive: true }));

  it('are an archive with its manifest and an image, made of one root, the archive first', async () => {
    using world = new SiteBuildWorld([tupleOfSet('tools', { outputs: ['image', 'archive'] })]);
    const { outcomes, record } = await world.build(world.siteRun({}, { outputDirectory }));
    const path = join(outputDirectory, `${tools.name}.tar.zst`);
    expect(outcomes).toMatchObject([{ type: 'built', outputs: { archive: path, image: imageOf(tools) } }]);
    const files = await unpackFiles('/', Readable.from([zstdDecompressSync(readFileSync(path))]));
    expect([...files.keys()]).toContain('/usr/bin/tools');
    const manifest = readFileSync(join(outputDirectory, `${tools.name}.manifest.json`), 'utf8');
    expect(manifest).toContain('app-misc/tools-1.0');
    expect(readdirSync(outputDirectory)).toHaveLength(3);
    expect(stepsOf(world).slice(-3)).toEqual(['assemble', 'archive', 'commit'].map((step) => `${step} ${tools.name}`));
    expect(record.targets[0]?.archive?.bytes).toBe(readFileSync(path).length);
    // The archive is up to date as the image is.
    expect((await world.build(world.siteRun({}, { outputDirectory }))).outcomes).toMatchObject([{ type: 'unchanged' }]);
  });

  it('are made again if only the archive is missing, from the store', async () => {
    using world = new SiteBuildWorld([tupleOfSet('tools', { outputs: ['archive'] })]);
    const run = () => world.siteRun({}, { outputDirectory });
    await world.build(run());
    rmSync(join(outputDirectory, `${tools.name}.tar.zst`));
    world.sitePortage.compiled.length = 0;
    expect((await world.build(run())).outcomes).toMatchObject([{ type: 'built' }]);
    expect(world.sitePortage.compiled).toEqual([]);
    expect(world.engine.imageNames.has(imageOf(tools))).toBe(false);
  });
});

describe('a cross tuple', () => {
  const cpu = { ...tupleOf().cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
  const musl = tupleOfSet('tools', { name: 'musl-base-plain-tools', cross: true, cpu });

  it('is compiled for and merged into a root of its own, which becomes an image of one layer', async () => {
    using world = new SiteBuildWorld([musl]);
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built', outputs: { image: imageOf(musl) } }]);
    expect(world.calls('importImage')).toHaveLength(1);
    expect((await world.engine.inspectImage(imageOf(musl)))?.layers).toHaveLength(1);
    const files = world.filesOf(imageOf(musl));
    expect(files).toEqual(expect.arrayContaining(['/usr/bin/lib', '/usr/bin/tools']));
    expect(files.filter((path) => path.startsWith('/usr/x86_64-pc-linux-musl/'))).toEqual([]);
    expect(world.sitePortage.ran.find(({ name }) => name === 'emerge-compile')?.request.environment).toMatchObject({
      ROOT: '/usr/x86_64-pc-linux-musl',
      PORTAGE_CONFIGROOT: '/usr/x86_64-pc-linux-musl',
    });
    expect([...(world.engine.volumes.get('zentoo-net-binpkgs')?.files.keys() ?? [])]).toContain(
      '/x86_64-pc-linux-musl/musl/default-v2-0123456789ab/app-misc/tools-1.0.gpkg.tar',
    );
    expect(world.left).toEqual(nothing);
    expect((await world.build()).outcomes).toMatchObject([{ type: 'unchanged' }]);
  });

  it('is refused if the stage itself has its CHOST', async () => {
    using world = new SiteBuildWorld([tupleOfSet('tools', { cross: true })]);
    expect((await world.build()).outcomes).toMatchObject([{ type: 'failed', failures: [{ code: 'cpu-unusable' }] }]);
  });
});
