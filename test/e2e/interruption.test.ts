import { describe, expect } from 'vitest';
import {
  containersWith,
  faultsStage,
  it,
  remainsOf,
  untilRemoved,
  workVolumesOf,
  type RunningBuilder,
} from '../support/builder.ts';
import { EngineProxy } from '../support/proxy.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { inContainer } from '../support/zentoo-site.ts';

/** A package whose compilation sleeps until it is killed. */
const hanging = 'test-fault/hangs';
const faults = { base: faultsStage };

/** Resolves when a container has stopped or is gone. */
async function ended(container: string): Promise<void> {
  await rawDocker()
    .getContainer(container)
    .wait({ condition: 'not-running' })
    .catch((error: unknown) => expect(error).toMatchObject({ statusCode: 404 }));
}

async function whileCompiling(
  running: RunningBuilder,
): Promise<{ builder: string; container: string; volume: string }> {
  const container = await running.buildContainer();
  await running.said(/>>> Emerging \(1 of 1\)/);
  const builder = await running.id();
  const [volume = ''] = await workVolumesOf(builder);
  return { builder, container, volume };
}

/** The build container and the work volumes of a builder that are on the engine. */
async function remains({ builder, container }: { builder: string; container: string }): Promise<readonly string[]> {
  const containers = await rawDocker().listContainers({ all: true, filters: { id: [container] } });
  return [...containers.map(({ Id }) => Id), ...(await workVolumesOf(builder))];
}

describe('a builder that gets a signal', () => {
  it.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('removes its container and volumes after %s and ends with %i', async ([signal, status], { builder }) => {
    const base = await builder.makeImage(faultsStage);
    const running = builder.start([hanging], { base });
    const build = await whileCompiling(running);
    await running.signal(signal);
    const outcome = await running.outcome;
    expect(outcome).toMatchObject({ status, stdout: '' });
    expect(outcome.stderr).toContain(`by ${signal}`);
    expect(await remains(build)).toEqual([]);
    expect((await remainsOf(build.builder, base)).images).toEqual([]);
  });

  it('case 6.2: ends immediately at the second signal, and the next run removes the rest', async ({ builder }) => {
    await using proxy = await EngineProxy.open();
    const running = builder.start([hanging], { ...faults, socket: proxy.socketPath });
    const build = await whileCompiling(running);
    // From now on the engine does not answer the builder, so that the clean-up after the first signal cannot end.
    proxy.rules.delay = 3_600_000;
    const before = proxy.requests.length;
    await running.signal('SIGINT');
    // The clean-up has begun when it looks at the container: two signals at once would count as one.
    const looks = (request: string) => request.includes(`/containers/${build.container}/json`);
    await expect.poll(() => proxy.requests.slice(before).some(looks), { timeout: 300_000 }).toBe(true);
    await running.signal('SIGINT');
    const { status, stderr } = await running.outcome;
    expect(status).toBe(130);
    // A clean-up that ends, or is given up, is followed by a message about the signal.
    expect(stderr).not.toContain('by SIGINT');
    // The clean-up would have ended it: it runs, unless the builder of another test has removed it already.
    const states = await rawDocker().listContainers({ all: true, filters: { id: [build.container] } });
    expect(states.filter(({ State }) => State !== 'running')).toEqual([]);
    proxy.cut();
    await ended(build.container);
    await builder.run(['app-misc/motto']);
    await untilRemoved(() => remains(build));
  });

  it('stops its build container when it is killed, and the next run removes that container', async ({ builder }) => {
    const base = await builder.makeImage(faultsStage);
    const running = builder.start([hanging], { base });
    const build = await whileCompiling(running);
    await running.signal('SIGKILL');
    await running.outcome;
    await ended(build.container);
    const next = await builder.run(['app-misc/motto']);
    expect(next.status).toBe(0);
    await untilRemoved(() => remains(build));
    expect((await remainsOf(build.builder, base)).images).toEqual([]);
  });
});

