import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { ownerLabel } from '../../src/container/workspace.ts';
import { givenImageName } from '../../src/engine/docker/image-answer.ts';
import { engineSocket } from './proxy.ts';
import { rawDocker, stage } from './real-engine/real-engine.ts';
import { uniqueName } from './unique-name.ts';

/**
 * The label of images that a test made, with their name as its value. Images and containers that are made from them inherit it.
 */
const baseLabel = 'gentoo-builder-test.base';

/** The stage with the second repository, which has failing packages. */
export const faultsStage = 'gentoo-ministage-faults';

/** Options for a builder. */
export interface BuilderOptions {
  /** Options for `docker run`, before the image. */
  readonly docker?: readonly string[];
  readonly base?: string;
  /** Whether its volumes are the test's own (the default), or the volumes that the builder chooses. */
  readonly ownVolumes?: boolean;
  /** Whether the builder container stays when it ends (without `--rm`). */
  readonly keep?: boolean;
  /** The path of the engine's socket, or of a proxy's socket; null for a builder without a socket. */
  readonly socket?: string | null;
}

/** The outcome of a builder. */
export interface BuilderOutcome {
  /** The builder container's id; the container no longer exists. */
  readonly id: string;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of standard output. */
  readonly image: string;
}

/** A running builder. */
export interface RunningBuilder {
  /** The builder container's id. */
  id(): Promise<string>;
  /** Sends a signal to it as `docker kill` does. */
  signal(name: string): Promise<void>;
  /** Resolves when standard error matches; rejects if the builder ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** The id of its build container; call it after the start. */
  buildContainer(): Promise<string>;
  readonly outcome: Promise<BuilderOutcome>;
}

/**
 * The built image, run with `docker run` as a user runs it, with a tree, packages, sources and logs of the test's own.
 * Everything that it makes is removed when the test ends.
 */
export class Builder implements AsyncDisposable {
  readonly volumes = {
    tree: uniqueName('tree'),
    binpkgs: uniqueName('binpkgs'),
    distfiles: uniqueName('distfiles'),
    metadata: uniqueName('metadata'),
    logs: uniqueName('logs'),
  };
  /** Options for `docker run` that mount all volumes except the tree. */
  get cacheMounts(): readonly string[] {
    return this.mountOptions({
      '/var/cache/binpkgs': 'binpkgs',
      '/var/cache/distfiles': 'distfiles',
      '/var/cache/edb/dep': 'metadata',
      '/var/log/portage': 'logs',
    });
  }

  private readonly images = new Set<string>();
  private readonly containers = new Set<string>();
  private readonly extraVolumes = new Set<string>();

  /** Runs a builder to its end. */
  run(args: readonly string[], options: BuilderOptions = {}): Promise<BuilderOutcome> {
    return this.start(args, options).outcome;
  }

