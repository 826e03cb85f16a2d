import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-fs';
import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { findBases } from '../../setup/images/base-images.js';
import { findEngine } from '../../setup/engine/engine.js';
import { rawDocker } from '../support/real-engine/real-engine.ts';
import { uniqueName } from '../support/unique-name.ts';

const root = join(import.meta.dirname, '../..');
const builders = { 'the legacy builder': '1', BuildKit: '2' } as const;

/** A line of the answer to `POST /build`; whatever else it says is the builder's own. */
interface BuildMessage {
  readonly error?: string;
}

/** Builds a context with one of the engine's two builders, as `POST /build?version=` chooses it; answers with the image. */
async function build(
  directory: string,
  entries: readonly string[],
  version: '1' | '2',
  args: Readonly<Record<string, string>>,
) {
  const name = uniqueName('builders');
  const docker = rawDocker();
  const context = Readable.from(pack(directory, { entries: [...entries] }));
  // Without a cache: what is built is to be what the Dockerfile says, not what was built before.
  const answer: NodeJS.ReadableStream = await docker.buildImage(context, {
    t: name,
    version,
    buildargs: args,
    nocache: true,
    forcerm: true,
  });
  const messages = await new Promise<BuildMessage[]>((resolve, reject) => {
    docker.modem.followProgress(answer, (error: Error | null, output: BuildMessage[]) =>
      error ? reject(error) : resolve(output),
    );
  });
  expect(messages.filter(({ error }) => error !== undefined)).toEqual([]);
  return {
    name,
    async [Symbol.asyncDispose]() {
      await docker.getImage(name).remove({ force: true });
    },
  };
}

async function outputOf(image: string, ...command: [string, ...string[]]): Promise<string> {
  const [entrypoint, ...args] = command;
  const container = await rawDocker().createContainer({ Image: image, Entrypoint: [entrypoint], Cmd: args, Tty: true });
  await container.start();
  await container.wait();
  const output = (await container.logs({ stdout: true, stderr: true })).toString();
  await container.remove({ v: true });
  return output;
}

describe.each(Object.entries(builders))('with %s', (_name, version) => {
  it('the image of the program is built, and runs', async () => {
    const bases = findBases(await findEngine());
    const args = { BUILD_IMAGE: await bases.get('node-build'), RUNTIME_IMAGE: await bases.get('node-runtime') };
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8');
    const inputs = [...ignored.matchAll(/^!(.+)$/gm)].map(([, path = '']) => path);
    const entries = ['Dockerfile', ...inputs];
    await using image = await build(root, entries, version, args);
    const { Config } = await rawDocker().getImage(image.name).inspect();
    const [node = '', ...rest] = Config.Entrypoint ?? [];
    expect(await outputOf(image.name, node, ...rest, '--version')).toContain(packageJson.version);
    expect(await outputOf(image.name, 'zentoo', '--version')).toContain(`zentoo ${packageJson.version}`);
  });

  it('the ministage is built, and has Portage', async () => {
    const bases = findBases(await findEngine());
    await using image = await build(join(root, 'ministage'), ['.'], version, {
      DEBIAN_IMAGE: await bases.get('debian'),
    });
    expect(await outputOf(image.name, 'emerge', '--version')).toContain('Portage 3.0.83');
  });

  it('gentoo-base is built, with a package, and runs it', async () => {
    await using image = await build(join(root, 'gentoo-base'), ['.'], version, {
      STAGE: 'gentoo-ministage',
      PACKAGES: 'app-misc/motto',
    });
    expect(await outputOf(image.name, '/usr/lib/gentoo-base/entrypoint', 'motto')).toMatch(/^Slow and steady\b/);
  });
});