describe('two builders on one engine', () => {
  it('do not touch a container of a builder that is paused', async ({ builder }) => {
    const first = builder.start([hanging], faults);
    const build = await whileCompiling(first);
    const docker = rawDocker();
    await docker.getContainer(build.container).pause();
    expect((await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'])).status).toBe(0);
    await docker.getContainer(build.container).unpause();
    await docker.getContainer(build.builder).pause();
    expect((await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'])).status).toBe(0);
    await docker.getContainer(build.builder).unpause();
    expect((await docker.getContainer(build.container).inspect()).State.Running).toBe(true);
    await first.signal('SIGTERM');
    expect((await first.outcome).status).toBe(143);
  });

  it('each make an image when they start at the same time', async ({ builder }) => {
    const outcomes = await Promise.all([builder.run(['app-misc/motto']), builder.run(['app-misc/greet'])]);
    for (const { status, stderr } of outcomes) expect({ status, stderr }).toMatchObject({ status: 0 });
    const [motto, greet] = outcomes;
    expect(motto.image).not.toBe(greet.image);
    expect(await builder.runInImage(greet.image, 'greet')).toContain('greetings');
    expect(await builder.runInImage(motto.image, 'sh', '-c', 'command -v greet || echo none')).toContain('none');
  });

  it('wait if one syncs the tree that the other uses', async ({ builder }) => {
    const first = builder.start([hanging], faults);
    const build = await whileCompiling(first);
    const second = builder.start(['app-misc/motto']);
    await second.said(/waiting for the tree \S+: gentoo-builder-[0-9a-f]{16} \(.+\) uses it since [\d:]+ UTC/);
    expect((await rawDocker().getContainer(build.container).inspect()).State.Running).toBe(true);
    await first.signal('SIGTERM');
    expect((await first.outcome).status).toBe(143);
    expect((await second.outcome).status).toBe(0);
  });

  it('build at the same time from a tree that neither syncs', async ({ builder }) => {
    await builder.run(['app-misc/motto']);
    const first = builder.start(['--no-sync', hanging], faults);
    await whileCompiling(first);
    expect((await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'])).status).toBe(0);
    await first.signal('SIGTERM');
    expect((await first.outcome).status).toBe(143);
  });
});

describe('an image name that is taken', () => {
  it('stays as it is, and the new image gets a longer name', async ({ builder }) => {
    const running = builder.start(['app-misc/greet']);
    const container = await running.buildContainer();
    const docker = rawDocker();
    const taken = `gentoo-${container.slice(0, 4)}`;
    const reserved = `gentoo-${container.slice(0, 5)}`;
    await docker.getImage('gentoo-ministage').tag({ repo: taken });
    builder.removeLater({ image: taken });
    const other = await docker.createContainer({ Image: 'gentoo-ministage', name: reserved });
    const outcome = await running.outcome;
    await other.remove();
    const id = async (name: string) => (await docker.getImage(name).inspect()).Id;
    expect(outcome).toMatchObject({ status: 0, image: `gentoo-${container.slice(0, 6)}` });
    expect(await id(taken)).toBe(await id('gentoo-ministage'));
    expect(await containersWith(builder.volumes.tree)).toEqual([]);
  });
});

describe('a build container that another program removes', () => {
  it('is reported as lost, not as a failure of the package', async ({ builder }) => {
    const running = builder.start([hanging], faults);
    const build = await whileCompiling(running);
    await rawDocker().getContainer(build.container).remove({ force: true });
    const { status, stderr } = await running.outcome;
    expect({ status, stderr }).toEqual({
      status: 17,
      stderr: expect.stringContaining('somebody removed it') as string,
    });
    expect(await workVolumesOf(build.builder)).toEqual([]);
  });
});

describe('a tree whose sync was killed', () => {
  it('case 1.1: is synced after the lock file that git left is removed, and the user is told', async ({ builder }) => {
    const kill = 'emerge --sync -q; touch /var/db/repos/gentoo/.git/shallow.lock';
    await inContainer(stage, kill, ['-v', `${builder.volumes.tree}:/var/db/repos/gentoo`]);
    const { status, stderr } = await builder.run(['app-misc/motto']);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining('Removed .git/shallow.lock, which an interrupted sync left') as string,
    });
  });
});

describe('a base image with the old layout', () => {
  it('has its tree at /usr/portage', async ({ builder }) => {
    const old = await builder.makeImage(
      'gentoo-ministage',
      `RUN sed -i 's,^location.*,location = /usr/portage,' /etc/portage/repos.conf/*.conf && ln -sfn ../../usr/portage/profiles/default/linux/amd64/ministage /etc/portage/make.profile && rm -rf /var/db/repos && mkdir /usr/portage`,
    );
    const { status, stderr } = await builder.run(['app-misc/motto'], { base: old });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain('[3/7] sync /usr/portage');
  });
});
