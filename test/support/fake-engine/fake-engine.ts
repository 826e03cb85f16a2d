import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pack } from 'tar-stream';

import { entriesOf } from '../../../src/engine/archive-entries.ts';
import type { Container, ContainerSpec, HeldStdin, PathStat, VolumeUser } from '../../../src/engine/containers.ts';
import type { Engine, EngineInfo, EngineVersion, EngineFlavour } from '../../../src/engine/engine.ts';
import type { AttachedExec, ExecRequest, TerminalSize } from '../../../src/engine/execs.ts';
import type { CommitRequest, Image, ImportRequest, ListedImage, PullProgress } from '../../../src/engine/images.ts';
import type { Volume } from '../../../src/engine/volumes.ts';
import type { ContainerId, ExecId, ImageId } from '../../../src/engine/identifiers.ts';
import type { Network } from '../../../src/engine/networks.ts';
import { type ExecScript, FakeExec } from './fake-engine-execs.ts';
import { FakeEngineFaults, type Fault } from './fake-engine-faults.ts';
import { packFiles, unpackFiles } from './fake-engine-files.ts';
import {
  applyChanges,
  FakeContainer,
  FakeRefusal,
  type FakeImage,
  fakeImage,
  type FakeNetwork,
  type FakeVolume,
  fullImageName,
  hasLabel,
  randomHex,
} from './fake-engine-state.ts';

/** How process 1 of a container behaves once it is started: the exit code when it ends by itself; never otherwise. */
export type MainScript = (container: FakeContainer) => number | Promise<number> | undefined;

/**
 * An {@link Engine} in memory, held to the same contract as the real one. Its state is public: a test sets it up and changes it
 * as other programs would. Scripts play execs and process 1.
 */
export class FakeEngine implements Engine, Disposable {
  readonly address = 'unix:///fake/docker.sock';
  flavour: EngineFlavour = 'docker';
  engineVersion: EngineVersion = { engine: '20.10.24', api: '1.41' };
  engineInfo: EngineInfo = {
    ...{ id: 'FAKE', cpus: 4, memory: 8 * 1024 ** 3, architecture: 'x86_64', dataRoot: '/var/lib/docker' },
  };
  readonly images = new Map<ImageId, FakeImage>();
  /** Image ids by `name:tag`. */
  readonly imageNames = new Map<string, ImageId>();
  /** The images that can be pulled, by `name:tag`. */
  readonly registry = new Map<string, FakeImage>();
  readonly containers = new Map<ContainerId, FakeContainer>();
  readonly volumes = new Map<string, FakeVolume>();
  readonly networks = new Map<string, FakeNetwork>();
  onExec: ExecScript = () => ({});
  onMain: MainScript = () => undefined;
  readonly #faults = new FakeEngineFaults();
  readonly #execs = new Map<ExecId, FakeExec>();

  lastHeard(): number {
    return performance.now();
  }

  isAnswering(signal: AbortSignal): Promise<boolean> {
    return this.#faults.run('isAnswering', [signal], () => true).catch(() => false);
  }

  /** Every call so far, in the order in which they came. */
  get calls(): FakeEngineFaults['calls'] {
    return this.#faults.calls;
  }

  /** Makes calls of a method fail, hang or wait: see {@link Fault}. */
  fault(fault: Fault): void {
    this.#faults.add(fault);
  }

  [Symbol.dispose](): void {
    for (const container of this.containers.values()) this.stopContainer(container, 137);
    this.#faults.dispose();
  }

  /** Adds an image under a name. */
  addImage(name: string, parts: Partial<FakeImage> = {}): FakeImage {
    const image = fakeImage({ names: [fullImageName(name)], ...parts });
    this.images.set(image.id, image);
    this.imageNames.set(fullImageName(name), image.id);
    return image;
  }

  /** The container with the name or id; throws if there is none. */
  container(nameOrId: string): FakeContainer {
    const container = this.#findContainer(nameOrId);
    if (container === undefined) throw new FakeRefusal(404, `No such container: ${nameOrId}`);
    return container;
  }

  /** The refusal of a request that conflicts with the state of an object: Podman answers 500 and other words. */
  conflict(
    docker: string,
    podman = 'can only create exec sessions on running containers: container state improper',
  ): FakeRefusal {
    return this.flavour === 'podman' ? new FakeRefusal(500, podman) : new FakeRefusal(409, docker);
  }

  /** The refusal of a container's name that another container has. */
  nameConflict(name: string): FakeRefusal {
    return this.conflict(
      `Conflict. The container name "/${name}" is already in use`,
      `creating container storage: the container name "${name}" is already in use: that name is already in use`,
    );
  }

