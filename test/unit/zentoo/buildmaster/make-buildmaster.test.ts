import { describe, expect, it } from 'vitest';
import type { Stage } from '../../../../src/site/site.ts';
import { findBuildmaster, readStageListing } from '../../../../src/zentoo/buildmaster/make-buildmaster.ts';
import { tupleNamed } from '../../../../src/zentoo/run/site-run.ts';
import { branch, commits, tupleOf } from '../../plan/sites.ts';
import { openRootSession } from '../root-session.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');

function tupleOn(optimize: Stage['optimize'], changes: Parameters<typeof tupleOfSet>[1] = {}) {
  return tupleOfSet('tools', { stage: { ...tupleOf().stage, optimize }, ...changes });
}

describe('a buildmaster', () => {
  it('has labels that tell its site, its inputs and the partition that it fills', async () => {
    using world = new SiteBuildWorld([tools]);
    await world.build();
    const run = world.siteRun();
    const work = tupleNamed(run, tools.name);
    const { name, fingerprint } = work.buildmaster;
    const found = await findBuildmaster(run, work);
    expect(found?.name).toBe(name);
    expect(found?.partition).toBe('x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab');
    expect(found?.image.labels).toMatchObject({
      'zentoo.site': 'net',
      'zentoo.fingerprint': fingerprint.digest,
      'zentoo.inputs': expect.stringContaining(commits[0]) as string,
      'zentoo.partition': 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab',
    });
    const listing = world.engine.images
      .get(found?.image.id ?? ('' as never))
      ?.files.get('/usr/share/zentoo-stage.json');
    expect(listing?.data.toString()).toBe('[]');
  });

  it.each([
    ['has other inputs', { 'zentoo.fingerprint': '0' }],
    ['names no partition', { 'zentoo.partition': '' }],
    ['names a partition that leads out of the store', { 'zentoo.partition': '../..' }],
  ])('is not found if the image of that name %s', async (_what, labels) => {
    using world = new SiteBuildWorld([tools]);
    const run = world.siteRun();
    const work = tupleNamed(run, tools.name);
    const { name, fingerprint } = work.buildmaster;
    const own = { 'zentoo.fingerprint': fingerprint.digest, 'zentoo.partition': 'a-b-c/x/y-v2-0123456789ab' };
    const layers = [...world.stage.layers, 'sha256:own'];
    world.engine.addImage(name, { layers, labels: { ...own, ...labels } });
    expect(await findBuildmaster(run, work)).toBeUndefined();
    world.engine.addImage(name, { layers, labels: own });
    expect(await findBuildmaster(run, work)).toBeDefined();
  });

  it('tells the packages of its stage, and it is a defect if it does not', async () => {
    const listing = [{ cpv: 'sys-libs/glibc-2', buildTime: '17' }];
    const { session } = await openRootSession({ cat: { stdout: JSON.stringify(listing) } });
    expect(await readStageListing(session)).toEqual(listing);
    const without = await openRootSession({ cat: { exitCode: 1 } });
    await expect(readStageListing(without.session)).rejects.toThrow(
      `the buildmaster ${without.session.base} has no list of its stage's packages`,
    );
  });

  it('has the hook buildmaster run without a tuple, because tuples share it', async () => {
    const hooks = branch('plain', commits[1], { buildmaster: '#!/bin/sh' });
    using world = new SiteBuildWorld([tupleOfSet('tools', { buildhooks: hooks })]);
    await world.build();
    const [ran] = world.sitePortage.ran.filter(({ name }) => name === 'hook-buildmaster');
    expect(ran?.request.environment).toMatchObject({
      ZENTOO_HOOK: 'buildmaster',
      ZENTOO_CPU: 'x86-64',
      ZENTOO_ROOT: '/',
    });
    expect(Object.keys(ran?.request.environment ?? {})).not.toContain('ZENTOO_TUPLE');
  });
});

