import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/builder/build-image.ts';
import { buildRequest, BuildWorld, nothing, packages, program } from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

beforeEach(() => {
  fakeTime();
  vi.setSystemTime(new Date('2026-02-03T04:05:06Z'));
});
afterEach(restoreTime);

describe('the emerge', () => {
  it('gets the packages as an argument array, and its settings only in the environment of the exec', async () => {
    using world = new BuildWorld();
    const request = buildRequest({
      packages: packages('app-misc/a', '@set'),
      emergeOptions: ['--verbose'],
      jobs: 3,
      use: 'ssl -ipv6',
    });
    await passTime(buildImage(request, world.context, program));
    const { command, environment } = world.portage.request('emerge');
    const emerge = command.slice(command.indexOf('emerge', 6));
    expect(emerge).toEqual([
      'emerge',
      '--quiet=y',
      '--ask=n',
      '--jobs=3',
      '--usepkg=y',
      '--verbose',
      '--color=n',
      'app-misc/a',
      '@set',
    ]);
    expect(environment).toMatchObject({
      USE: 'ssl -ipv6',
      DISTDIR: '/var/cache/distfiles',
      PKGDIR: '/var/cache/binpkgs/x86_64-pc-linux-gnu/generic/default-0123456789ab',
      PORTAGE_LOGDIR: expect.stringMatching(/^\/var\/log\/portage\/20260203T040506Z-/) as string,
    });
  });

  it('reports the lines of sync and emerge, and the progress of emerge', async () => {
    using world = new BuildWorld();
    world.portage.sync = ({ print }) => {
      print('syncing\n');
      return 0;
    };
    await passTime(buildImage(buildRequest(), world.context, program));
    const told = world.events.filter(({ type }) => type === 'line' || type === 'package');
    expect(told).toEqual([
      { type: 'line', step: 'sync', text: 'syncing' },
      { type: 'line', step: 'emerge', text: '>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo' },
      { type: 'package', action: 'emerging', cpv: 'app-misc/hello-2.10', index: 1, total: 1 },
      { type: 'line', step: 'emerge', text: '>>> Completed (1 of 1) app-misc/hello-2.10::gentoo' },
      { type: 'package', action: 'completed', cpv: 'app-misc/hello-2.10', index: 1, total: 1 },
    ]);
  });

  it('case 5.11: a metadata cache that cannot be used is a warning, for the sync and for the emerge', async () => {
    using world = new BuildWorld();
    const say =
      (job: string): typeof world.portage.sync =>
      ({ print }) => {
        print(`!!! metadata cache: ${job}\n`);
        return 0;
      };
    Object.assign(world.portage, { sync: say('the sync'), emerge: say('the emerge') });
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.messages('warning')).toEqual(expect.arrayContaining(['the sync', 'the emerge']));
    for (const name of ['sync', 'emerge'])
      expect(world.portage.request(name).command).toEqual(
        expect.arrayContaining(['gentoo-builder-metadata', '/var/cache/edb/dep', '/var/db/repos/gentoo']),
      );
  });

  it('marks a package that comes from a binary package', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print }) => {
      print('>>> Emerging binary (1 of 1) app-misc/hello-2.10::gentoo\n');
      return 0;
    };
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.events.filter(({ type }) => type === 'package')).toEqual([
      { type: 'package', action: 'emerging', cpv: 'app-misc/hello-2.10', index: 1, total: 1, binary: true },
    ]);
  });

  it('locks the tree shared, while a sync locks it exclusively', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.portage.request('sync').command).toContain('--exclusive');
    expect(world.portage.request('emerge').command).toContain('--shared');
  });

  it("follows Portage's status stream if this Portage serves one", async () => {
    using world = new BuildWorld();
    world.portage.settings = ['1234 5', 'yes', ...world.portage.settings.slice(2)];
    const task = { cpv: 'app-misc/hello-2.10', kind: 'build', phase: 'compile', elapsed: 2, binary: false };
    const snapshot = JSON.stringify({ type: 'snapshot', schema: 1, jobs: { completed: 0, total: 1 }, tasks: [task] });
    world.portage.statusLines = [snapshot, snapshot, '{"type":"snap'];
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.portage.request('emerge').environment?.['FEATURES']).toContain('observability');
    expect(world.events.filter(({ type }) => type === 'running')).toEqual([
      {
        type: 'running',
        completed: 0,
        total: 1,
        packages: [{ cpv: 'app-misc/hello-2.10', phase: 'compile', elapsed: 2, binary: false }],
      },
    ]);
  });

  it('does not ask an older Portage for a status stream', async () => {
    using world = new BuildWorld();
    world.portage.statusLines = ['{}'];
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.portage.request('emerge').environment?.['FEATURES']).not.toContain('observability');
    expect(world.events.some(({ type }) => type === 'running')).toBe(false);
  });

  it('fails with the package, the phase and the last lines of its log, and names the command that shows the log', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print, environment }) => {
      print('>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo\n');
      print('>>> Failed to emerge app-misc/hello-2.10, Log file:\n');
      print(`>>>  '${environment['PORTAGE_LOGDIR']}/app-misc:hello-2.10.log'\n`);
      return 1;
    };
    const log = [
      'hello.c:1:1: error: expected a semicolon',
      ' * ERROR: app-misc/hello-2.10::gentoo failed (compile phase):',
      ' *   emake failed',
    ];
    const tail = vi.spyOn(world.portage.logs, 'get').mockReturnValue(`${log.join('\n')}\n`);
    await expect(passTime(buildImage(buildRequest(), world.context, program))).rejects.toMatchObject({
      code: 'build-failed',
      exitStatus: 31,
      message: expect.stringMatching(/app-misc\/hello-2\.10.*compile/) as string,
      hint: expect.stringMatching(
        /the whole log: docker run .*\/20260203T040506Z-[0-9a-f]{8}\/app-misc:hello-2\.10\.log$/,
      ) as string,
      logTail: log,
    });
    expect(tail).toHaveBeenCalledWith(expect.stringMatching(/\/app-misc:hello-2\.10\.log$/));
    expect(world.left).toEqual(nothing);
  });

  it("fails with emerge's own words if a package does not exist", async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print }) => {
      print('Calculating dependencies ... done!\n');
      print('emerge: there are no ebuilds to satisfy "app-misc/curl".\n\nemerge: searching for similar names...\n');
      print('emerge: Maybe you meant any of these: net-misc/curl, net-misc/curlie?\n');
      return 1;
    };
    const request = buildRequest({ packages: packages('app-misc/curl') });
    await expect(passTime(buildImage(request, world.context, program))).rejects.toMatchObject({
      code: 'package-unknown',
      message: expect.stringContaining('Maybe you meant any of these: net-misc/curl') as string,
      logTail: expect.not.arrayContaining(['Calculating dependencies ... done!']) as string[],
    });
    expect(world.left).toEqual(nothing);
  });

  it('hints that memory may be short if emerge is killed without output', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print }) => {
      print('>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo\n');
      return 'killed';
    };
    await expect(passTime(buildImage(buildRequest(), world.context, program))).rejects.toMatchObject({
      code: 'emerge-failed',
      hint: expect.stringContaining('MAKEOPTS="-j1"') as string,
      logTail: ['>>> Emerging (1 of 1) app-misc/hello-2.10::gentoo'],
    });
    expect(world.left).toEqual(nothing);
  });
});
