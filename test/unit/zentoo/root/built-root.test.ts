import { describe, expect, it } from 'vitest';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import type { Atom } from '../../../../src/portage/atom.ts';
import { replaceImage } from '../../../../src/zentoo/root/replace-image.ts';
import { branch, commits, packageSet, portageBranch, tupleOf } from '../../plan/sites.ts';
import { imageOf, SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');
const partition = 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab';

/** The text of a file of an image. */
function textIn(world: SiteBuildWorld, name: string, path: string): string {
  const id = world.engine.imageNames.get(name);
  return (id === undefined ? undefined : world.engine.images.get(id)?.files.get(path)?.data.toString()) ?? '';
}

describe('the root of a build', () => {
  it('uses and fills the partition of the store that follows from its settings', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    expect(textIn(world, imageOf(tools), '/etc/portage/make.conf')).toContain(
      `PKGDIR="/var/cache/binpkgs/${partition}"`,
    );
    expect(textIn(world, imageOf(tools), '/etc/portage/sets/tools')).toBe('app-misc/tools\n');
  });

  it.each([
    ['names another PORTAGE_TMPDIR', 'PORTAGE_TMPDIR="/home/tmp"\n'],
    ['sources a file outside the branch', 'source /var/lib/layman/make.conf\n'],
  ])('has packages built in /var/tmp if make.conf %s', async (_what, text) => {
    const base = portageBranch('base', commits[0], { 'make.conf': text });
    const tuple = tupleOfSet('tools', { portage: { ...base, sets: tools.portage.sets } });
    using world = new SiteBuildWorld([tuple]);
    await world.build();
    expect(textIn(world, imageOf(tuple), '/etc/portage/make.conf')).toMatch(
      /^(?:PORTAGE_TMPDIR="\/home\/tmp"|source .*)\n[^]*\nPORTAGE_TMPDIR="\/var\/tmp"\n/,
    );
  });

  it('of a cross tuple has settings of its own, and the stage keeps a separate partition', async () => {
    const cpu = { ...tupleOf().cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
    const musl = tupleOfSet('tools', { name: 'musl-base-plain-tools', cross: true, cpu });
    using world = new SiteBuildWorld([musl]);
    await world.build();
    const makeConf = textIn(world, imageOf(musl), '/etc/portage/make.conf');
    expect(makeConf).toContain('CHOST="x86_64-pc-linux-musl"');
    expect(makeConf).toContain('CBUILD="x86_64-pc-linux-gnu"');
    expect(makeConf).toContain('PKGDIR="/var/cache/binpkgs/x86_64-pc-linux-musl/musl/default-v2-0123456789ab"');
    const [directory, lines = ''] = world.sitePortage.runs('make-conf')[0] ?? [];
    expect(directory).toBe('/etc/portage');
    expect(lines).toContain('PKGDIR="/var/cache/binpkgs/x86_64-pc-linux-gnu/generic/default-v2-0123456789ab"');
    expect(lines).toContain('DISTDIR="/var/cache/distfiles"');
    expect(lines).toMatch(/PORTAGE_LOGDIR="\/var\/log\/portage\/.+"/);
  });

  it('of a cross tuple is refused with a hint if the stage has its CHOST', async () => {
    using world = new SiteBuildWorld([tupleOfSet('tools', { cross: true })]);
    expect((await world.build()).outcomes).toMatchObject([
      {
        failures: [
          {
            code: 'cpu-unusable',
            message: expect.stringContaining(
              'failed to use the cpu x86-64 for a cross build: the stage has this CHOST itself',
            ) as string,
            hint: 'remove cross: true from the tuple: the stage compiles for its own CHOST without it',
          },
        ],
      },
    ]);
  });

  it('has its logs reported, each by the step', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    const logs = world.events.flatMap((event) => (event.type === 'log' ? [event.location] : []));
    expect(logs.map((location) => /[^/]+\.log$/.exec(location)?.[0])).toEqual([
      ...['buildmaster.log', 'resolve.log', 'compile.log', 'compile.log', 'assemble.log'],
    ]);
  });

  it('compiles big packages on the volume and the others on the tmpfs', async () => {
    using world = new SiteBuildWorld();
    const limits = { memory: undefined, cpus: undefined, bigPackages: ['dev-libs/lib' as Atom] };
    await world.build(world.siteRun({ tmpfs: 2 * 1024 ** 3, limits }));
    const { command = [] } = world.sitePortage.ran.find(({ name }) => name === 'emerge-compile')?.request ?? {};
    const at = command.indexOf('zentoo-big-packages');
    expect(command.slice(at + 1, at + 5)).toEqual([
      ...['/var/tmp/portage/.gentoo-builder/big', '/etc/portage', '0', 'dev-libs/lib'],
    ]);
  });
});

