import { describe, expect } from 'vitest';
import { it, workVolumesOf, type Builder } from '../support/builder.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer } from '../support/zentoo-site.ts';

/** The image's configuration as the engine has it, with the volumes as a list. */
async function configurationOf(image: string) {
  const { Config } = await rawDocker().getImage(image).inspect();
  return { ...Config, Volumes: Object.keys(Config.Volumes ?? {}).sort() };
}

describe('a base whose image names a user', () => {
  it('case 2.10: is built on as root, and the new image names the same user', async ({ builder }) => {
    const base = await builder.makeImage(stage, 'USER 1000:1000');
    const { status, stderr, image } = await builder.run(['app-misc/motto'], { base });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect((await configurationOf(image)).User).toBe('1000:1000');
    const owners = 'id -u; stat -c %u:%g "$(command -v motto)"';
    expect(await builder.runInImage(image, 'sh', '-c', owners)).toBe('1000\n0:0\n');
  });
});

async function compiled(builder: Builder, ...args: string[]): Promise<boolean> {
  const { status, stderr } = await builder.run(['--rebuild', ...args]);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const binary = /Emerging binary \(1 of 1\) dev-libs\/greeting/.test(stderr);
  const source = /Emerging \(1 of 1\) dev-libs\/greeting/.test(stderr);
  expect(binary).not.toBe(source);
  return source;
}

