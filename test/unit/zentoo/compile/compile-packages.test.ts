import { describe, expect, it } from 'vitest';
import { findBuildmaster } from '../../../../src/zentoo/buildmaster/make-buildmaster.ts';
import { compilePackages } from '../../../../src/zentoo/compile/compile-packages.ts';
import { packageSet, branch, commits, tupleOf } from '../../plan/sites.ts';
import type { RunningProgram } from '../../job/fake-jobs.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const lib = tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') });

/** The commands of the emerges that compile, from the word `emerge` on, and their environments. */
function watchCompilations(world: SiteBuildWorld, print = ''): readonly RunningProgram[] {
  const ran: RunningProgram[] = [];
  world.sitePortage.jobs.set('emerge-compile', (running) => {
    ran.push(running);
    running.print(print);
    return 0;
  });
  return ran;
}

const emergeOf = ({ command }: RunningProgram) => command.slice(command.indexOf('emerge'));

describe('the compilation of a package', () => {
  it('merges the package from its repository, and its dependencies in the planned versions from the store', async () => {
    using world = new SiteBuildWorld();
    const ran = watchCompilations(world);
    world.engine.engineInfo = { ...world.engine.engineInfo, cpus: 6 };
    await world.build(world.siteRun(), 2);
    expect(ran.map(emergeOf).map((words) => words.filter((word) => !/^--(?:quiet|ask|color)/.test(word)))).toEqual(
      [['=dev-libs/lib-2::gentoo'], ['=app-misc/tools-1.0::gentoo', '=dev-libs/lib-2']].map(([own = '', ...others]) => [
        'emerge',
        expect.stringMatching(/^--jobs=\d$/),
        ...['--oneshot', '--update', '--deep', '--newuse'],
        `--reinstall-atoms=${own.replace(/^=(.*)-[\d.]+::gentoo$/, '$1')}:0`,
        ...['--usepkg=y', '--buildpkg=y', '--getbinpkg=n'],
        '--load-average=6',
        ...[own, ...others],
      ]),
    );
  });

  it('keeps logs and sources where later builds find them, and makes binary packages', async () => {
    using world = new SiteBuildWorld([lib]);
    const ran = watchCompilations(world);
    await world.build();
    expect(ran.map(({ environment }) => environment)).toEqual([
      expect.objectContaining({
        DISTDIR: '/var/cache/distfiles',
        PORTAGE_LOGDIR: expect.stringMatching('^/var/log/portage/'),
        FEATURES: expect.stringMatching(/\bbuildpkg\b.* binpkg-ignore-signature/),
      }),
    ]);
  });

  it('runs the hook compile of the branch first, with the names of the tuple', async () => {
    const buildhooks = branch('plain', commits[1], { compile: '#!/bin/sh' });
    using world = new SiteBuildWorld([{ ...lib, buildhooks }]);
    await world.build();
    const ran = world.sitePortage.ran.filter(({ name }) => ['hook-compile', 'emerge-compile'].includes(name));
    expect(ran.map(({ name }) => name)).toEqual(['hook-compile', 'hook-compile', 'emerge-compile']);
    expect(ran[1]?.request.environment).toMatchObject({ ZENTOO_HOOK: 'compile', ZENTOO_TUPLE: lib.name });
  });

  it('warns of a package that emerge compiles besides, because it was not planned', async () => {
    using world = new SiteBuildWorld([lib]);
    const emerging = ['dev-libs/lib-2', 'dev-libs/more-1', 'dev-libs/most-3', 'dev-libs/more-1'];
    watchCompilations(
      world,
      emerging.map((cpv, index) => `>>> Emerging (${index + 1} of 4) ${cpv}::gentoo\n`).join(''),
    );
    await world.build();
    expect(world.messages('warning').filter((message) => message.includes('not planned'))).toEqual([
      'dev-libs/more-1, dev-libs/most-3 was compiled for dev-libs/lib-2 only: it was not planned, or the store did not have it in time',
    ]);
  });

  it('does not warn if emerge compiles only what was planned', async () => {
    using world = new SiteBuildWorld([lib]);
    await world.build();
    expect(world.messages('warning').filter((message) => message.includes('not planned'))).toEqual([]);
  });

  it('tells the messages of its own packages, and not of the dependencies that it merges', async () => {
    using world = new SiteBuildWorld([tupleOfSet('tools')], [{ cpv: 'dev-libs/lib-2', warning: 'rebuild all' }]);
    const { outcomes } = await world.build();
    expect(outcomes).toMatchObject([
      {
        type: 'built',
        elog: [
          { cpv: 'dev-libs/lib-2', messages: [{ level: 'warn', lines: ['rebuild all'] }] },
          { cpv: 'app-misc/tools-1.0', messages: [{ level: 'warn', lines: ['restart it'] }] },
        ],
      },
    ]);
  });

  it('packages what the branch excludes from packaging, because an assembly needs it', async () => {
    using world = new SiteBuildWorld([lib]);
    world.sitePortage.answers.set('unpackaged', { stdout: '=dev-libs/lib-2\n=dev-libs/lib-2-r1\n' });
    world.sitePortage.unpackaged.push([], ['dev-libs/lib-2'], []);
    await world.build();
    expect(world.sitePortage.runs('unpackaged')).toEqual([
      [expect.stringMatching('^/var/cache/binpkgs/x86_64-pc-linux-gnu/x86-64/'), 'dev-libs/lib-2'],
    ]);
    const closures = world.sitePortage.runs('check-root.py').filter(([question]) => question === 'closure');
    expect(closures.map((words) => words.slice(2, words.indexOf('--')))).toEqual([
      [],
      ...[1, 2].map(() => ['=dev-libs/lib-2', '=dev-libs/lib-2-r1']),
    ]);
    expect(world.sitePortage.runs('quickpkg')).toEqual([['--include-config=y', '=dev-libs/lib-2']]);
  });

  it('asks for nothing more if all packages have a binary package', async () => {
    using world = new SiteBuildWorld([lib]);
    await world.build();
    const closures = world.sitePortage.runs('check-root.py').filter(([question]) => question === 'closure');
    expect(closures).toHaveLength(1);
    expect(world.sitePortage.runs('quickpkg')).toEqual([]);
  });

  it('has a log in a directory that is named after it, as the resolution has', async () => {
    using world = new SiteBuildWorld([lib]);
    await world.build();
    const logs = world.events.flatMap((event) => (event.type === 'log' ? [event.location] : []));
    expect(logs.map((location) => location.replace(/^.* \d{8}T\d{6}Z-[0-9a-f]{8}-/, ''))).toEqual([
      'x86-64-base/buildmaster.log',
      'x86-64-base-plain-lib/resolve.log',
      'dev-libs_lib-2/compile.log',
      'x86-64-base-plain-lib/assemble.log',
    ]);
  });

  it('is none without packages', async () => {
    using world = new SiteBuildWorld([lib]);
    const { run, compilation } = await directly(world);
    world.engine.calls.length = 0;
    expect(await compilePackages(run, { ...compilation, packages: [] })).toEqual([]);
    expect(world.engine.calls).toEqual([]);
  });

  it('of a tool that runs on the stage of a cross build uses the settings of the stage, and packages nothing else', async () => {
    const cpu = { ...tupleOf().cpu, name: 'musl', chost: 'x86_64-pc-linux-musl' };
    using world = new SiteBuildWorld([{ ...lib, name: 'musl', cross: true, cpu }]);
    const { run, compilation } = await directly(world);
    const ran = watchCompilations(world);
    const asked = () => world.sitePortage.runs('unpackaged').length;
    const before = asked();
    await compilePackages(run, compilation);
    expect([ran.at(-1)?.environment['ROOT'], asked() - before]).toEqual([undefined, 0]);
    const [tool] = compilation.packages;
    const packages = tool === undefined ? [] : [{ ...tool, root: '/usr/x86_64-pc-linux-musl' }];
    await compilePackages(run, { ...compilation, packages });
    expect([ran.at(-1)?.environment['ROOT'], asked() - before]).toEqual(['/usr/x86_64-pc-linux-musl', 1]);
  });

  it('names no repository if Portage named none', async () => {
    using world = new SiteBuildWorld([lib]);
    const { run, compilation } = await directly(world);
    const ran = watchCompilations(world);
    const packages = compilation.packages.map((one) => ({ ...one, repository: '' }));
    await compilePackages(run, { ...compilation, packages });
    expect(ran.map((one) => emergeOf(one).at(-1))).toEqual(['=dev-libs/lib-2']);
  });
});

/** The run and a compilation of `dev-libs/lib-2` for `/`, in the buildmaster of a tuple that was built before. */
async function directly(world: SiteBuildWorld) {
  const run = world.siteRun();
  await world.build(run);
  const [work] = run.tuples;
  const buildmaster = work && (await findBuildmaster(run, work));
  if (work === undefined || buildmaster === undefined) throw new Error('there is no buildmaster');
  const packages = [{ cpv: 'dev-libs/lib-2', slot: '0', repository: 'gentoo', root: '/' }];
  const abilities = { observable: false, measuresSpace: false };
  return {
    run,
    compilation: { work, buildmaster, packages, dependencies: [], abilities, share: { processes: 1, load: 1 } },
  };
}
