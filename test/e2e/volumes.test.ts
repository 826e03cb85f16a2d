import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { it, type Builder } from '../support/builder.ts';
import { bytesOf, corpusOfMakeConf } from '../support/corpus.ts';
import { rawDocker, stage } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { inContainer } from '../support/zentoo-site.ts';

/** The content of a file in a volume or host path, read in a container. */
function readFrom(source: string, path: string): Promise<string> {
  return inContainer(stage, `cat '/mnt/${path}'`, ['-v', `${source}:/mnt:ro`]);
}

async function volumeAt(container: string, target: string): Promise<string> {
  const { Mounts } = await rawDocker().getContainer(container).inspect();
  return Mounts.find(({ Destination }) => Destination === target)?.Name ?? 'none';
}

describe('volumes', () => {
  it('of a builder without --rm are its own, and --volumes-from gives them to the next builder', async ({
    builder,
  }) => {
    const name = uniqueName('kept');
    builder.removeLater({ container: name });
    const options = { ownVolumes: false, keep: true, docker: ['--name', name] };
    const first = await builder.run(['dev-libs/greeting'], options);
    expect(first).toMatchObject({ status: 0 });
    expect(first.stderr).toContain('Emerging (1 of 1) dev-libs/greeting');
    const tree = await volumeAt(name, '/var/db/repos/gentoo');
    expect(tree).toMatch(/^[0-9a-f]{64}$/);
    expect(await readFrom(tree, 'profiles/repo_name')).toContain('gentoo');
    const second = await builder.run(['--rebuild', 'dev-libs/greeting'], {
      ownVolumes: false,
      docker: ['--volumes-from', name],
    });
    expect(second).toMatchObject({ status: 0 });
    expect(second.stderr).toContain('Emerging binary (1 of 1) dev-libs/greeting');
  });

  it.for(['/var/db/repos/gentoo', '/usr/portage'])(
    'a host directory mounted at %s is the tree',
    async (target, { builder }) => {
      const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-tree-'));
      // Portage builds as the user portage, who has to be able to enter the directory.
      await chmod(directory, 0o755);
      try {
        const options = { ownVolumes: false, docker: ['-v', `${directory}:${target}`, ...builder.cacheMounts] };
        const refused = await builder.run(['app-misc/motto'], options);
        expect(refused).toMatchObject({ status: 13, stderr: expect.stringContaining('--create-tree') as string });
        expect(await builder.run(['--create-tree', 'app-misc/motto'], options)).toMatchObject({ status: 0 });
        expect(await readFrom(directory, 'profiles/repo_name')).toContain('gentoo');
        expect(await builder.run(['--no-sync', 'app-misc/motto'], options)).toMatchObject({ status: 0 });
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );

  it('named by --tree and --log-dir are used instead', async ({ builder }) => {
    const tree = uniqueName('other-tree');
    const logs = uniqueName('other-logs');
    builder.removeLater({ volume: tree });
    builder.removeLater({ volume: logs });
    const args = ['--tree', tree, '--log-dir', logs, 'app-misc/motto'];
    const missing = await builder.run(args);
    expect(missing).toMatchObject({ status: 13, stderr: expect.stringContaining(tree) as string });
    await rawDocker().createVolume({ Name: tree });
    const { status, stdout } = await builder.run(['--json', ...args]);
    const { image, log } = JSON.parse(stdout) as { image: string; log: string };
    builder.removeLater({ image });
    expect(status).toBe(0);
    expect(await readFrom(tree, 'profiles/repo_name')).toContain('gentoo');
    expect(await readFrom(logs, log.split(', ')[1] ?? '')).toContain('>>> Completed (1 of 1) app-misc/motto');
  });

  it('mounted read-only are refused if the build writes to them', async ({ builder }) => {
    expect(await builder.run(['app-misc/motto'])).toMatchObject({ status: 0 });
    const { tree } = builder.volumes;
    const readOnly = { ownVolumes: false, docker: ['-v', `${tree}:/var/db/repos/gentoo:ro`, ...builder.cacheMounts] };
    expect(await builder.run(['app-misc/motto'], readOnly)).toMatchObject({
      status: 13,
      stderr: expect.stringContaining('read-only') as string,
    });
    expect(await builder.run(['--no-sync', 'app-misc/motto'], readOnly)).toMatchObject({ status: 0 });
  });

  it('hold a tree that --sync-max-age does not sync while it is young', async ({ builder }) => {
    await builder.run(['app-misc/motto']);
    const young = await builder.run(['--sync-max-age=1h', 'app-misc/motto']);
    expect(young.stderr).toMatch(/The tree was synced \d+ s ago: not synced again/);
    const synced = await builder.run(['app-misc/motto']);
    expect(synced.stderr).not.toContain('not synced again');
  });
});

describe('a file named by --make-conf', () => {
  it('decides how packages are built, and stays in the image', async ({ builder }) => {
    const base = await builder.makeImage(
      'gentoo-ministage',
      `RUN { cat /etc/portage/make.conf; echo 'USE="shout"'; echo 'EMERGE_DEFAULT_OPTS="--ask --verbose"'; } >/tmp/make.conf`,
    );
    const conf = await builder.runInImage(base, 'cat', '/tmp/make.conf');
    const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-conf-'));
    await writeFile(join(directory, 'make.conf'), conf);
    try {
      const docker = ['-v', `${directory}/make.conf:/make.conf:ro`];
      const { status, image } = await builder.run(['--make-conf', '/make.conf', 'dev-libs/greeting'], { docker });
      expect(status).toBe(0);
      expect(await builder.runInImage(image, 'cat', '/etc/portage/make.conf')).toBe(conf);
      expect(await builder.runInImage(image, 'sh', '-c', 'cat /var/db/pkg/dev-libs/greeting-*/USE')).toContain('shout');
    } finally {
      await rm(directory, { recursive: true });
    }
    const missing = await builder.run(['--make-conf', '/make.conf', 'dev-libs/greeting']);
    expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('-v "$PWD/make.conf') as string });
  });
});

