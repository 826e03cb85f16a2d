import { describe, expect } from 'vitest';
import { baseWithFaults, borrowVolumes, runBase } from '../support/real-engine/base-container.ts';
import { it, type Builder } from '../support/builder.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';

async function commit(builder: Builder, container: string): Promise<string> {
  const repo = container.replace('-base-', '-committed-');
  builder.removeLater({ image: repo });
  await rawDocker().getContainer(container).commit({ repo });
  return repo;
}

describe('gentoo-base', () => {
  it('has no tree, both volumes and a shell as its command', async ({ builder }) => {
    const { Config } = await rawDocker().getImage('gentoo-base').inspect();
    expect(Config).toMatchObject({
      Volumes: { '/usr/portage': {}, '/var/tmp/portage': {} },
      Cmd: ['/bin/bash'],
      Entrypoint: ['/usr/lib/gentoo-base/entrypoint'],
    });
    const { stdout } = await runBase(builder, { command: ['find', '/usr/portage', '/var/db/repos/gentoo'] });
    expect(stdout.trim().split('\n')).toEqual(['/usr/portage', '/var/db/repos/gentoo']);
  });

  it('is the base of a build that names none', async ({ builder }) => {
    const { status, image } = await builder.run(['app-misc/motto'], { base: '' });
    expect(status).toBe(0);
    const { Config, RootFS } = await rawDocker().getImage(image).inspect();
    const base = await rawDocker().getImage('gentoo-base').inspect();
    expect(RootFS.Layers?.slice(0, -1)).toEqual(base.RootFS.Layers);
    expect(Config).toMatchObject({ Entrypoint: base.Config.Entrypoint, Cmd: ['/bin/bash'] });
    expect(await builder.runInImage(image, 'motto')).not.toBe('');
  });

  it('runs a command or a shell, and names a command that does not exist', async ({ builder }) => {
    const env = { PKGS: 'app-misc/greet' };
    const command = await runBase(builder, { env, command: ['sh', '-c', 'echo "$0 $*"; exit 7', 'a', 'b c'] });
    expect(command).toMatchObject({ status: 7, stdout: 'a b c\n', stderr: '' });
    expect(await runBase(builder, {})).toMatchObject({ status: 0, stdout: '', stderr: '' });
    const empty = 'gentoo-base: PKGS is empty: running /bin/bash\n';
    expect(await runBase(builder, { env: { PKGS: ' \n' } })).toMatchObject({ status: 0, stdout: '', stderr: empty });
    expect(await runBase(builder, { command: ['--pretend'] })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('EMERGE_DEFAULT_OPTS') as string,
    });
    expect(await runBase(builder, { command: ['app-misc/greet'] })).toMatchObject({
      status: 127,
      stderr: expect.stringContaining('-e PKGS=') as string,
    });
  });

  it('builds the packages of PKGS from the builder’s binary packages, and its image does not build again', async ({
    builder,
  }) => {
    expect(await builder.run(['dev-libs/greeting'])).toMatchObject({ status: 0 });
    const env = { PKGS: ' app-misc/greet\n@greetings ', USE: 'shout' };
    const first = await runBase(builder, { docker: borrowVolumes(builder), env: { PKGS: 'app-misc/greet' } });
    expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining('built app-misc/greet') as string });
    expect(first.stdout).toContain('>>> Emerging binary (1 of 2) dev-libs/greeting');
    expect(first.stdout).toContain('>>> Emerging (2 of 2) app-misc/greet');
    expect(first.stdout).toContain('>>> Completed (2 of 2) app-misc/greet');

    const image = await commit(builder, first.name);
    expect((await rawDocker().getImage(image).inspect()).Config.Env).toContain('PKGS=app-misc/greet');
    expect(await runBase(builder, { image, command: ['greet'] })).toMatchObject({ status: 0, stderr: '' });
    expect(await runBase(builder, { image })).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'gentoo-base: app-misc/greet: built in this image already; running /bin/bash\n',
    });
    const other = await runBase(builder, { image, docker: borrowVolumes(builder), env });
    expect(other).toMatchObject({ status: 0, stdout: expect.stringMatching(/Emerging .*app-misc\/greet/) as string });
  });

  it('uses USE, EMERGE_DEFAULT_OPTS and SYNC, and keeps temporary files out of the image', async ({ builder }) => {
    const env = {
      PKGS: 'dev-libs/greeting',
      USE: 'shout',
      EMERGE_DEFAULT_OPTS: '--oneshot',
      SYNC: '1',
      FEATURES: 'buildpkg',
    };
    const { name, status, stderr } = await runBase(builder, { env });
    expect({ status, stderr }).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('syncing /usr/portage') as string,
    });
    expect(stderr).not.toContain('Deprecated');
    const changes = (await rawDocker().getContainer(name).changes()) as readonly { Path: string }[];
    const paths = changes.map(({ Path }) => Path);
    expect(paths).toContain('/var/db/pkg/dev-libs/greeting-2.0');
    expect(paths).not.toContain('/var/lib/portage/world');
    expect(
      paths.filter((path) =>
        /^\/(usr\/portage|var\/db\/repos|var\/tmp\/portage|var\/cache\/(binpkgs|distfiles|edb\/dep))\//.test(path),
      ),
    ).toEqual([]);
    const use = await runBase(builder, {
      image: await commit(builder, name),
      command: ['cat', '/var/db/pkg/dev-libs/greeting-2.0/USE'],
    });
    expect(use.stdout).toContain('shout');
  });

  it.for(['/var/db/repos/gentoo', '/usr/portage'])(
    'finds a tree at %s, wherever Portage looks',
    async (place, { builder }) => {
      await builder.run(['dev-libs/greeting']);
      const old = await builder.makeImage(
        'gentoo-base',
        'RUN sed -i s,/var/db/repos/gentoo,/usr/portage, /etc/portage/repos.conf/gentoo.conf && cat /etc/portage/repos.conf/* >/tmp/conf' +
          ' && rm -r /etc/portage/repos.conf && mv /tmp/conf /etc/portage/repos.conf' +
          ' && ln -sfn ../../usr/portage/profiles/default/linux/amd64/ministage /etc/portage/make.profile' +
          ' && echo PORTDIR=/usr/portage >>/etc/portage/make.conf',
      );
      const docker = borrowVolumes(builder, place);
      for (const image of ['gentoo-base', old]) {
        const built = await runBase(builder, { image, docker, env: { PKGS: 'dev-libs/greeting' } });
        expect(built).toMatchObject({
          status: 0,
          stdout: expect.stringContaining('Emerging binary (1 of 1)') as string,
        });
        const command = [
          'sh',
          '-c',
          'portageq get_repo_path / gentoo; find /usr/portage /var/db/repos -maxdepth 1 -type l',
        ];
        expect(await runBase(builder, { image, docker, command })).toMatchObject({ status: 0, stdout: `${place}\n` });
      }
    },
  );

  it('ends with the status of emerge, and builds a failed package again', async ({ builder }) => {
    const base = await baseWithFaults(builder);
    const options = { docker: borrowVolumes(builder), env: { PKGS: 'test-fault/compile-fails', SYNC: '1' } };
    const { status, stdout, stderr, name } = await runBase(builder, { image: base, ...options });
    expect(status).toBe(1);
    expect(stdout + stderr).toContain('ERROR: test-fault/compile-fails-1::faults failed (compile phase)');
    const again = await runBase(builder, { image: await commit(builder, name), docker: options.docker });
    expect(again).toMatchObject({ status: 1, stdout: expect.stringContaining('Emerging (1 of 1)') as string });
  });

  it('records no build that merged nothing', async ({ builder }) => {
    const env = { PKGS: 'app-misc/motto', EMERGE_DEFAULT_OPTS: '--pretend', SYNC: '1' };
    const first = await runBase(builder, { env });
    expect(first).toMatchObject({ status: 0, stderr: expect.stringContaining('emerge merged nothing') as string });
    const image = await commit(builder, first.name);
    const second = await runBase(builder, { image, env: { ...env, EMERGE_DEFAULT_OPTS: '' } });
    expect(second).toMatchObject({ status: 0, stderr: expect.stringContaining('built app-misc/motto') as string });
  });

  it('keeps packages of other flags in their own partition, for flags of the environment too', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    const run = (env: Readonly<Record<string, string>>) =>
      runBase(builder, { docker, env: { PKGS: 'app-misc/motto', ...env } });
    expect((await run({ SYNC: '1', CFLAGS: '-O3' })).stdout).toContain('Emerging (1 of 1) app-misc/motto');
    expect((await run({})).stdout).toContain('Emerging (1 of 1) app-misc/motto');
    expect((await run({ CFLAGS: '-O3' })).stdout).toContain('Emerging binary (1 of 1) app-misc/motto');
  });

  it('builds with binary packages and sources that are mounted read-only', async ({ builder }) => {
    const docker = borrowVolumes(builder);
    // The cache of metadata is in a volume that other builds use, too.
    const ofOthers = '/var/cache/edb/dep/of-others';
    expect((await runBase(builder, { docker, command: ['touch', ofOthers] })).status).toBe(0);
    const first = await runBase(builder, { docker, env: { PKGS: 'dev-libs/greeting', SYNC: '1' } });
    expect(first.status).toBe(0);
    // `gentoo-builder --no-sync` may use the tree now.
    const command = ['test', '-e', '/var/db/repos/gentoo/.git/gentoo-builder-synced'];
    expect((await runBase(builder, { docker, command })).status).toBe(0);
    expect((await runBase(builder, { docker, command: ['test', '-e', ofOthers] })).status).toBe(0);
    const readOnly = docker.map((option) => option.replace(/:\/var\/cache\/\w+$/, '$&:ro'));
    expect(readOnly.filter((option) => option.endsWith(':ro'))).toHaveLength(2);
    const second = await runBase(builder, { docker: readOnly, env: { PKGS: 'app-misc/greet' } });
    expect(second.stdout).toContain('Emerging binary (1 of 2) dev-libs/greeting');
    expect(second.stdout).toContain('Completed (2 of 2) app-misc/greet');
  });

  it('repeats a first sync that was interrupted, and fills no other directory that is not empty', async ({
    builder,
  }) => {
    const docker = borrowVolumes(builder);
    const env = { PKGS: 'app-misc/motto', SYNC: '1' };
    const litter = 'mkdir -p /var/db/repos/gentoo/.git/objects; touch /var/db/repos/gentoo/half';
    await runBase(builder, { docker, command: ['sh', '-c', litter] });
    const refused = await runBase(builder, { docker, env });
    expect(refused).toMatchObject({ status: 13, stderr: expect.stringContaining('neither empty nor') as string });
    const interrupted = 'RUN mkdir -p /var/lib/gentoo-base && echo /var/db/repos/gentoo >/var/lib/gentoo-base/syncing';
    const image = await builder.makeImage('gentoo-base', interrupted);
    const again = await runBase(builder, { image, docker, env });
    expect(again.stderr).toContain('the first sync of /var/db/repos/gentoo was interrupted: starting it again');
    expect(again.status).toBe(0);
  });

  it('names its requirements: a user with permission, and a tree that can be synced', async ({ builder }) => {
    const env = { PKGS: 'app-misc/motto' };
    const user = await runBase(builder, { docker: ['--user', 'portage'], env });
    expect(user).toMatchObject({ status: 2, stderr: expect.stringContaining('--user') as string });
    const docker = borrowVolumes(builder);
    expect(await runBase(builder, { docker, env: { ...env, SYNC: '1' } })).toMatchObject({ status: 0 });
    const readOnly = docker.map((option) => option.replace(/gentoo$/, '$&:ro'));
    const sync = await runBase(builder, { docker: readOnly, env: { ...env, SYNC: '1' } });
    expect(sync).toMatchObject({ status: 13, stderr: expect.stringContaining('mounted read-only') as string });
    expect(await runBase(builder, { docker: readOnly, env })).toMatchObject({ status: 0 });
  });

  it('reports all faults together before it does anything', async ({ builder }) => {
    const env = { PKGS: 'app-misc/greet --pretend $(touch${IFS}/x) ./x.ebuild @a:b \u001b[31m', SYNC: 'yes' };
    // Portage must not load a module of its name from the working directory.
    const image = await builder.makeImage(
      'gentoo-base',
      'RUN mkdir -p /w/_emerge && echo exit >/w/_emerge/__init__.py',
    );
    const { status, stdout, stderr } = await runBase(builder, { image, docker: ['--workdir', '/w'], env });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    const refused = [...stderr.matchAll(/the package '([^']*)'/g)].map(([, word]) => word);
    expect(new Set(refused)).toEqual(new Set(['$(touch${IFS}/x)', '--pretend', './x.ebuild', '?[31m', '@a:b']));
    expect(stderr).toContain('SYNC=yes');
    expect(stderr).toContain('failed to find an ebuild repository');
  });
});
