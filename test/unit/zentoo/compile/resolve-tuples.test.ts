import { describe, expect, it } from 'vitest';
import { EngineRefusal } from '../../../../src/engine/refusal.ts';
import { resolveTuples } from '../../../../src/zentoo/compile/resolve-tuples.ts';
import type { Partition } from '../../../../src/store/partition.ts';
import { packageSet } from '../../plan/sites.ts';
import { interruption, nothing } from '../../builder/build-world.ts';
import { SiteBuildWorld, tupleOfSet } from '../site-build-world.ts';

const tools = tupleOfSet('tools');
const web = tupleOfSet('web');
const partition = 'x86_64-pc-linux-gnu/x86-64/default-v2-0123456789ab';

/** The warnings that are not about site.lock. */
const warningsOf = ({ events }: SiteBuildWorld) =>
  events.filter((event) => event.type === 'warning' && !event.message.includes('site.lock'));

describe('the resolution of tuples', () => {
  it('repairs the store first, and tells each repair and each package that is not used', async () => {
    using world = new SiteBuildWorld();
    const faulty = {
      isInOrder: false,
      faults: ['Packages was missing'],
      unfit: [
        { path: 'app-misc/hello/hello-1.gpkg.tar', cpv: 'app-misc/hello-1', why: 'its digest differs' },
        { path: 'scratch', cpv: '', why: 'it is no package' },
      ],
    };
    // A look with the store read-only, and the looks before and while it is repaired in another container.
    world.sitePortage.storeChecks.push(faulty, faulty, faulty);
    await world.build();
    expect(warningsOf(world)).toMatchObject([
      { message: `the index of ${partition} in the store was repaired: Packages was missing` },
      {
        message: expect.stringContaining('app-misc/hello/hello-1.gpkg.tar is not used: its digest differs'),
        hint: expect.stringContaining(`quarantine/${partition}/app-misc/hello/hello-1.gpkg.tar`),
      },
      {
        message: expect.stringContaining('scratch is not used: it is no package'),
        hint: expect.stringContaining(`quarantine/${partition}/scratch`),
      },
    ]);
    const { name: first } = world.sitePortage.ran.find(({ name }) => /^(?:check|set|hook|emerge)-/.test(name)) ?? {};
    expect(first).toBe('check-store.py');
  });

  it('packages what the buildmaster has and the stage has not, and tells it', async () => {
    using world = new SiteBuildWorld();
    world.sitePortage.unpackaged.push(['sys-devel/gcc-13', 'sys-libs/glibc-2.38'], []);
    await world.build();
    expect(world.sitePortage.runs('quickpkg')).toEqual([
      ['--include-config=y', '=sys-devel/gcc-13'],
      ['--include-config=y', '=sys-libs/glibc-2.38'],
    ]);
    const said = world.messages('note').filter((message) => message.includes('made binary packages'));
    expect(said.map((message) => message.replace(/-[0-9a-f]{8}:/, ':'))).toEqual([
      'zentoo/net/buildmaster:x86-64-base: made binary packages of installed packages: sys-devel/gcc-13, sys-libs/glibc-2.38',
    ]);
  });

  it('tells nothing if the stage has all packages of the buildmaster', async () => {
    using world = new SiteBuildWorld();
    await world.build();
    expect(world.messages('note').filter((message) => message.includes('packaged'))).toEqual([]);
    expect(warningsOf(world)).toEqual([]);
  });

  it('asks emerge for the set of the tuple as a build merges it, and changes nothing', async () => {
    using world = new SiteBuildWorld();
    const commands: (readonly string[])[] = [];
    world.sitePortage.jobs.set(`emerge-pretend-${tools.name}`, ({ command, environment, print }) => {
      commands.push(command.slice(command.indexOf('emerge')));
      expect(environment).toMatchObject({
        DISTDIR: '/var/cache/distfiles',
        FEATURES: expect.stringContaining('-binpkg-request-signature'),
        // Its messages are parsed: they are English although the stage or the branch sets LC_ALL.
        ...{ LC_ALL: '', LANGUAGE: '', LC_MESSAGES: 'C.UTF-8' },
      });
      expect(environment['FEATURES']).not.toContain('observability');
      print('[ebuild  N     ] dev-libs/lib-2::gentoo 0 KiB\n');
      return 0;
    });
    await world.build();
    const [command = []] = commands;
    expect(command).toEqual(
      expect.arrayContaining(['--pretend', '--autounmask-write=n', '--update', '--newuse', '--deep']),
    );
    expect(command).toContain('--reinstall-atoms=app-misc/tools');
    expect(command.at(-1)).toBe('@tools');
  });

  it('goes on with the other tuples if one cannot be resolved, and names that one', async () => {
    using world = new SiteBuildWorld([tools, web]);
    world.sitePortage.jobs.set(`emerge-pretend-${tools.name}`, () => 'killed');
    const { outcomes } = await world.build();
    expect(outcomes).toMatchObject([
      { type: 'failed', tuple: tools },
      { type: 'built', tuple: web },
    ]);
    const [failed] = outcomes;
    const messages = failed?.type === 'failed' ? failed.failures.map(({ message }) => message) : [];
    expect(messages).toEqual([
      `${tools.name}: failed to run emerge-pretend-${tools.name}: its exit status is lost; perhaps its process was killed in the build container`,
    ]);
  });

  it('ends with the defect if one comes up', async () => {
    using world = new SiteBuildWorld();
    const error = new TypeError('a defect');
    const run = world.siteRun();
    await world.build(run);
    const [work] = run.tuples;
    const image = work && (await world.engine.inspectImage(work.buildmaster.name));
    if (work === undefined || image === undefined) throw new Error('there is no buildmaster');
    const { onExec } = world.engine;
    world.engine.onExec = (container, request, streams) => {
      // The calls that follow read the settings and the set.
      if (request.command.includes('closure')) world.engine.fault({ method: 'execAttached', error, nth: 2 });
      return onExec(container, request, streams);
    };
    const buildmaster = { name: work.buildmaster.name, image, partition: partition as Partition };
    await expect(resolveTuples(run, [work], buildmaster)).rejects.toThrow('a defect');
    expect(world.left).toEqual(nothing);
  });

  it('ends if the user interrupts it, and is no refusal of the tuple', async () => {
    using world = new SiteBuildWorld([tools, web]);
    const run = { ...world.siteRun(), ...world.context };
    await world.build(run);
    const [work] = run.tuples;
    const image = work && (await world.engine.inspectImage(work.buildmaster.name));
    if (work === undefined || image === undefined) throw new Error('there is no buildmaster');
    const buildmaster = { name: work.buildmaster.name, image, partition: partition as Partition };
    const asked: string[] = [];
    for (const tuple of [tools, web])
      world.sitePortage.jobs.set(`emerge-pretend-${tuple.name}`, () => {
        asked.push(tuple.name);
        world.aborter.abort(interruption);
        return 1;
      });
    await expect(resolveTuples(run, run.tuples, buildmaster)).rejects.toBe(interruption);
    expect(asked).toEqual([tools.name]);
  });

  it('needs a tuple', async () => {
    using world = new SiteBuildWorld();
    const buildmaster = { name: 'x', image: world.stage, partition: partition as Partition };
    await expect(resolveTuples(world.siteRun(), [], buildmaster)).rejects.toThrow('the resolve order names no tuple');
  });

  it('does not begin if the engine refuses its container', async () => {
    using world = new SiteBuildWorld([tupleOfSet('lib', { packages: packageSet('lib', [], 'dev-libs/lib') })]);
    world.engine.fault({ method: 'execAttached', error: new EngineRefusal(500, 'broken') });
    const { outcomes } = await world.build();
    expect(outcomes).toMatchObject([{ type: 'failed' }]);
    expect(world.left).toEqual(nothing);
  });
});