  /** Ends process 1, and with it every exec, as any event outside may. */
  stopContainer(container: FakeContainer, exitCode: number): void {
    if (container.state !== 'running' && container.state !== 'paused') return;
    container.state = 'exited';
    container.exitCode = exitCode;
    container.stopped.abort();
    if (container.spec.autoRemove === true) this.#dropContainer(container);
  }

  version(): Promise<EngineVersion> {
    return this.#faults.run('version', [], () => this.engineVersion);
  }

  info(): Promise<EngineInfo> {
    return this.#faults.run('info', [], () => this.engineInfo);
  }

  inspectImage(name: string): Promise<Image | undefined> {
    return this.#faults.run('inspectImage', [name], () => {
      const image = this.#findImage(name);
      return image && { ...image, names: this.#namesOf(image.id) };
    });
  }

  listImageNames(): Promise<readonly string[]> {
    return this.#faults.run('listImageNames', [], () => [...this.imageNames.keys()]);
  }

  imagesWithLabel(label: string): Promise<readonly ListedImage[]> {
    return this.#faults.run('imagesWithLabel', [label], () =>
      [...this.images.values()]
        .filter(({ labels }) => label === '' || hasLabel(labels, label))
        .map(({ id, labels, parent, created, size }) => ({
          id,
          names: this.#namesOf(id),
          labels,
          parent,
          created: wholeSeconds(created),
          size,
        })),
    );
  }

  pullImage(name: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void> {
    return this.#faults.run('pullImage', [name, onProgress, signal], () => {
      const image = this.registry.get(fullImageName(name));
      if (image === undefined) throw new FakeRefusal(404, `pull access denied for ${name}, repository does not exist`);
      for (const layer of image.layers) onProgress({ layer, status: 'Pull complete', current: 1, total: 1 });
      onProgress({ layer: '', status: `Status: Downloaded newer image for ${name}`, current: 0, total: 0 });
      this.images.set(image.id, image);
      this.imageNames.set(fullImageName(name), image.id);
    });
  }

  tagImage(id: string, name: string): Promise<void> {
    return this.#faults.run('tagImage', [id, name], () => {
      this.imageNames.set(fullImageName(name), this.#image(id).id);
    });
  }

  removeImage(name: string): Promise<void> {
    return this.#faults.run('removeImage', [name], () => {
      const image = this.#findImage(name);
      if (image === undefined) return;
      const names = this.#namesOf(image.id);
      const last = names.length <= 1 || name === image.id;
      if (last && [...this.containers.values()].some((container) => container.image.id === image.id)) {
        throw this.conflict(
          `conflict: unable to remove repository reference "${name}": container is using it`,
          'image used by a container: image is in use by a container',
        );
      }
      for (const other of last ? names : [fullImageName(name)]) this.imageNames.delete(other);
      if (last) this.images.delete(image.id);
    });
  }

  createContainer(name: string, spec: ContainerSpec): Promise<ContainerId> {
    return this.#faults.run('createContainer', [name, spec], () => {
      const image = this.#image(spec.image);
      this.#claimName(name);
      const container = new FakeContainer(name, spec, image);
      if (spec.network !== undefined) this.#network(spec.network).containers.add(container);
      for (const { type, source, target, readOnly = false, labels = {} } of spec.mounts) {
        const volume = type === 'volume' ? this.#ensureVolume(source, labels) : undefined;
        container.mounts.push({ type, source, target, readOnly, volume });
      }
      for (const target of image.volumes) {
        if (container.mounts.some((mount) => mount.target === target)) continue;
        const volume = this.#ensureVolume(randomHex(64), {});
        container.mounts.push({ type: 'volume', source: volume.name, target, readOnly: false, volume });
      }
      this.containers.set(container.id, container);
      return container.id;
    });
  }

  holdStdin(id: ContainerId): Promise<HeldStdin> {
    return this.#faults.run('holdStdin', [id], () => {
      const container = this.container(id);
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      const { signal } = container.stopped;
      const close = (): void => {
        if (container.held) this.#releaseStdin(container);
        resolve();
      };
      signal.addEventListener('abort', close, { once: true });
      void ended.then(() => signal.removeEventListener('abort', close));
      container.held = container.spec.openStdin ?? false;
      return { ended, close, write: () => undefined };
    });
  }

  startContainer(id: ContainerId): Promise<void> {
    return this.#faults.run('startContainer', [id], () => {
      const container = this.container(id);
      if (container.state === 'running') return;
      if (container.stopped.signal.aborted) container.stopped = new AbortController();
      container.state = 'running';
      container.exitCode = 0;
      container.startedAt = new Date().toISOString();
      const ending = this.onMain(container);
      if (ending === undefined) return;
      void Promise.resolve(ending).then((exitCode) => this.stopContainer(container, exitCode));
    });
  }

  inspectContainer(id: string): Promise<Container | undefined> {
    return this.#faults.run('inspectContainer', [id], () => this.#findContainer(id)?.inspect());
  }

  containersWithVolume(volume: string): Promise<readonly VolumeUser[]> {
    return this.#faults.run('containersWithVolume', [volume], () =>
      [...this.containers.values()]
        .map(({ id, name, mounts }) => ({
          ...{ id, name },
          targets: mounts.filter((mount) => mount.volume?.name === volume).map(({ target }) => target),
        }))
        .filter(({ targets }) => targets.length > 0),
    );
  }

  containersWithLabel(label: string): Promise<readonly ContainerId[]> {
    return this.#faults.run('containersWithLabel', [label], () =>
      [...this.containers.values()].filter((one) => hasLabel(one.inspect().labels, label)).map(({ id }) => id),
    );
  }

  renameContainer(id: ContainerId, name: string): Promise<boolean> {
    return this.#faults.run('renameContainer', [id, name], () => {
      const container = this.container(id);
      if (this.#nameTaken(name)) return false;
      container.name = name;
      return true;
    });
  }

  killContainer(id: ContainerId, signal: string): Promise<void> {
    return this.#faults.run('killContainer', [id, signal], () => {
      const container = this.#findContainer(id);
      const number = { INT: 2, KILL: 9, TERM: 15 }[signal.replace(/^SIG/, '')] ?? 1;
      if (container !== undefined) this.stopContainer(container, 128 + number);
    });
  }

  waitContainer(id: ContainerId, signal: AbortSignal): Promise<void> {
    return this.#faults.run('waitContainer', [id, signal], async () => {
      const container = this.#findContainer(id);
      if (container?.state !== 'running' && container?.state !== 'paused') return;
      const stopped = container.stopped.signal;
      const { promise, resolve } = Promise.withResolvers<void>();
      const onAbort = (): void => resolve();
      stopped.addEventListener('abort', onAbort);
      signal.addEventListener('abort', onAbort);
      await promise;
      stopped.removeEventListener('abort', onAbort);
      signal.removeEventListener('abort', onAbort);
      if (!stopped.aborted) signal.throwIfAborted();
    });
  }

  removeContainer(id: ContainerId): Promise<void> {
    return this.#faults.run('removeContainer', [id], () => {
      const container = this.#findContainer(id);
      if (container === undefined) return;
      this.stopContainer(container, 137);
      this.#dropContainer(container);
    });
  }

  statPath(id: ContainerId, path: string): Promise<PathStat | undefined> {
    return this.#faults.run('statPath', [id, path], () => {
      const container = this.container(id);
      const file = container.findFile(this.#followed(container, path));
      if (file === undefined) return undefined;
      const name = path.replace(/\/+$/, '').split('/').at(-1) || '/';
      return { name, size: file.data.length, kind: file.kind, linkTarget: file.linkTarget, modified: file.modified };
    });
  }

  /** The file that Podman takes a link in a volume for; the path itself if it is none, or if the engine is Docker. */
  #followed(container: FakeContainer, path: string): string {
    const file = container.findFile(path);
    if (this.flavour === 'docker' || file?.kind !== 'symlink' || container.filesAt(path).files === container.files)
      return path;
    return posix.resolve(posix.dirname(path), file.linkTarget);
  }

  readArchive(id: ContainerId, path: string): Promise<Readable | undefined> {
    return this.#faults.run('readArchive', [id, path], () => {
      const container = this.container(id);
      const followed = this.#followed(container, path);
      if (container.findFile(followed) === undefined) return undefined;
      const place = container.filesAt(followed);
      return packFiles(place.files, place.path);
    });
  }

  writeArchive(id: ContainerId, directory: string, archive: Readable): Promise<void> {
    return this.#faults.run('writeArchive', [id, directory, archive], async () => {
      const container = this.container(id);
      // Podman makes the directory.
      if (this.flavour === 'docker' && container.findFile(directory)?.kind !== 'directory') {
        archive.destroy();
        throw new FakeRefusal(404, `Could not find the file ${directory} in container ${id}`);
      }
      for (const [path, file] of await unpackFiles(directory, archive)) {
        const place = container.filesAt(path);
        place.files.set(place.path, file);
      }
    });
  }

  changedPaths(id: ContainerId): Promise<readonly string[]> {
    return this.#faults.run('changedPaths', [id], () => this.container(id).changedPaths());
  }

  execAttached(id: ContainerId, request: ExecRequest): Promise<AttachedExec> {
    return this.#faults.run('execAttached', [id, request], () => this.#startExec(id, request).attach());
  }

  execDetached(id: ContainerId, request: ExecRequest): Promise<ExecId> {
    return this.#faults.run('execDetached', [id, request], () => this.#startExec(id, request).id);
  }

  resizeExec(id: ExecId, size: TerminalSize): Promise<void> {
    return this.#faults.run('resizeExec', [id, size], () => {
      this.#execs.get(id)?.sizes.push(size);
    });
  }

  execExitCode(id: ExecId): Promise<number | undefined> {
    return this.#faults.run('execExitCode', [id], () => this.#execs.get(id)?.exitCode);
  }

  commitContainer(id: ContainerId, request: CommitRequest): Promise<ImageId> {
    return this.#faults.run('commitContainer', [id, request], () => {
      const { image, spec, files } = this.container(id);
      const { labels, volumes, entrypoint, user } = applyChanges(request.changes);
      const committed = this.addImage(request.name, {
        layers: [...image.layers, `sha256:${randomHex(64)}`],
        parent: image.id,
        labels: { ...image.labels, ...spec.labels, ...labels, ...request.labels },
        volumes: [...new Set([...image.volumes, ...volumes])],
        entrypoint: entrypoint ?? [],
        environment: image.environment,
        user: user ?? spec.user ?? image.user,
        created: new Date().toISOString(),
        files: new Map(files),
        changes: request.changes,
      });
      return committed.id;
    });
  }

  importImage(archive: Readable, request: ImportRequest, signal: AbortSignal): Promise<ImageId> {
    return this.#faults.run('importImage', [archive, request, signal], async () => {
      const whole = await buffer(archive).finally(() => archive.destroy());
      const { labels, volumes, entrypoint = [] } = applyChanges(request.changes);
      const files = await unpackFiles('/', Readable.from([whole]));
      const { name, changes } = request;
      const created = new Date().toISOString();
      return this.addImage(name, { labels, volumes, entrypoint, created, files, changes }).id;
    });
  }

  saveImage(id: ImageId): Promise<Readable | undefined> {
    return this.#faults.run('saveImage', [id], () => {
      const image = this.#findImage(id);
      if (image === undefined) return undefined;
      savedImages.set(image.id, image);
      const archive = pack();
      for (const layer of image.layers) archive.entry({ name: `blobs/sha256/${layer.slice('sha256:'.length)}` }, layer);
      archive.entry({ name: 'manifest.json' }, image.id);
      archive.finalize();
      return Readable.from(archive);
    });
  }

  loadImages(archive: Readable, signal: AbortSignal): Promise<void> {
    return this.#faults.run('loadImages', [archive, signal], async () => {
      const contents = await readArchive(archive).catch(() => {
        throw archive.errored ?? new FakeRefusal(500, 'unexpected EOF');
      });
      const image = savedImages.get(contents.at(-1) ?? '');
      if (image === undefined) throw new FakeRefusal(500, 'unexpected EOF');
      for (const [below, layer] of image.layers.entries()) {
        const isHere = (other: FakeImage) =>
          image.layers.slice(0, below + 1).every((each, place) => other.layers[place] === each);
        if (!contents.includes(layer) && ![...this.images.values()].some(isHere))
          throw new FakeRefusal(500, 'layer.tar: no such file or directory');
      }
      if (!this.images.has(image.id)) this.images.set(image.id, { ...image, names: [] });
    });
  }

  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    return this.#faults.run('createVolume', [name, labels], () => {
      this.#ensureVolume(name, labels);
    });
  }

  inspectVolume(name: string): Promise<Volume | undefined> {
    return this.#faults.run('inspectVolume', [name], () => {
      const volume = this.volumes.get(name);
      return volume === undefined ? undefined : { name, labels: volume.labels, isPlain: volume.isPlain ?? true };
    });
  }

  volumesWithLabel(label: string): Promise<readonly Volume[]> {
    return this.#faults.run('volumesWithLabel', [label], () =>
      [...this.volumes.values()]
        .filter(({ labels }) => hasLabel(labels, label))
        .map(({ name, labels, isPlain = true }) => ({ name, labels, isPlain })),
    );
  }

  removeVolume(name: string): Promise<void> {
    return this.#faults.run('removeVolume', [name], () => {
      if ([...this.containers.values()].some((one) => one.mounts.some((mount) => mount.volume?.name === name))) {
        throw this.conflict(`remove ${name}: volume is in use`, `volume ${name} is being used: volume is being used`);
      }
      this.volumes.delete(name);
    });
  }

  createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    return this.#faults.run('createNetwork', [name, labels], () => {
      const subnet = `10.0.${this.networks.size}.0/24`;
      if (!this.networks.has(name)) this.networks.set(name, { name, labels, subnet, containers: new Set() });
    });
  }

  inspectNetwork(name: string): Promise<Network | undefined> {
    return this.#faults.run('inspectNetwork', [name], () => {
      const network = this.networks.get(name);
      if (network === undefined) return undefined;
      const { labels, isIsolated = true, subnet, containers } = network;
      const endpoints = [...containers].flatMap(({ id, state }, index) =>
        state === 'running' ? [{ container: id, address: subnet.replace('.0/24', `.${index + 2}`) }] : [],
      );
      return { name, labels, isIsolated, subnets: [subnet], endpoints };
    });
  }

  connectNetwork(name: string, container: ContainerId): Promise<void> {
    return this.#faults.run('connectNetwork', [name, container], () => {
      this.#network(name).containers.add(this.container(container));
    });
  }

  removeNetwork(name: string): Promise<void> {
    return this.#faults.run('removeNetwork', [name], () => {
      const containers = this.networks.get(name)?.containers ?? [];
      if ([...containers].some(({ state }) => state === 'running'))
        throw this.flavour === 'podman'
          ? new FakeRefusal(500, `"${name}" has associated containers with it: network is being used`)
          : new FakeRefusal(403, `error while removing network: network ${name} has active endpoints`);
      this.networks.delete(name);
    });
  }

  #network(name: string): FakeNetwork {
    const network = this.networks.get(name);
    if (network === undefined) throw new FakeRefusal(404, `network ${name} not found`);
    return network;
  }

  #startExec(id: ContainerId, request: ExecRequest): FakeExec {
    const container = this.container(id);
    if (container.state !== 'running') throw this.conflict(`Container ${id} is not running`);
    const exec = new FakeExec(randomHex(64) as ExecId, request, this.flavour);
    this.#execs.set(exec.id, exec);
    exec.start(container, this.onExec);
    return exec;
  }

  /** With StdinOnce process 1, which reads to the end of its standard input, ends with it. */
  #releaseStdin(container: FakeContainer): void {
    container.held = false;
    this.stopContainer(container, 0);
  }

  #image(name: string): FakeImage {
    const image = this.#findImage(name);
    if (image === undefined) throw new FakeRefusal(404, `No such image: ${name}`);
    return image;
  }

  #findImage(name: string): FakeImage | undefined {
    return this.images.get((this.imageNames.get(fullImageName(name)) ?? name) as ImageId);
  }

  #namesOf(image: ImageId): readonly string[] {
    return [...this.imageNames].filter(([, id]) => id === image).map(([name]) => name);
  }

  #findContainer(nameOrId: string): FakeContainer | undefined {
    const all = [...this.containers.values()];
    const named = all.find(({ id, name }) => id === nameOrId || name === nameOrId);
    return named ?? (nameOrId.length >= 4 ? all.find(({ id }) => id.startsWith(nameOrId)) : undefined);
  }

  #nameTaken(name: string): boolean {
    return [...this.containers.values()].some((container) => container.name === name);
  }

  #claimName(name: string): void {
    if (this.#nameTaken(name)) throw this.nameConflict(name);
  }

  #ensureVolume(name: string, labels: Readonly<Record<string, string>>): FakeVolume {
    const volume = this.volumes.get(name) ?? { name, labels, files: new Map() };
    this.volumes.set(name, volume);
    return volume;
  }

  #dropContainer(container: FakeContainer): void {
    this.containers.delete(container.id);
    for (const { containers } of this.networks.values()) containers.delete(container);
    for (const { volume } of container.mounts) {
      if (volume !== undefined && /^[0-9a-f]{64}$/.test(volume.name)) this.volumes.delete(volume.name);
    }
  }
}

/** The contents of the files of an archive. */
async function readArchive(archive: Readable): Promise<readonly string[]> {
  const contents: string[] = [];
  for await (const entry of entriesOf(archive)) contents.push(await text(entry));
  return contents;
}

/** The images in the archives of all engines, whose archives have names of layers and the id. */
const savedImages = new Map<string, FakeImage>();

/** A time in the form of lists. */
function wholeSeconds(time: string): string {
  return new Date(Math.floor(Date.parse(time) / 1000) * 1000).toISOString();
}
