import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../../src/build/build-image.ts';
import { holdCommand } from '../../../src/build/job-scripts.ts';
import { mainSteps as steps } from '../../../src/report/event.ts';
import { fakeFiles } from '../../support/fake-engine-files.ts';
import { baseName, buildRequest, BuildWorld, newLayout, nothing, oldLayout } from './build-world.ts';
import { fakeTime, passTime } from './fake-time.ts';

vi.mock('node:timers/promises', async () => (await import('./fake-time.ts')).timersPromises);
vi.mock('node:perf_hooks', async () => (await import('./fake-time.ts')).perfHooks);

const day = new Date('2026-02-03T04:05:06Z');

beforeEach(() => {
  fakeTime();
  vi.setSystemTime(day);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** The specification of the build container, which is the one that is not a probe. */
function buildSpec(world: BuildWorld) {
  const [, spec] = world.calls('createContainer').find(([name]) => !String(name).includes('-probe-')) ?? [];
  return spec as { image: string; mounts: { source: string; target: string }[]; labels?: object };
}

/** When a step was begun and ended, as the numbers of calls of the engine by then. */
async function callsByStep(world: BuildWorld, request = buildRequest()) {
  const begun = new Map<string, number>();
  const context = world.context;
  const report = context.report;
  const watched = {
    ...context,
    report: (event: Parameters<typeof report>[0]) => {
      if (event.type === 'step-started') begun.set(event.step, world.engine.calls.length);
      return report(event);
    },
  };
  await passTime(buildImage(request, watched));
  return (step: (typeof steps)[number]) => {
    const next = steps[steps.indexOf(step) + 1];
    return world.engine.calls.slice(begun.get(step), next && begun.get(next)).map(({ method }) => method);
  };
}

describe('a build that succeeds', () => {
  it('answers with the image, what was merged, how long each step took, and where the log is', async () => {
    using world = new BuildWorld();
    world.portage.merged = ['dev-libs/b-2', 'app-misc/hello-2.10'];
    const result = await passTime(buildImage(buildRequest({ tags: ['mine:1'] }), world.context));
    const [id, name] = world.calls('renameContainer')[0] ?? [];
    expect(name).toBe(`gentoo-${String(id).slice(0, 4)}`);
    expect(result).toEqual({
      image: { id: world.engine.imageNames.get(`${String(name)}:latest`), name, tags: ['mine:1'] },
      unchanged: false,
      packages: ['app-misc/hello-2.10', 'dev-libs/b-2'],
      durations: Object.fromEntries(steps.map((step) => [step, expect.any(Number) as number])),
      log: expect.stringMatching(/^the volume gentoo-logs, 20260203T040506Z-[0-9a-f]{8}\/build\.log$/) as string,
    });
    expect(world.engine.imageNames.get('mine:1')).toBe(result.image.id);
  });

  it('tells of the beginning and the end of each of the seven steps, one after the other', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context));
    const told = world.events.flatMap((event) =>
      'step' in event && event.type !== 'line' ? [`${event.type} ${event.step}`] : [],
    );
    expect(told).toEqual(steps.flatMap((step) => [`step-started ${step}`, `step-finished ${step}`]));
  });

  it('makes the calls of each step in their order, and starts nothing before all was checked', async () => {
    using world = new BuildWorld();
    const calls = await callsByStep(world, buildRequest({ tags: ['mine:1'] }));
    expect(calls('preconditions').filter((method) => /^(start|exec|hold|commit|pull|rename|tag)/.test(method))).toEqual(
      [],
    );
    const looking = ['inspectVolume', 'createVolume'];
    expect(calls('start').filter((method) => !looking.includes(method))).toEqual([
      'createContainer',
      'holdStdin',
      'startContainer',
    ]);
    // The settings are read beside the job and its follower.
    expect(calls('sync').toSorted()).toEqual([
      'execAttached',
      'execAttached',
      'execDetached',
      'execExitCode',
      'imagesWithLabel',
    ]);
    expect(calls('emerge')).toEqual(['execDetached', 'execAttached']);
    expect(calls('stop')).toEqual(['waitContainer']);
    expect(calls('commit')).toEqual(['inspectImage', 'renameContainer', 'inspectImage', 'commitContainer', 'tagImage']);
    expect(calls('remove')).toEqual(['containersWithVolume', 'removeContainer', 'removeVolume']);
    expect(world.portage.names.toSorted()).toEqual(['emerge', 'follow', 'follow', 'settings', 'sync']);
  });

  it('makes a container without label, environment or capability, that lives on its standard input', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context));
    const work = String(world.calls('createVolume')[0]?.[0]);
    const volume = (source: string, target: string) => ({ type: 'volume', source, target, readOnly: false });
    expect(buildSpec(world)).toEqual({
      image: world.engine.imageNames.get(baseName),
      command: holdCommand,
      mounts: [
        { type: 'volume', source: work, target: '/var/tmp/portage' },
        volume('gentoo-repository', '/var/db/repos/gentoo'),
        volume('gentoo-distfiles', '/var/cache/distfiles'),
        volume('gentoo-logs', '/var/log/portage'),
        volume('gentoo-binpkgs', '/var/cache/binpkgs'),
      ],
      init: true,
      openStdin: true,
      keepLog: false,
    });
  });

  it('blanks what compose wrote on a base that it built: no image made here passes for a service of its', async () => {
    using world = new BuildWorld();
    const labels = { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 'base', of: 'base' };
    world.engine.addImage(baseName, { files: fakeFiles(newLayout), labels });
    const { image } = await passTime(buildImage(buildRequest(), world.context));
    const blank = { 'com.docker.compose.project': '', 'com.docker.compose.service': '' };
    expect(buildSpec(world).labels).toEqual(blank);
    const made = await world.engine.inspectImage(image.name);
    expect(made?.labels).toMatchObject({ ...blank, of: 'base' });
  });

  it("mounts the tree where the base's own Portage looks for it, in the old layout too, and locks it there", async () => {
    using world = new BuildWorld({ base: oldLayout });
    await passTime(buildImage(buildRequest(), world.context));
    const tree = buildSpec(world).mounts.find(({ source }) => source === 'gentoo-repository');
    expect(tree?.target).toBe('/usr/portage');
    expect(world.portage.request('emerge').command).toContain('/usr/portage');
    expect(world.portage.request('emerge').command).not.toContain('/var/db/repos/gentoo');
  });

  it('has no packages mounted with --no-binpkgs, and makes none', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest({ binpkgs: false }), world.context));
    expect(buildSpec(world).mounts.map(({ source }) => source)).not.toContain('gentoo-binpkgs');
    expect(world.portage.request('emerge').environment).not.toHaveProperty('PKGDIR');
    expect(world.engine.volumes.has('gentoo-binpkgs')).toBe(false);
  });

  it('commits exactly the changes that make the image look like its base with packages', async () => {
    using world = new BuildWorld();
    const { image } = await passTime(buildImage(buildRequest(), world.context));
    const committed = world.engine.images.get(image.id);
    expect(committed?.changes).toEqual([
      'VOLUME /usr/portage',
      'VOLUME /var/tmp/portage',
      'ENTRYPOINT []',
      'CMD ["/bin/bash"]',
      'LABEL org.opencontainers.image.title="app-misc/hello"',
      'LABEL org.opencontainers.image.version="2.10"',
      'LABEL org.opencontainers.image.created="2026-02-03T04:05:06.000Z"',
      `LABEL org.opencontainers.image.base.name="${baseName}"`,
      'LABEL org.opencontainers.image.base.digest="sha256:beef"',
      'LABEL gentoo-builder.packages="app-misc/hello-2.10"',
    ]);
    expect(committed?.layers).toHaveLength(2);
    expect([...(committed?.files.keys() ?? [])]).toContain('/usr/bin/hello');
  });

  it('leaves neither container nor work volume, but the default volumes, labelled, which it says once', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context));
    expect(world.left).toEqual({ ...nothing, images: [expect.stringMatching(/^gentoo-[0-9a-f]{4}:latest$/)] });
    const roles = Object.fromEntries(
      [...world.engine.volumes.values()].map(({ name, labels }) => [name, labels['gentoo-builder.volume']]),
    );
    expect(roles).toEqual({
      'gentoo-repository': 'tree',
      'gentoo-binpkgs': 'binpkgs',
      'gentoo-distfiles': 'distfiles',
      'gentoo-logs': 'logs',
    });
    const made = (name: string) => expect.stringMatching(new RegExp(`^made the volume ${name}: `)) as string;
    expect(world.messages('note')).toEqual([made('gentoo-binpkgs'), made('gentoo-distfiles'), made('gentoo-logs')]);

    world.events.length = 0;
    await passTime(buildImage(buildRequest(), world.context));
    expect(world.messages('note')).toEqual([]);
  });

  it('keeps its connections alive while it waits, and lets go of all timers at the end', async () => {
    using world = new BuildWorld();
    world.portage.emerge = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return 0;
    };
    await passTime(buildImage(buildRequest(), world.context));
    expect(world.portage.keepAliveBytes).toBeGreaterThanOrEqual(38);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
