import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineRefusal } from '../../../src/engine/refusal.ts';
import { Failure } from '../../../src/failure.ts';
import { readBuildRecord } from '../../../src/record/build-record.ts';
import { buildImage, planBuild } from '../../../src/builder/build-image.ts';
import { holdCommand } from '../../../src/container/container-scripts.ts';
import { mainSteps as steps } from '../../../src/report/event.ts';
import { fakeFiles } from '../../support/fake-engine/fake-engine-files.ts';
import { baseName, buildRequest, BuildWorld, newLayout, nothing, oldLayout, program } from './build-world.ts';
import { fakeTime, passTime, restoreTime } from '../../support/fake-time.ts';

const day = new Date('2026-02-03T04:05:06Z');

beforeEach(() => {
  fakeTime();
  vi.setSystemTime(day);
});
afterEach(restoreTime);

/** The specification of the build container: the only container that is not a probe. */
function buildSpec(world: BuildWorld) {
  const [, spec] = world.calls('createContainer').find(([name]) => !String(name).includes('-probe-')) ?? [];
  return spec as { image: string; mounts: { source: string; target: string }[]; labels?: object };
}

/** The number of engine calls before the start and before the end of a step. */
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
  await passTime(buildImage(request, watched, program));
  return (step: (typeof steps)[number]) => {
    const next = steps[steps.indexOf(step) + 1];
    return world.engine.calls.slice(begun.get(step), next && begun.get(next)).map(({ method }) => method);
  };
}

/** Reads the build record from the volume of the logs. */
function keptRecord(world: BuildWorld) {
  const files = [...(world.engine.volumes.get('gentoo-logs')?.files ?? [])];
  const [, file] = files.find(([path]) => path.endsWith('/build.json')) ?? [];
  return readBuildRecord(file?.data.toString() ?? '');
}

/** An elog file as `read-elog.sh` prints it. */
const elogOf = (cpv: string, text: string) => `./${cpv.replace('/', ':')}:20260203-040506.log\0${text}\0`;

describe('a build that fails', () => {
  it('keeps a record with its failure', async () => {
    using world = new BuildWorld();
    world.portage.emerge = () => 1;
    const error: unknown = await passTime(buildImage(buildRequest(), world.context, program).catch((thrown) => thrown));
    expect(keptRecord(world)).toMatchObject({
      type: 'read',
      record: {
        targets: [{ result: 'failed', image: null, failures: [{ message: error instanceof Error && error.message }] }],
        tasks: [{ result: 'failed', steps: [{}, {}, {}, { step: 'emerge', result: 'failed' }] }],
      },
    });
  });

  it('case 5.2: shows the messages of the packages that were merged before, and keeps them in the record and the failure', async () => {
    using world = new BuildWorld();
    world.portage.emerge = ({ print }) => {
      print('>>> Failed to emerge app-misc/hello-2.10, Log file:\n');
      return 1;
    };
    world.portage.elog = elogOf('dev-libs/b-2', 'ERROR: postinst\nno kernel support\n');
    const error: unknown = await passTime(buildImage(buildRequest(), world.context, program).catch((thrown) => thrown));
    const messages = [{ level: 'error', phase: 'postinst', lines: ['no kernel support'] }];
    expect(error).toMatchObject({ code: 'build-failed', elog: [{ cpv: 'dev-libs/b-2', messages }] });
    expect(world.messages('note').at(-1)).toBe('messages of the packages:\ndev-libs/b-2:\n  error: no kernel support');
    expect(keptRecord(world)).toMatchObject({ record: { targets: [{ elog: [{ cpv: 'dev-libs/b-2' }] }] } });
  });

  it('case 5.2: shows the messages also if the emerge exceeds the limit of silence', async () => {
    using world = new BuildWorld();
    world.portage.emerge = () => new Promise(() => undefined);
    world.portage.secondsOfSilence = () => 60;
    world.portage.elog = elogOf('dev-libs/b-2', 'ERROR: postinst\nno kernel support\n');
    const request = buildRequest({ silenceTimeout: 60 });
    const error: unknown = await passTime(buildImage(request, world.context, program).catch((thrown) => thrown));
    expect(error).toMatchObject({ code: 'timed-out', elog: [{ cpv: 'dev-libs/b-2' }] });
  });

  it('case 5.2: shows the messages also if the image cannot be committed', async () => {
    using world = new BuildWorld();
    world.portage.elog = elogOf('dev-libs/b-2', 'ERROR: postinst\nno kernel support\n');
    world.engine.fault({ method: 'commitContainer', nth: 1, error: new EngineRefusal(500, 'no space left on device') });
    const error: unknown = await passTime(buildImage(buildRequest(), world.context, program).catch((thrown) => thrown));
    expect(error).toMatchObject({ code: 'commit-failed', elog: [{ cpv: 'dev-libs/b-2' }] });
    expect(world.messages('note').at(-1)).toMatch(/^messages of the packages:\n/);
    expect(keptRecord(world)).toMatchObject({ record: { targets: [{ elog: [{ cpv: 'dev-libs/b-2' }] }] } });
  });

  it('ends even if the engine never answers when the record is written', async () => {
    using world = new BuildWorld();
    world.portage.emerge = () => {
      world.engine.writeArchive = () => new Promise(() => undefined);
      return 1;
    };
    const error: unknown = await passTime(buildImage(buildRequest(), world.context, program).catch((thrown) => thrown));
    expect(error).toBeInstanceOf(Failure);
    expect(world.messages('warning')).toEqual(['failed to write the record of the build: the engine does not answer']);
  });
});