describe('a make.conf as people have it', () => {
  /** Builds `app-misc/motto` with a make.conf of this text, given as --make-conf. */
  async function buildWith(builder: Builder, text: string | Buffer, ...args: readonly string[]) {
    const directory = await mkdtemp(join(tmpdir(), 'gentoo-builder-test-conf-'));
    await writeFile(join(directory, 'make.conf'), text);
    try {
      const docker = ['-v', `${directory}/make.conf:/make.conf:ro`];
      return await builder.run(['--make-conf', '/make.conf', ...args, 'app-misc/motto'], { docker });
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  it('case 2.1: may have PORTDIR, DISTDIR and PKGDIR in the old places; the image gets no tree', async ({
    builder,
  }) => {
    const text = 'PORTDIR="/usr/portage"\nDISTDIR="${PORTDIR}/distfiles"\nPKGDIR="${PORTDIR}/packages"\n';
    const { status, image } = await buildWith(builder, text);
    expect(status).toBe(0);
    expect(await builder.runInImage(image, 'motto')).not.toBe('');
    const look = 'find /usr/portage /var/db/repos/gentoo -mindepth 1 | head';
    expect(await builder.runInImage(image, 'sh', '-c', look)).toBe('');
    expect(await buildWith(builder, `${text}# again\n`, '--no-sync')).toMatchObject({ status: 0 });
  });

  it('cases 2.1 to 2.6: of the corpus is what the package is built with, and stays in the image as it is', async ({
    builder,
  }) => {
    const flags = {
      'people-03-crlf.conf': '-O2 -march=native -pipe',
      'people-25-long-history.conf': '-O2 -march=znver1 -pipe -fno-plt',
      'server-hardened.conf': '-O2 -pipe -fstack-clash-protection',
    };
    const contents = new Map(corpusOfMakeConf().map(([name, , content]) => [name, bytesOf(content)]));
    for (const [name, expected] of Object.entries(flags)) {
      const content = contents.get(name) ?? Buffer.of();
      const { status, stderr, image } = await buildWith(builder, content);
      expect(status, `${name}: ${stderr}`).toBe(0);
      const show = 'cat /var/db/pkg/app-misc/motto-*/CFLAGS && base64 -w 0 /etc/portage/make.conf';
      const shown = await builder.runInImage(image, 'sh', '-c', show);
      expect(shown, name).toBe(`${expected}\n${content.toString('base64')}`);
    }
  });

  it('case 2.4: may have a value with a command, which is noted', async ({ builder }) => {
    const { status, stderr } = await buildWith(builder, 'MAKEOPTS="-j$(nproc)"\n');
    expect(stderr).toContain('/make.conf:1:1: Portage runs no commands');
    expect(status).toBe(0);
  });

  it('case 2.6: is refused at an unclosed quote, as emerge refuses it', async ({ builder }) => {
    const { status, stderr } = await buildWith(builder, 'A="x"\nUSE="foo bar\n');
    expect(stderr).toContain('/make.conf:2:5: the quotation mark " is not closed');
    expect(status).toBe(2);
  });

  it('case 2.9: fails if EMERGE_DEFAULT_OPTS prevents the merge, before the build if a file or the environment of the base has it', async ({
    builder,
  }) => {
    const pretended = await buildWith(builder, 'EMERGE_DEFAULT_OPTS="--jobs=2 --pretend"\n');
    expect(pretended.stderr).toContain('/make.conf:1:1: EMERGE_DEFAULT_OPTS has --pretend');
    expect(pretended.status).toBe(2);
    const base = await builder.makeImage('gentoo-ministage', 'ENV EMERGE_DEFAULT_OPTS=-1f');
    const fetched = await builder.run(['app-misc/motto'], { base });
    expect(fetched.stderr).toContain('its environment: EMERGE_DEFAULT_OPTS has --fetchonly');
    expect(fetched.status).toBe(14);
    const hidden = await builder.makeImage(
      'gentoo-ministage',
      'RUN echo "export EMERGE_DEFAULT_OPTS=--fetchonly" >>/etc/profile.env',
    );
    const found = await builder.run(['app-misc/motto'], { base: hidden });
    expect(found.stderr).toContain('failed to install app-misc/motto: emerge ended without an error');
    expect(found.stderr).toContain('remove --fetchonly from EMERGE_DEFAULT_OPTS in /etc/profile.env');
    expect(found.status).toBe(39);
  });
});

describe('the options for emerge', () => {
  it('reach emerge: --use, --jobs and --emerge-option', async ({ builder }) => {
    const args = ['--use=shout', '--jobs=2', '--emerge-option=--oneshot', 'dev-libs/greeting'];
    const { status, image } = await builder.run(args);
    expect(status).toBe(0);
    const use = await builder.runInImage(
      image,
      'sh',
      '-c',
      'cat /var/db/pkg/dev-libs/greeting-*/USE; cat /var/lib/portage/world; true',
    );
    expect(use).toContain('shout');
    expect(use).not.toContain('dev-libs/greeting');
  });
});
