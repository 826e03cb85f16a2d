import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { extract } from 'tar-stream';
import { describe, expect } from 'vitest';
import { it, type Builder } from '../support/builder.ts';
import { projectDirectory } from '../support/documents.ts';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';
import { runProgram } from '../support/run-program.ts';

/** `docker build` of gentoo-base from a stage, as README shows it; the image is removed when the test ends. */
async function build(builder: Builder, args: Readonly<Record<string, string>>) {
  const name = uniqueName('base-image');
  builder.removeLater({ image: name });
  const options = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  const command = ['build', '--force-rm', '--tag', name, ...options, join(projectDirectory, 'gentoo-base')];
  return { name, ...(await runProgram('docker', command)) };
}

/** The paths in each layer of an image that its base lacks. */
async function ownLayers(image: string, base: string): Promise<readonly (readonly string[])[]> {
  const below = (await rawDocker().getImage(base).inspect()).RootFS.Layers?.length ?? 0;
  const open = async () => (await rawDocker().getImage(image).get()).pipe(extract());
  // The place of the layers in the archive differs between engines; the manifest at the end of the archive names it.
  let order: readonly string[] = [];
  for await (const entry of await open()) {
    if (entry.header.name === 'manifest.json')
      [{ Layers: order }] = JSON.parse(await text(entry)) as [{ Layers: string[] }];
    else entry.resume();
  }
  const layers = new Map<string, string[]>();
  for await (const entry of await open()) {
    if (order.includes(entry.header.name)) {
      const paths: string[] = [];
      for await (const file of entry.pipe(extract())) {
        paths.push(file.header.name);
        file.resume();
      }
      layers.set(entry.header.name, paths);
    } else entry.resume();
  }
  return order.slice(below).map((name) => layers.get(name) ?? []);
}

describe('docker build gentoo-base', () => {
  it('puts PACKAGES into it, and leaves no tree, source or package in a layer', async ({ builder }) => {
    const { name, status, stdout } = await build(builder, {
      STAGE: 'gentoo-ministage',
      PACKAGES: 'app-misc/greet @greetings',
    });
    expect(status).toBe(0);
    expect(stdout).toContain('>>> Completed');
    expect(await builder.runInImage(name, 'greet')).not.toBe('');
    expect(await builder.runInImage(name, 'cat', '/var/lib/portage/world')).toContain('app-misc/greet');
    const paths = (await ownLayers(name, 'gentoo-ministage')).flat();
    expect(paths).toContain('usr/bin/greet');
    expect(
      paths.filter((path) =>
        /^(usr\/portage|var\/db\/repos\/gentoo|var\/cache\/(distfiles|binpkgs)|var\/tmp\/portage|var\/tmp\/distfiles)\/./.test(
          path,
        ),
      ),
    ).toEqual([]);
    expect(paths.filter((path) => /repo_name|gpkg|\.ebuild$/.test(path) && !path.startsWith('var/db/pkg/'))).toEqual(
      [],
    );
  });

  it('removes the tree that a stage has', async ({ builder }) => {
    const stage = await builder.makeImage('gentoo-ministage', 'RUN emerge --sync -q');
    expect(await builder.runInImage(stage, 'ls', '/var/db/repos/gentoo')).not.toBe('');
    const { name, status } = await build(builder, { STAGE: stage });
    expect(status).toBe(0);
    expect(await builder.runInImage(name, 'ls', '-A', '/var/db/repos/gentoo', '/usr/portage')).not.toMatch(/profiles/);
  });

  it('fails for an invalid package, for an image that is no stage, and for a package that does not build', async ({
    builder,
  }) => {
    const option = await build(builder, { STAGE: 'gentoo-ministage', PACKAGES: 'app-misc/greet --pretend' });
    expect(option.status).not.toBe(0);
    expect(option.stdout + option.stderr).toContain("failed to read the package '--pretend'");
    const stage = await builder.makeImage('gentoo-ministage', 'RUN rm /usr/bin/portageq');
    const noPortage = await build(builder, { STAGE: stage });
    expect(noPortage.status).not.toBe(0);
    expect(noPortage.stdout + noPortage.stderr).toContain('--build-arg STAGE=');
    const failing = await build(builder, { STAGE: 'gentoo-ministage-faults', PACKAGES: 'test-fault/compile-fails' });
    expect(failing.status).not.toBe(0);
    expect(failing.stdout + failing.stderr).toContain('test-fault/compile-fails-1::faults failed');
  });
});