  /** Starts a builder; the test awaits its outcome. */
  start(args: readonly string[], options: BuilderOptions = {}): RunningBuilder {
    const directory = mkdtemp(join(tmpdir(), 'gentoo-builder-test-'));
    const cidFile = directory.then((path) => join(path, 'cid'));
    const child = directory.then(async (path) => {
      // Podman removes the file that `--cidfile` names when it removes the container. It removes the link, and the file stays.
      const link = join(path, 'link');
      await symlink('cid', link);
      const dockerRun = ['run', ...(options.keep === true ? [] : ['--rm']), `--cidfile=${link}`];
      const builderCommand = ['gentoo-builder', ...this.builderArguments(args, options)];
      return spawn('docker', [...dockerRun, ...this.dockerOptions(options), ...builderCommand], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    });
    const stderr = new Transcript();
    const outcome = (async () => {
      const running = await child;
      running.stderr.setEncoding('utf8').on('data', (text: string) => stderr.add(text));
      const [stdout] = await Promise.all([text(running.stdout), once(running, 'close')]);
      stderr.end();
      const id = await this.remember(await cidFile);
      await rm(await directory, { recursive: true });
      const image = stdout.trimEnd().split('\n').at(-1) ?? '';
      if (/^gentoo-[0-9a-f]{4,64}$/.test(image)) this.images.add(image);
      return { id, status: running.exitCode, stdout, stderr: stderr.text, image };
    })();
    const id = async () => {
      await stderr.match(/./);
      return (await readFile(await cidFile, 'utf8')).trim();
    };
    return {
      id,
      signal: async (name) => {
        await rawDocker()
          .getContainer(await id())
          .kill({ signal: name });
      },
      said: (pattern) => stderr.match(pattern),
      buildContainer: async () => {
        await stderr.match(/\[2\/7\] start done/);
        const [volume = 'none'] = await workVolumesOf(await id());
        return findBuildContainer(volume);
      },
      outcome,
    };
  }

  /** Runs a command in an image that a builder made. Returns its output. */
  async runInImage(image: string, ...command: string[]): Promise<string> {
    const child = spawn('docker', ['run', '--rm', image, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (child.exitCode !== 0) throw new Error(`${command.join(' ')} in ${image} ended with ${child.exitCode}`);
    return stdout;
  }

  /** An image that is removed when the test ends: `FROM base` with these Dockerfile instructions. */
  async makeImage(base: string, ...instructions: string[]): Promise<string> {
    const name = uniqueName('image');
    const child = spawn('docker', ['build', '--quiet', '--tag', name, '-'], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, DOCKER_BUILDKIT: '0' },
    });
    child.stdin.end([`FROM ${base}`, `LABEL ${baseLabel}=${name}`, ...instructions].join('\n'));
    const [said] = await Promise.all([text(child.stderr), once(child, 'close')]);
    if (child.exitCode !== 0) throw new Error(`docker build ended with ${child.exitCode}: ${said}`);
    this.images.add(name);
    return name;
  }

  /** Removes an image, a container or a volume when the test ends. */
  removeLater(what: { image?: string; container?: string; volume?: string }): void {
    if (what.image !== undefined) this.images.add(what.image);
    if (what.container !== undefined) this.containers.add(what.container);
    if (what.volume !== undefined) this.extraVolumes.add(what.volume);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const docker = rawDocker();
    for (const volume of Object.values(this.volumes)) {
      for (const container of await containersWith(volume)) await removeContainer(container);
    }
    for (const id of this.containers) {
      for (const volume of await workVolumesOf(id)) {
        for (const container of await containersWith(volume)) await removeContainer(container);
        await gone(docker.getVolume(volume).remove());
      }
      await removeContainer(id);
    }
    for (const image of this.images) await gone(docker.getImage(image).remove({ force: true }));
    for (const volume of [...Object.values(this.volumes), ...this.extraVolumes])
      await gone(docker.getVolume(volume).remove());
  }

  private dockerOptions(options: BuilderOptions): string[] {
    const volumes = [...this.mountOptions({ '/var/db/repos/gentoo': 'tree' }), ...this.cacheMounts];
    return [
      ...(options.socket === null ? [] : ['-v', `${options.socket ?? engineSocket()}:/var/run/docker.sock`]),
      ...(options.ownVolumes === false ? [] : volumes),
      ...(options.docker ?? []),
    ];
  }

  private mountOptions(mounts: Readonly<Record<string, keyof Builder['volumes']>>): string[] {
    return Object.entries(mounts).flatMap(([target, volume]) => ['-v', `${this.volumes[volume]}:${target}`]);
  }

  private builderArguments(args: readonly string[], options: BuilderOptions): string[] {
    return [
      ...(options.base === '' ? [] : ['--base', options.base ?? stage]),
      ...(options.ownVolumes === false ? [] : ['--create-tree']),
      ...args,
    ];
  }

  private async remember(cidFile: string): Promise<string> {
    const id = (await readFile(cidFile, 'utf8').catch(() => '')).trim();
    if (id !== '') this.containers.add(id);
    return id;
  }
}

/** Work volumes that a builder container owns. */
export async function workVolumesOf(builder: string): Promise<string[]> {
  const { Volumes } = await rawDocker().listVolumes({ filters: { label: [ownerLabel] } });
  return (Volumes ?? []).filter(({ Labels }) => Labels?.[ownerLabel]?.includes(builder)).map(({ Name }) => Name);
}

/**
 * The build container of a run: the one with the name of its work volume. Other containers of the run mount the volume, too, and come
 * and go: probes, the container that compares the tree, the one that takes packages into the store.
 */
async function findBuildContainer(volume: string): Promise<string> {
  const containers = await rawDocker().listContainers({ all: true, filters: { volume: [volume] } });
  const container = containers.find(({ Names }) => Names.includes(`/${volume}`));
  if (container === undefined) throw new Error('there is no build container');
  return container.Id;
}

/** Containers, running or not, that mount a volume. */
export async function containersWith(volume: string): Promise<string[]> {
  const containers = await rawDocker().listContainers({ all: true, filters: { volume: [volume] } });
  return containers.map(({ Id }) => Id);
}

/**
 * The objects that an ended builder left: its work volumes, and the containers and images of the base that {@link
 * Builder.makeImage} made for it.
 */
export async function remainsOf(builder: string, base: string) {
  const docker = rawDocker();
  const filters = { label: [`${baseLabel}=${base}`] };
  const containers = await docker.listContainers({ all: true, filters });
  const images = await docker.listImages({ filters });
  const names = images.flatMap(({ RepoTags }) => RepoTags ?? ['<none>']);
  return {
    volumes: await workVolumesOf(builder),
    containers: containers.map(({ Names }) => Names.join()),
    images: names.filter((name) => givenImageName('podman', name) !== `${base}:latest`),
  };
}

/** The test function with a builder of its own. */
export const it = test.extend<{ builder: Builder }>({
  // eslint-disable-next-line no-empty-pattern -- the test runner wants the pattern
  builder: async ({}, use) => {
    await using builder = new Builder();
    await use(builder);
  },
});

/** Waits for a removal. An object that does not exist is no error. */
export async function gone(removal: Promise<unknown>): Promise<void> {
  await removal.catch((error: unknown) => {
    if (!isStatus(error, 404)) throw error;
  });
}

/** Removes a container with its anonymous volumes. The builder of another test may remove the container of a killed one, too. */
async function removeContainer(id: string): Promise<void> {
  const container = rawDocker().getContainer(id);
  const removal = container.remove({ force: true, v: true }).catch(async (error: unknown) => {
    if (!isStatus(error, 409)) throw error;
    await container.wait({ condition: 'removed' });
  });
  await gone(removal);
}

function isStatus(error: unknown, status: number): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === status;
}

/**
 * Waits until nothing is left of a builder that was killed: its containers and its work volumes. The next builder on the engine
 * removes them, also that of another test, which may be at it at this moment. No event tells the end.
 */
export async function untilRemoved(find: () => Promise<readonly string[]>): Promise<void> {
  await expect.poll(find, { timeout: 60_000 }).toEqual([]);
}

/** The output of a process so far, with the tests that wait for a match. */
class Transcript {
  text = '';
  private ended = false;
  private wake: () => void = () => {};
  private next = this.newTurn();

  add(text: string): void {
    this.text += text;
    this.turn();
  }

  end(): void {
    this.ended = true;
    this.turn();
  }

  async match(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match !== null) return match;
      if (this.ended) throw new Error(`the builder ended without saying ${pattern}:\n${this.text}`);
      await this.next;
    }
  }

  private turn(): void {
    const { wake } = this;
    this.next = this.newTurn();
    wake();
  }

  private newTurn(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }
}