describe('the ccache of a site', () => {
  it('is in containers that fill the store, and in no other', async () => {
    using world = new SiteBuildWorld();
    await world.build(world.siteRun({ ccache: true }));
    const mounted = world
      .calls('createContainer')
      .map(([, spec]) => (spec as { mounts: readonly { source: string; target: string }[] }).mounts)
      .map((mounts) => mounts.some(({ source }) => source === 'zentoo-net-ccache'));
    expect(mounted.filter(Boolean)).toHaveLength(4);
    expect(mounted.at(-1)).toBe(false);
  });

  it('is a tool that is compiled once, into the store, without the settings of the root', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    world.sitePortage.answers.set('tool', { exitCode: 1 });
    await world.build(world.siteRun({ ccache: true }));
    const [ran] = world.sitePortage.ran.filter(({ name }) => name === 'emerge-ccache');
    expect(world.sitePortage.runs('tool')[0]).toEqual(['ccache']);
    expect(ran?.request.command).toEqual(
      expect.arrayContaining(['--oneshot', '--usepkg=y', '--buildpkg=y', '--getbinpkg=n']),
    );
    expect(ran?.request.command.at(-1)).toBe('dev-util/ccache');
  });

  it('case 5.1: only the assembly, which takes nothing but binary packages, has --binpkg-respect-use=y', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    await world.build();
    const emerges = world.sitePortage.ran.filter(({ request }) => request.command.includes('emerge'));
    const respecting = emerges.filter(({ request }) => request.command.includes('--binpkg-respect-use=y'));
    expect(emerges.length).toBeGreaterThan(1);
    expect(respecting.map(({ name }) => name)).toEqual(['emerge-assemble']);
  });
});

describe('a hook', () => {
  it('is reported before it runs, with the files of its branch beside it', async () => {
    const hooks = branch('plain', commits[1], { finish: '#!/bin/sh', 'lib/words': 'a' });
    using world = new SiteBuildWorld([tupleOfSet('tools', { buildhooks: hooks })]);
    await world.build();
    expect(world.messages('note')).toContain(`${tools.name}: running the hook finish`);
    const [ran] = world.sitePortage.ran.filter(({ name }) => name === 'hook-finish');
    expect(ran?.request.command.slice(-2)).toEqual(['/var/tmp/portage/.gentoo-builder/hooks', 'finish']);
  });

  it('fails the tuple with its exit status and the end of its output', async () => {
    const hooks = branch('plain', commits[1], { finish: '#!/bin/sh' });
    using world = new SiteBuildWorld([tupleOfSet('tools', { buildhooks: hooks })]);
    world.sitePortage.jobs.set('hook-finish', ({ print }) => {
      print('no such user\n');
      return 3;
    });
    const { outcomes } = await world.build();
    const lines = world.events.flatMap((event) => (event.type === 'line' && event.step === 'hook' ? [event.text] : []));
    expect(lines).toEqual(['no such user']);
    expect(outcomes).toMatchObject([
      {
        failures: [
          {
            message: expect.stringMatching(
              /failed to run the hook finish of the buildhooks branch plain: it ended with 3$/,
            ) as string,
          },
        ],
      },
    ]);
  });
});

it('an image that cannot be removed after its name was taken stays, unless the engine is lost', async () => {
  using world = new SiteBuildWorld();
  const { engine } = world;
  const name = 'zentoo/net/x:latest';
  const make = () => Promise.resolve(engine.addImage(name).id);
  const one = await make();
  const registered = new Map([[name, one]]);
  const run = { engine, registered, report: world.context.report };
  engine.fault({ method: 'removeImage', nth: 1, error: new EngineRefusal(409, 'in use') });
  const two = await replaceImage(run, name, make);
  registered.set(name, two);
  expect([engine.images.has(one), (await engine.inspectImage(name))?.id]).toEqual([true, two]);
  const lost = new Error('lost');
  engine.fault({ method: 'removeImage', nth: 1, error: lost });
  await expect(replaceImage(run, name, make)).rejects.toBe(lost);
});