describe('docker run gentoo-builder PACKAGE', () => {
  it('builds packages into an image and prints its name', async ({ builder }) => {
    const tag = `${uniqueName('tagged')}:1`;
    const running = builder.start(['--tag', tag, 'app-misc/greet']);
    const container = await running.buildContainer();
    const id = await running.id();
    const { status, stdout, image, stderr } = await running.outcome;
    builder.removeLater({ image: tag });

    expect({ status, stdout, stderr }).toMatchObject({ status: 0, stdout: `${image}\n` });
    // Four characters of the id are enough, unless another image has that name.
    expect(image).toMatch(/^gentoo-[0-9a-f]{4,}$/);
    expect(`gentoo-${container}`).toContain(image);
    expect(await builder.runInImage(image, 'greet')).toContain('greetings from libgreeting');
    expect(await builder.runInImage(tag, 'greet')).toContain('greetings');

    const config = await configurationOf(image);
    expect(config.Volumes).toEqual(['/usr/portage', '/var/tmp/portage']);
    expect(config.Cmd).toEqual(['/bin/bash']);
    expect(config.Entrypoint ?? []).toEqual([]);
    expect(config).toMatchObject({ OpenStdin: false, StdinOnce: false, AttachStdin: false, Tty: false, Hostname: '' });
    expect(config.Env).toEqual((await configurationOf(stage)).Env);
    expect(config.Labels).toEqual({
      'gentoo-builder.format': '1',
      'gentoo-builder.fingerprint': expect.stringMatching(/^[0-9a-f]{64}$/),
      'gentoo-builder.packages': expect.stringMatching(/^app-misc\/greet-\S+ dev-libs\/greeting-\S+$/),
      'org.opencontainers.image.base.name': stage,
      'org.opencontainers.image.created': expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      'org.opencontainers.image.title': 'app-misc/greet',
      'org.opencontainers.image.version': expect.stringMatching(/^\d+\.\d+/),
    });

    const layers = async (name: string) => (await rawDocker().getImage(name).inspect()).RootFS.Layers ?? [];
    expect((await layers(image)).length).toBe((await layers(stage)).length + 1);

    expect(await workVolumesOf(id)).toEqual([]);
    await expect(rawDocker().getContainer(container).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  it('leaves nothing of the build in the image', async ({ builder }) => {
    const { image } = await builder.run(['app-misc/motto']);
    const left = await builder.runInImage(
      image,
      'sh',
      '-c',
      'find /var/tmp/portage /var/cache/binpkgs /var/cache/distfiles /var/db/repos /var/log/portage -type f',
    );
    expect(left).toBe('');
  });

  it('performs the seven steps in their order', async ({ builder }) => {
    const { stderr } = await builder.run(['app-misc/motto']);
    const steps = [...stderr.matchAll(/^\[(\d)\/7\] (\w+) done in/gm)].map(([, , step]) => step);
    expect(steps).toEqual(['preconditions', 'start', 'sync', 'emerge', 'stop', 'commit', 'remove']);
  });

  it('prints one object with --json', async ({ builder }) => {
    const { stdout } = await builder.run(['--json', 'app-misc/motto']);
    const result = JSON.parse(stdout) as { image: string };
    builder.removeLater({ image: result.image });
    expect(result).toEqual({
      elog: [],
      image: expect.stringMatching(/^gentoo-[0-9a-f]{4,}$/),
      id: expect.stringMatching(/^sha256:/),
      tags: [],
      unchanged: false,
      packages: [
        {
          ...{ name: 'app-misc/motto', version: expect.stringMatching(/^\d/) },
          ...{ origin: expect.stringMatching(/^(compiled|reused)$/), why: 'asked for' },
          ...{ installedBytes: expect.any(Number), binaryBytes: expect.any(Number) },
        },
      ],
      durations: expect.objectContaining({
        sync: expect.any(Number),
        emerge: expect.any(Number),
        commit: expect.any(Number),
      }),
      log: expect.stringContaining('build.log'),
      record: expect.stringContaining('build.json'),
    });
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('compiles nothing twice, except for other compiler flags', async ({ builder }) => {
    const makeConf = `RUN mkdir -p /conf && printf 'CFLAGS="-O3 -pipe"\\nCXXFLAGS="-O3 -pipe"\\n' >>/etc/portage/make.conf`;
    const otherFlags = await builder.makeImage(stage, makeConf);
    expect(await compiled(builder, 'dev-libs/greeting')).toBe(true);
    expect(await compiled(builder, 'dev-libs/greeting')).toBe(false);
    expect(await compiled(builder, '--no-binpkgs', 'dev-libs/greeting')).toBe(true);
    const { stderr } = await builder.run(['dev-libs/greeting'], { base: otherFlags });
    expect(stderr).toMatch(/>>> Emerging \(1 of 1\) dev-libs\/greeting/);
  });

  it('builds nothing if an image has the same inputs, and starts nothing without a sync', async ({ builder }) => {
    const first = await builder.run(['app-misc/motto']);
    const tag = `${uniqueName('unchanged')}:1`;
    builder.removeLater({ image: tag });
    const synced = await builder.run(['--tag', tag, 'app-misc/motto']);
    expect(synced).toMatchObject({ status: 0, stdout: `${first.image}\n` });
    expect([...synced.stderr.matchAll(/^\[\d\/7\] (\w+) done in/gm)].map(([, step]) => step)).toEqual([
      ...['preconditions', 'start', 'sync', 'remove'],
    ]);
    expect(await builder.runInImage(tag, 'motto')).not.toBe('');
    const same = await builder.run(['--no-sync', '--json', 'app-misc/motto']);
    expect(JSON.parse(same.stdout)).toMatchObject({ image: first.image, unchanged: true });
    expect(same.stderr).not.toMatch(/start done|emerge/);
    const insisted = await builder.run(['--no-sync', '--rebuild', 'app-misc/motto']);
    expect(insisted.image).toMatch(/^gentoo-[0-9a-f]{4,}$/);
    expect(insisted.image).not.toBe(first.image);
  });

  it('builds a set', async ({ builder }) => {
    const { status, image, stderr } = await builder.run(['@greetings']);
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect((await configurationOf(image)).Labels).toMatchObject({ 'org.opencontainers.image.title': '@greetings' });
  });

  it('keeps the whole log, and a log of each package', async ({ builder }) => {
    await builder.run(['app-misc/motto']);
    const mount = ['-v', `${builder.volumes.logs}:/log:ro`];
    const log = await inContainer(stage, 'cat /log/*/build.log; ls /log/*', mount);
    expect(log).toContain('>>> Completed (1 of 1) app-misc/motto');
    expect(log).toMatch(/app-misc:motto-\S+\.log/);
  });
});