describe('a build that succeeds', () => {
  it('case 3.11: says before the build which names of --tag move from another image', async () => {
    using world = new BuildWorld();
    const { id } = world.engine.addImage('mine:1');
    const request = buildRequest({ tags: ['mine:1', 'new:1'] });
    const note = `--tag mine:1 moves the name from the image ${id.replace('sha256:', '').slice(0, 12)}, which has it now, to the new one`;
    expect(await passTime(planBuild(request, world.context))).toContain(note);
    await passTime(buildImage(request, world.context, program));
    const [at, started] = [
      { type: 'note', message: note },
      { type: 'step-started', step: 'start' },
    ].map((wanted) =>
      world.events.findIndex((event) =>
        Object.entries(wanted).every(([key, value]) => key in event && Reflect.get(event, key) === value),
      ),
    );
    expect(at).toBeGreaterThanOrEqual(0);
    expect(at).toBeLessThan(started ?? 0);
    expect(world.messages('note').filter((message) => message.includes('new:1'))).toEqual([]);
  });

  it('case 5.2: shows elog, ewarn and eerror of its packages at the end', async () => {
    using world = new BuildWorld();
    const text = 'LOG: postinst\nread this\nWARN: postinst\nrestart it\nERROR: setup\nno kernel support\n';
    world.portage.elog = elogOf('app-misc/hello-2.10', text);
    const result = await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.messages('note').at(-1)).toBe(
      'messages of the packages:\napp-misc/hello-2.10:\n  read this\n  warn: restart it\n  error: no kernel support',
    );
    expect(world.events.at(-1)).toMatchObject({ type: 'note' });
    expect(result.record.targets[0]?.elog[0]?.messages.map(({ level }) => level)).toEqual(['log', 'warn', 'error']);
  });

  it('returns the image, the merged packages and the record, and keeps the record beside the log', async () => {
    using world = new BuildWorld();
    world.portage.merged = ['dev-libs/b-2', 'app-misc/hello-2.10'];
    world.portage.sizes = JSON.stringify({ 'app-misc/hello-2.10': { installed: 2000, binary: 700 } });
    const result = await passTime(buildImage(buildRequest({ tags: ['mine:1'] }), world.context, program));
    const [id, name] = world.calls('renameContainer')[0] ?? [];
    expect(name).toBe(`gentoo-${String(id).slice(0, 4)}`);
    expect(result).toEqual({
      image: { id: world.engine.imageNames.get(`${String(name)}:latest`), name, tags: ['mine:1'] },
      unchanged: false,
      packages: ['app-misc/hello-2.10', 'dev-libs/b-2'],
      record: expect.objectContaining({ program, site: null }) as unknown,
      recordFile: expect.stringMatching(
        /^the volume gentoo-logs, 20260203T040506Z-[0-9a-f]{8}\/build\.json$/,
      ) as string,
    });
    const [task] = result.record.tasks;
    expect(task?.logs).toEqual([result.recordFile?.replace('build.json', 'build.log')]);
    expect(task?.steps.map(({ step, result: end }) => [step, end])).toEqual(steps.map((step) => [step, 'done']));
    expect(result.record.targets).toEqual([
      {
        name: null,
        result: 'built',
        image: { name, bytes: expect.any(Number) as number },
        archive: null,
        packages: [
          {
            ...{ cpv: 'app-misc/hello-2.10', origin: 'compiled', why: 'asked for' },
            ...{ installedBytes: 2000, binaryBytes: 700 },
          },
          {
            ...{ cpv: 'dev-libs/b-2', origin: 'reused', why: 'needed by a package that was asked for' },
            ...{ installedBytes: null, binaryBytes: null },
          },
        ],
        failures: [],
        elog: [],
      },
    ]);
    expect(result.record.packages).toMatchObject([{ cpv: 'app-misc/hello-2.10', binary: false }]);
    const { steps: all, ...rest } = task ?? { steps: [] };
    expect(keptRecord(world)).toEqual({
      type: 'read',
      record: { ...result.record, tasks: [{ ...rest, steps: all.filter(({ step }) => step !== 'remove') }] },
    });
    expect(world.engine.imageNames.get('mine:1')).toBe(result.image.id);
  });

  it('reports the start and the end of each of the seven steps in order', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context, program));
    const told = world.events.flatMap((event) =>
      'step' in event && event.type !== 'line' ? [`${event.type} ${event.step}`] : [],
    );
    expect(told).toEqual(steps.flatMap((step) => [`step-started ${step}`, `step-finished ${step}`]));
  });

  it('makes the engine calls of each step in order, and starts no container before all checks are done', async () => {
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
    // The settings are read while the job and its follower run.
    expect(calls('sync').toSorted()).toEqual([
      'execAttached',
      'execAttached',
      'execDetached',
      'execExitCode',
      'imagesWithLabel',
    ]);
    // Two questions come first, about the store and the tree, and the last two are about the packages.
    const asking = ['execAttached', 'execExitCode'];
    const registering = ['createVolume', 'createContainer', 'statPath', 'writeArchive', 'removeContainer'];
    const opening = ['createContainer', 'holdStdin', 'startContainer'];
    const emerging = [...asking, ...asking, 'execDetached', 'execAttached', ...asking, ...asking];
    const guarding = ['inspectVolume', ...registering, 'containersWithVolume', ...opening];
    expect(calls('emerge').toSorted()).toEqual([...guarding, ...emerging].toSorted());
    // The tree is compared once nothing of the build runs.
    expect(calls('stop')).toEqual(['waitContainer', ...asking, 'removeContainer']);
    const committing = ['inspectImage', 'renameContainer', 'inspectImage', 'commitContainer', 'tagImage'];
    expect(calls('commit')).toEqual([...committing, 'inspectImage', 'writeArchive']);
    expect(calls('remove')).toEqual(['containersWithVolume', 'removeContainer', 'removeVolume']);
    expect(world.portage.names.toSorted()).toEqual([
      ...[
        'changes',
        'check-store',
        'emerge',
        'follow',
        'follow',
        'python3',
        'settings',
        'state',
        'sync',
        'zentoo-elog',
      ],
    ]);
  });

  it('creates a container without labels, environment and capabilities that runs until its standard input is closed', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context, program));
    const work = String(world.calls('createVolume')[0]?.[0]);
    const volume = (source: string, target: string) => ({ type: 'volume', source, target, readOnly: false });
    expect(buildSpec(world)).toEqual({
      image: world.engine.imageNames.get(baseName),
      command: holdCommand(),
      mounts: [
        { type: 'volume', source: work, target: '/var/tmp/portage' },
        volume('gentoo-repository', '/var/db/repos/gentoo'),
        volume('gentoo-distfiles', '/var/cache/distfiles'),
        volume('gentoo-metadata', '/var/cache/edb/dep'),
        volume('gentoo-logs', '/var/log/portage'),
        volume('gentoo-binpkgs', '/var/cache/binpkgs'),
      ],
      init: true,
      openStdin: true,
      keepLog: false,
    });
  });

  it('blanks the compose labels of a base that compose built, so that no image looks like a compose service', async () => {
    using world = new BuildWorld();
    const labels = { 'com.docker.compose.project': 'p', 'com.docker.compose.service': 'base', of: 'base' };
    world.engine.addImage(baseName, { files: fakeFiles(newLayout), labels });
    const { image } = await passTime(buildImage(buildRequest(), world.context, program));
    const blank = { 'com.docker.compose.project': '', 'com.docker.compose.service': '' };
    expect(buildSpec(world).labels).toEqual(blank);
    const made = await world.engine.inspectImage(image.name);
    expect(made?.labels).toMatchObject({ ...blank, of: 'base' });
  });

  it("mounts and locks the tree where the base's Portage expects it, also in the old layout", async () => {
    using world = new BuildWorld({ base: oldLayout });
    await passTime(buildImage(buildRequest(), world.context, program));
    const tree = buildSpec(world).mounts.find(({ source }) => source === 'gentoo-repository');
    expect(tree?.target).toBe('/usr/portage');
    expect(world.portage.request('emerge').command).toContain('/usr/portage');
    expect(world.portage.request('emerge').command).not.toContain('/var/db/repos/gentoo');
  });

  it('mounts no package store and writes no binary packages with --no-binpkgs', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest({ binpkgs: false }), world.context, program));
    expect(buildSpec(world).mounts.map(({ source }) => source)).not.toContain('gentoo-binpkgs');
    const { environment } = world.portage.request('emerge');
    // Packages that make.conf asks for are thrown away with the work volume.
    expect(environment).toMatchObject({ PKGDIR: '/var/tmp/portage/binpkgs', PORTAGE_TMPDIR: '/var/tmp' });
    expect(environment?.['FEATURES']).not.toContain('buildpkg');
    expect(world.engine.volumes.has('gentoo-binpkgs')).toBe(false);
  });

  it('commits with exactly these Dockerfile instructions, and labels', async () => {
    using world = new BuildWorld();
    const { image } = await passTime(buildImage(buildRequest(), world.context, program));
    const committed = world.engine.images.get(image.id);
    expect(committed?.changes).toEqual([
      'VOLUME /usr/portage',
      'VOLUME /var/tmp/portage',
      'ENTRYPOINT []',
      'CMD ["/bin/bash"]',
    ]);
    expect(committed?.labels).toMatchObject({
      'org.opencontainers.image.title': 'app-misc/hello',
      'org.opencontainers.image.version': '2.10',
      'org.opencontainers.image.created': '2026-02-03T04:05:06.000Z',
      'org.opencontainers.image.base.name': baseName,
      'org.opencontainers.image.base.digest': 'sha256:beef',
      'gentoo-builder.packages': 'app-misc/hello-2.10',
    });
    expect(committed?.layers).toHaveLength(2);
    expect([...(committed?.files.keys() ?? [])]).toContain('/usr/bin/hello');
  });

  it('leaves no container and no work volume; it labels the default volumes and reports each once', async () => {
    using world = new BuildWorld();
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.left).toEqual({ ...nothing, images: [expect.stringMatching(/^gentoo-[0-9a-f]{4}:latest$/)] });
    const roles = Object.fromEntries(
      [...world.engine.volumes.values()].map(({ name, labels }) => [name, labels['gentoo-builder.volume']]),
    );
    expect(roles).toEqual({
      'gentoo-images': 'images',
      'gentoo-repository': 'tree',
      'gentoo-binpkgs': 'binpkgs',
      'gentoo-distfiles': 'distfiles',
      'gentoo-metadata': 'metadata',
      'gentoo-logs': 'logs',
    });
    expect(world.messages('note')).toEqual([
      'created the volume gentoo-binpkgs: it keeps the binary packages, so that nothing is compiled twice',
      'created the volume gentoo-distfiles: it keeps the sources, so that nothing is fetched twice',
      'created the volume gentoo-metadata: it keeps the metadata of ebuilds, so that no ebuild is sourced twice',
      'created the volume gentoo-logs: it keeps the logs of all builds',
    ]);

    world.events.length = 0;
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.messages('note')).toEqual([]);
  });

  it('warns that the image is the same as the base if emerge merged no package', async () => {
    using world = new BuildWorld();
    world.portage.merged = [];
    const { packages } = await passTime(buildImage(buildRequest(), world.context, program));
    expect(packages).toEqual([]);
    expect(world.messages('warning')).toEqual(['emerge merged no package: the image has the same files as the base']);
  });

  it('makes the image even if the messages of its packages cannot be read', async () => {
    using world = new BuildWorld();
    world.engine.fault({ method: 'execAttached', nth: 6, error: new EngineRefusal(500, 'ill') });
    const { record } = await passTime(buildImage(buildRequest(), world.context, program));
    expect(record.targets).toMatchObject([{ result: 'built', elog: [] }]);
    expect(world.messages('warning')).toEqual(['failed to read the messages of the packages: ill']);
  });

  it('keeps its connections alive while it waits, and leaves no timers at the end', async () => {
    using world = new BuildWorld();
    world.portage.emerge = async () => {
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return 0;
    };
    await passTime(buildImage(buildRequest(), world.context, program));
    expect(world.portage.keepAliveBytes).toBeGreaterThanOrEqual(38);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