describe('a buildmaster of zentoo 0.1.0', () => {
  it('is not found, because its partition has another format', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const run = world.siteRun();
    const work = tupleNamed(run, world.tuples[0]?.name ?? '');
    const { name } = work.buildmaster;
    const image = await world.engine.inspectImage(name);
    const labels = { ...image?.labels, 'zentoo.partition': 'x86_64-pc-linux-gnu/x86-64/default-0123456789ab' };
    world.engine.addImage(name, { layers: image?.layers ?? [], labels });
    expect(await findBuildmaster(run, work)).toBeUndefined();
  });

  it('is made again with its packages; those that must be compiled again are named with the reason', async () => {
    using world = new SiteBuildWorld();
    const why = 'its record has CC="clang", and here it is ""';
    world.sitePortage.answers.set('find', { stdout: 'x86_64-pc-linux-gnu/x86-64/default-0123456789ab\n' });
    world.sitePortage.former = { moved: 3, left: [{ path: 'quarantine/x.gpkg.tar', cpv: 'app-misc/x-1', why }] };
    await world.build();
    expect(world.messages('note').join('\n')).toMatch(/took over 3 packages of version 0\.1\.0 into .*-v2-/);
    expect(world.messages('warning')).toContain(`the package app-misc/x-1 of version 0.1.0 is not used: ${why}`);
  });
});

describe('a stage that is optimized', () => {
  const common = ['--usepkg=y', '--getbinpkg=n'];

  it('has all of @system compiled again, from the store where it is there', async () => {
    using world = new SiteBuildWorld([tupleOn('system')]);
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
    const [ran] = world.sitePortage.ran.filter(({ name }) => name === 'emerge-optimize');
    const { command = [] } = ran?.request ?? {};
    expect(command).toEqual(expect.arrayContaining(['--emptytree', ...common]));
    expect(command).not.toContain('--oneshot');
    expect(command.find((word) => word.startsWith('--load-average='))).toMatch(/^--load-average=\d/);
    expect(command.at(-1)).toBe('@system');
    expect(world.sitePortage.ran.map(({ name }) => name).filter((name) => name === 'own-settings')).toHaveLength(2);
  });

  it('has the packages of its tool chain compiled again, and @world stays as it is', async () => {
    using world = new SiteBuildWorld([tupleOn('toolchain')]);
    const own = ['sys-libs/glibc', 'sys-devel/gcc'];
    world.sitePortage.answers.set('toolchain.py', { stdout: JSON.stringify({ own, others: [] }) });
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
    const [ran] = world.sitePortage.ran.filter(({ name }) => name === 'emerge-optimize');
    const { command = [] } = ran?.request ?? {};
    expect(command).toEqual(expect.arrayContaining(['--oneshot', ...common]));
    expect(command).not.toContain('--emptytree');
    expect(command.slice(-2)).toEqual(own);
    expect(world.messages('note').filter((note) => note.startsWith('optimize:'))).toEqual([]);
  });

  it("case 3.10: fails with Portage's own words, and reads an answer that Portage printed messages before", async () => {
    using world = new SiteBuildWorld([tupleOn('toolchain')]);
    const said = '!!! Your current profile is invalid.';
    world.sitePortage.answers.set('toolchain.py', { stdout: '', stderr: `Traceback\n${said}\n`, exitCode: 1 });
    expect((await world.build()).outcomes).toMatchObject([
      {
        type: 'failed',
        failures: [{ code: 'package-unsatisfiable', exitStatus: 33, message: expect.stringContaining(said) as string }],
      },
    ]);
    const answer = JSON.stringify({ own: ['sys-libs/glibc'], others: [] });
    world.sitePortage.answers.set('toolchain.py', { stdout: `!!! a message of Portage\n${answer}\n` });
    expect((await world.build()).outcomes).toMatchObject([{ type: 'built' }]);
  });

  it.each(['system', 'none'] as const)(
    'of a cross tuple compiles nothing beforehand for optimize: %s',
    async (optimize) => {
      const cpu = { ...tupleOf().cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
      using world = new SiteBuildWorld([tupleOn(optimize, { name: 'musl-base-plain-tools', cross: true, cpu })]);
      await world.build();
      expect(world.sitePortage.runs('emerge-optimize')).toEqual([]);
      expect(world.messages('note').filter((note) => note.startsWith('optimize:'))).toEqual([]);
    },
  );
});
