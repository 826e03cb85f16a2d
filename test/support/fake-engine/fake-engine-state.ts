import { createHash, randomBytes } from 'node:crypto';

import { EngineRefusal } from '../../../src/engine/refusal.ts';
import type { Container, ContainerSpec, ContainerState } from '../../../src/engine/containers.ts';
import type { Image } from '../../../src/engine/images.ts';
import type { ContainerId, ImageId } from '../../../src/engine/identifiers.ts';
import { type FakeFile, type FakeFiles, differs, findFile, normalPath } from './fake-engine-files.ts';

/** A refusal of the engine in memory, with the status that it would have over HTTP. */
export class FakeRefusal extends EngineRefusal {
  readonly status: number;

  constructor(status: number, message: string) {
    super(status, message);
    this.status = status;
  }
}

/** An image with the files that containers start from. */
export interface FakeImage extends Image {
  /** The image that it was committed from. */
  readonly parent: ImageId | undefined;
  readonly files: FakeFiles;
  /** Mount points of the image's anonymous volumes. */
  readonly volumes: readonly string[];
  /** The instructions of the commit that made it. */
  readonly changes: readonly string[];
}

/** A named volume and its files, by their paths in the volume. */
export interface FakeVolume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isPlain?: boolean;
  readonly files: FakeFiles;
}

/** A network. Its containers that do not run have no address. */
export interface FakeNetwork {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** By default, it is isolated. */
  readonly isIsolated?: boolean;
  readonly subnet: string;
  readonly containers: Set<FakeContainer>;
}

/** Makes an image for {@link FakeEngine.addImage} from the parts that matter to a test. */
export function fakeImage(parts: Partial<FakeImage> = {}): FakeImage {
  return {
    id: `sha256:${randomHex(64)}` as ImageId,
    names: [],
    parent: undefined,
    digests: [],
    layers: [`sha256:${randomHex(64)}`],
    labels: {},
    entrypoint: [],
    environment: [],
    user: '',
    created: '2026-01-01T00:00:00Z',
    size: 4096,
    files: new Map(),
    volumes: [],
    changes: [],
    ...parts,
  };
}

/** A container. A test may change its writable properties, as other programs on the engine would. */
export class FakeContainer {
  readonly id = randomHex(64) as ContainerId;
  name: string;
  readonly spec: ContainerSpec;
  readonly image: FakeImage;
  /** Its own files, without mounts. */
  readonly files: FakeFiles;
  readonly mounts: {
    target: string;
    volume: FakeVolume | undefined;
    readOnly: boolean;
    source: string;
    type: 'volume' | 'bind' | 'tmpfs';
  }[] = [];
  state: ContainerState = 'created';
  startedAt = '0001-01-01T00:00:00Z';
  exitCode = 0;
  oomKilled = false;
  volumesFrom: readonly string[] = [];
  upperDir: string | undefined;
  /** Aborted when it stops; another one from the next start on. */
  stopped = new AbortController();
  /** Whether a client is attached to its standard input. */
  held = false;

  constructor(name: string, spec: ContainerSpec, image: FakeImage) {
    this.name = name;
    this.spec = spec;
    this.image = image;
    this.files = new Map(image.files);
    this.upperDir = `/var/lib/docker/overlay2/${createHash('sha256').update(this.id).digest('hex')}/diff`;
  }

  inspect(): Container {
    const { id, name, state, startedAt, exitCode, oomKilled, volumesFrom, upperDir } = this;
    const mounts = this.mounts
      .filter(({ type }) => type !== 'tmpfs')
      .map(({ type, source, target, readOnly }) => ({ type, source, target, readOnly }))
      .toSorted((a, b) => (a.target < b.target ? -1 : 1));
    const autoRemove = this.spec.autoRemove ?? false;
    return {
      id,
      name,
      image: this.image.id,
      state,
      startedAt,
      exitCode,
      oomKilled,
      labels: { ...this.image.labels, ...this.spec.labels },
      autoRemove,
      volumesFrom,
      mounts,
      upperDir,
    };
  }

  /** The files that contain `path`, the container's own or a volume's, and the path in them. */
  filesAt(path: string): { files: FakeFiles; path: string } {
    const normal = normalPath(path);
    const mount = this.mounts
      .filter(({ target }) => normal === target || normal.startsWith(`${target}/`))
      .toSorted((a, b) => b.target.length - a.target.length)[0];
    if (mount === undefined) return { files: this.files, path: normal };
    return {
      files: mount.volume?.files ?? new Map<string, FakeFile>(),
      path: normalPath(normal.slice(mount.target.length)),
    };
  }

  findFile(path: string): FakeFile | undefined {
    const place = this.filesAt(path);
    return findFile(place.files, place.path);
  }

  changedPaths(): readonly string[] {
    const names = new Set([...this.files.keys(), ...this.image.files.keys()]);
    return [...names].filter((name) => differs(this.files.get(name), this.image.files.get(name))).sort();
  }
}

/** Whether there is a label, `name` or `name=value`. */
export function hasLabel(labels: Readonly<Record<string, string>>, label: string): boolean {
  const [name = '', value] = label.split('=', 2);
  return name in labels && (value === undefined || labels[name] === value);
}

/** `name:tag`, with the default tag where there is none. */
export function fullImageName(name: string): string {
  return name.lastIndexOf(':') > name.lastIndexOf('/') ? name : `${name}:latest`;
}

/** The effect of the instructions of a commit. It knows only the instructions that tests use. */
export function applyChanges(
  changes: readonly string[],
): Pick<FakeImage, 'labels' | 'volumes'> & { entrypoint: readonly string[] | undefined; user: string | undefined } {
  const labels: Record<string, string> = {};
  const volumes: string[] = [];
  let entrypoint: readonly string[] | undefined;
  let user: string | undefined;
  for (const change of changes) {
    // The limit of a Dockerfile line in Docker, which a commit has as well.
    if (Buffer.byteLength(change) > 65_535)
      throw new FakeRefusal(400, 'dockerfile line greater than maximum allowed size of 65535');
    const [, instruction = '', rest = ''] = /^(\w+)\s+(.*)$/s.exec(change) ?? [];
    if (instruction === 'LABEL') Object.assign(labels, parseLabel(rest));
    else if (instruction === 'VOLUME') volumes.push(rest);
    else if (instruction === 'ENTRYPOINT') entrypoint = JSON.parse(rest) as readonly string[];
    else if (instruction === 'USER') user = rest;
    else if (instruction !== 'CMD' && instruction !== 'ENV') {
      throw new FakeRefusal(400, `dockerfile parse error: unknown instruction: ${instruction}`);
    }
  }
  return { labels, volumes, entrypoint, user };
}

/** An id of the given number of digits. */
export function randomHex(digits: number): string {
  return randomBytes(digits / 2).toString('hex');
}

function parseLabel(text: string): Record<string, string> {
  const [, key = '', quoted, plain = ''] = /^([^=]+)=(?:"((?:[^"\\]|\\.)*)"|(.*))$/s.exec(text) ?? [];
  return { [key]: quoted === undefined ? plain : quoted.replaceAll(/\\(.)/gs, '$1') };
}
