import { describe, expect } from 'vitest';
import { containersWith, it, workVolumesOf, type RunningBuilder } from '../support/builder.ts';
import { rawDocker } from '../support/real-engine.ts';

/** What hangs until it is ended: its build sleeps. */
const hanging = 'test-fault/hangs';
const faults = { base: 'gentoo-ministage-faults' };

/** Settles when a container is not running any more, or is not there. */
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

async function expectNothingLeft({ builder, container }: { builder: string; container: string }): Promise<void> {
  await expect(rawDocker().getContainer(container).inspect()).rejects.toMatchObject({ statusCode: 404 });
  expect(await workVolumesOf(builder)).toEqual([]);
}

async function imagesOf(container: string): Promise<string[]> {
  const images = await rawDocker().listImages({ filters: { reference: [`gentoo-${container.slice(0, 4)}*`] } });
  return images.flatMap(({ RepoTags }) => RepoTags ?? []);
}

describe('a builder that is told to end', () => {
  it.for([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('puts everything in order after %s and ends with %i', async ([signal, status], { builder }) => {
    const running = builder.start([hanging], faults);
    const build = await whileCompiling(running);
    const start = performance.now();
    await running.signal(signal);
    const outcome = await running.outcome;
    expect(outcome).toMatchObject({ status, stdout: '' });
    expect(outcome.stderr).toContain(`by ${signal}`);
    // emerge alone would wait for the command that it runs, which sleeps for long.
    expect(performance.now() - start).toBeLessThan(10_000);
    await expectNothingLeft(build);
    expect(await imagesOf(build.container)).toEqual([]);
  });

  it('ends at once at the second signal, and the next run removes what is left', async ({ builder }) => {
    const running = builder.start([hanging], faults);
    const build = await whileCompiling(running);
    await rawDocker().getContainer(build.container).pause();
    await running.signal('SIGINT');
    const second = performance.now();
    await running.signal('SIGINT');
    expect(await running.outcome).toMatchObject({ status: 130 });
    // The first one alone would be putting things in order: a paused container has a grace of three seconds.
    expect(performance.now() - second).toBeLessThan(2500);
    await rawDocker()
      .getContainer(build.container)
      .unpause()
      .catch(() => {});
    await ended(build.container);
    await builder.run(['app-misc/motto']);
    await expectNothingLeft(build);
  });

  it('takes its build container with it when it is killed, and the next run removes that', async ({ builder }) => {
    const running = builder.start([hanging], faults);
    const build = await whileCompiling(running);
    const start = performance.now();
    await running.signal('SIGKILL');
    await running.outcome;
    await ended(build.container);
    expect(performance.now() - start).toBeLessThan(10_000);
    const next = await builder.run(['app-misc/motto']);
    expect(next.status).toBe(0);
    await expectNothingLeft(build);
    expect(await imagesOf(build.container)).toEqual([]);
  });
});

describe('two builders on one engine', () => {
  it('never touch each other, in whatever state the other one is', async ({ builder }) => {
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

  it('both end with an image of their own when they start at once', async ({ builder }) => {
    const outcomes = await Promise.all([builder.run(['app-misc/motto']), builder.run(['app-misc/greet'])]);
    for (const { status, stderr } of outcomes) expect({ status, stderr }).toMatchObject({ status: 0 });
    const [motto, greet] = outcomes;
    expect(motto.image).not.toBe(greet.image);
    expect(await builder.runInImage(greet.image, 'greet')).toContain('greetings');
    expect(await builder.runInImage(motto.image, 'sh', '-c', 'command -v greet || echo none')).toContain('none');
  });

  it('wait for each other where one syncs the tree that the other one uses', async ({ builder }) => {
    const first = builder.start([hanging], faults);
    const build = await whileCompiling(first);
    const second = builder.start(['app-misc/motto']);
    await second.said(/>>> Waiting for another build that is using the tree/);
    expect((await rawDocker().getContainer(build.container).inspect()).State.Running).toBe(true);
    await first.signal('SIGTERM');
    expect((await first.outcome).status).toBe(143);
    expect((await second.outcome).status).toBe(0);
  });

  it('build from one tree at once when neither syncs it', async ({ builder }) => {
    await builder.run(['app-misc/motto']);
    const first = builder.start(['--no-sync', hanging], faults);
    await whileCompiling(first);
    expect((await builder.run(['--no-sync', '--rebuild', 'app-misc/motto'])).status).toBe(0);
    await first.signal('SIGTERM');
    expect((await first.outcome).status).toBe(143);
  });
});

describe('a name that is taken', () => {
  it('is left alone, and the image gets a longer one', async ({ builder }) => {
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

describe('a build container that somebody else removes', () => {
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

describe('a base in the old layout', () => {
  it('finds its tree at /usr/portage', async ({ builder }) => {
    const old = await builder.makeImage(
      'gentoo-ministage',
      `RUN sed -i 's,^location.*,location = /usr/portage,' /etc/portage/repos.conf/*.conf && ln -sfn ../../usr/portage/profiles/default/linux/amd64/ministage /etc/portage/make.profile && rm -rf /var/db/repos && mkdir /usr/portage`,
    );
    const { status, stderr } = await builder.run(['app-misc/motto'], { base: old });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).toContain('[3/7] sync /usr/portage');
  });
});
