import type { Readable } from 'node:stream';
import type { Networks } from './networks.ts';

export type ContainerId = string & { readonly brand: 'ContainerId' };
export type ImageId = string & { readonly brand: 'ImageId' };
export type ExecId = string & { readonly brand: 'ExecId' };

/** What `GET /version` says. API versions are `major.minor`, the highest that the engine speaks. */
export interface EngineVersion {
  readonly engine: string;
  readonly api: string;
}

/** The parts of `GET /info` that builds depend on. Memory is in bytes. */
export interface EngineInfo {
  readonly id: string;
  readonly cpus: number;
  readonly memory: number;
  /** Where the engine keeps containers, volumes and images, as the host of the engine sees it. */
  readonly dataRoot: string;
}

export interface Image {
  readonly id: ImageId;
  /** `name:tag`, all of them. */
  readonly names: readonly string[];
  /** `name@sha256:...` as pulled from or pushed to a registry; empty for an image made here. */
  readonly digests: readonly string[];
  readonly layers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  /** RFC 3339, as the engine says it. */
  readonly created: string;
  /** Bytes of all its layers, those that it shares with other images included. */
  readonly size: number;
}

/** An image as a list of many has it, which says less of each. */
export interface ListedImage extends Pick<Image, 'id' | 'names' | 'labels' | 'created' | 'size'> {
  /**
   * What it was committed or built from, where the engine keeps that: an image whose parent is another one is that one
   * and a layer. Undefined says nothing.
   */
  readonly parent: ImageId | undefined;
}

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

export interface Mount {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'other';
  /** The volume's name, or the path on the engine's host. */
  readonly source: string;
  /** Where it stands in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface Container {
  readonly id: ContainerId;
  /** Without the leading slash. */
  readonly name: string;
  readonly image: ImageId;
  readonly state: ContainerState;
  /** RFC 3339, as the engine says it; another value means that the container was started again. */
  readonly startedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the engine removes it, with its anonymous volumes, when it ends (`--rm`). */
  readonly autoRemove: boolean;
  /** Names or ids of the containers whose volumes it was given by `--volumes-from`. */
  readonly volumesFrom: readonly string[];
  /** In the order of their targets; the engine names them in another order at every call. */
  readonly mounts: readonly Mount[];
  /** overlay2's writable layer as a path on the engine's host; undefined for other drivers. */
  readonly upperDir: string | undefined;
}

/** A container to be made. Nothing in here but image, command and mounts would be inherited by a commit. */
export interface ContainerSpec {
  readonly image: string;
  /** Process 1's arguments; replaces both the image's entrypoint and its command. */
  readonly command: readonly string[];
  readonly mounts: readonly MountSpec[];
  /** Labels; a container that is to be committed has none: a commit hands them on. */
  readonly labels?: Readonly<Record<string, string>>;
  /** An init as process 1 that reaps children and forwards signals. */
  readonly init?: boolean;
  /** Standard input stays open for one client, and is closed when that client is gone (`OpenStdin`, `StdinOnce`). */
  readonly openStdin?: boolean;
  /** `none` keeps no log of process 1. */
  readonly keepLog?: boolean;
  /** Linux capabilities beyond the engine's default. */
  readonly capabilities?: readonly string[];
  /** The engine removes it when it ends. */
  readonly autoRemove?: boolean;
  /** The most memory that it may use, without swap on top of it; bytes. */
  readonly memory?: number | undefined;
  /** How many processors it may keep busy; 1.5 is one and a half. */
  readonly cpus?: number | undefined;
  /** The only network that it is in; the engine's default one if undefined. */
  readonly network?: string;
}

export interface MountSpec {
  readonly type: 'volume' | 'bind' | 'tmpfs';
  /**
   * A volume's name, which is made where it is missing; a path on the engine's host, which must be there; of a tmpfs,
   * on which programs can be run, more options of mount(8) such as `size=4g`, or nothing.
   */
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
}

export interface Volume {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A file or directory in a container, from `HEAD /containers/{id}/archive`. Time is the modification time. */
export interface PathStat {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly linkTarget: string;
  readonly modified: Date;
}

export interface ExecRequest {
  /** The argument array; never a shell string. */
  readonly command: readonly string[];
  /** Added to the container's environment for this process alone; it is not in the container's configuration. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  /**
   * Its streams are one new terminal, whose size is 0 by 0 until somebody sets it; all that it prints is standard output.
   * For attached ones only. The engine's own keys that end an attachment are out of the way.
   */
  readonly tty?: boolean;
}

/** Of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A piece of a process's output as it came from the engine: never a whole line by promise. */
export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Buffer;
}

/**
 * A process in a container with its streams attached. Iterating `output` is the only reader: what is not consumed is
 * not read from the engine. The iteration ends when the stream does, which proves nothing about the process.
 */
export interface AttachedExec {
  readonly id: ExecId;
  readonly output: AsyncIterable<OutputChunk>;
  /** Writes to the process's standard input; dropped when the stream is gone. */
  write(data: Uint8Array): void;
  /** Writes, and settles when more can be taken or the stream is gone: for what may be more than memory should hold. */
  send(data: Uint8Array): Promise<void>;
  /** The process sees end-of-file on its standard input, while its output goes on. Not for terminals, which have a key for it. */
  endInput(): void;
  /** Closes the stream on both sides; the process sees end-of-file on its standard input. */
  close(): void;
}

/** A client's hold on a container's standard input, with process 1's output coming back on the same connection. */
export interface HeldStdin {
  /** Writes a keep-alive byte. */
  write(data: Uint8Array): void;
  /** Lets go: with `StdinOnce` process 1 sees end-of-file. */
  close(): void;
  /** Settles, never rejects, when the connection has ended from whichever side. */
  readonly ended: Promise<void>;
}

/** One layer of a pull, or the whole of it where `layer` is empty. Bytes. */
export interface PullProgress {
  readonly layer: string;
  readonly status: string;
  readonly current: number;
  readonly total: number;
}

export interface CommitRequest {
  /** `name:tag` */
  readonly name: string;
  /** Dockerfile instructions, one each, applied over what the container's configuration hands on. */
  readonly changes: readonly string[];
  readonly comment?: string;
}

export interface ImportRequest {
  /** `name:tag` */
  readonly name: string;
  /** Dockerfile instructions, one each; an image that is imported has no configuration but these. */
  readonly changes: readonly string[];
  readonly comment?: string;
}

/**
 * The Docker Engine as far as this project needs it. Every method throws a `Failure` with code `engine-unreachable`,
 * `engine-denied` or `engine-lost` when the engine cannot be talked to, and an {@link EngineRefusal} when it answers
 * with an error. What is not there is `undefined`, not an error, for the inspecting methods, and fine for the removing ones.
 */
export interface Engine extends Networks {
  /** `unix:///path` or `tcp://host:port`. */
  readonly address: string;

  version(): Promise<EngineVersion>;
  info(): Promise<EngineInfo>;

  inspectImage(name: string): Promise<Image | undefined>;
  /** All images with a label, `name=value`, that have a name or from which nothing was built; what they inherited counts as well. */
  imagesWithLabel(label: string): Promise<readonly ListedImage[]>;
  /** Pulls `name`; rejects with an {@link EngineRefusal} when the registry refuses or cannot be reached. */
  pullImage(name: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<void>;
  tagImage(id: ImageId | string, name: string): Promise<void>;
  removeImage(name: string): Promise<void>;

  /** Makes a container without starting it. */
  createContainer(name: string, spec: ContainerSpec): Promise<ContainerId>;
  /** Attaches to standard input and output of a container made with `openStdin`; call it before the start. */
  holdStdin(id: ContainerId): Promise<HeldStdin>;
  /** Fine where it runs already. */
  startContainer(id: ContainerId): Promise<void>;
  inspectContainer(id: ContainerId | string): Promise<Container | undefined>;
  /** All containers, running or not, that mount the volume. */
  containersWithVolume(volume: string): Promise<readonly ContainerId[]>;
  /** All containers, running or not, that have a label, `name` or `name=value`. */
  containersWithLabel(label: string): Promise<readonly ContainerId[]>;
  /** False when another container has that name. */
  renameContainer(id: ContainerId, name: string): Promise<boolean>;
  /** Sends a signal (`SIGKILL`) to process 1; fine where it does not run or is not there. */
  killContainer(id: ContainerId, signal: string): Promise<void>;
  /** Resolves when it does not run any more, at once if it does not run now; connections that are cut do not end it. */
  waitContainer(id: ContainerId, signal: AbortSignal): Promise<void>;
  /** By force, with its anonymous volumes. */
  removeContainer(id: ContainerId): Promise<void>;
  /**
   * Works on a container that was never started, its volumes included; links are not followed. Undefined where there
   * is no such path; where there is no such container it throws.
   */
  statPath(id: ContainerId, path: string): Promise<PathStat | undefined>;
  /** A tar stream of a file or directory; undefined if it is not there. */
  readArchive(id: ContainerId, path: string): Promise<Readable | undefined>;
  /** Unpacks a tar stream into an existing directory. */
  writeArchive(id: ContainerId, directory: string, archive: Readable): Promise<void>;
  /** Files and directories that differ from the image, as absolute paths. */
  changedPaths(id: ContainerId): Promise<readonly string[]>;

  /**
   * Starts a process with its streams attached. A command that cannot be started shows as its exit code, 126 or 127,
   * with the reason on standard output.
   */
  execAttached(id: ContainerId, request: ExecRequest): Promise<AttachedExec>;
  /** Starts a process that no connection belongs to; throws where it cannot be started. */
  execDetached(id: ContainerId, request: ExecRequest): Promise<ExecId>;
  /** Tells the terminal of an attached exec its size, and its programs by SIGWINCH; fine where the exec has ended or is not there. */
  resizeExec(id: ExecId, size: TerminalSize): Promise<void>;
  /**
   * The exit code of a process that has ended; undefined while it runs, for a moment after its output has ended, and
   * when the engine has forgotten it. 126 may also mean that the client of an attached one went away.
   */
  execExitCode(id: ExecId): Promise<number | undefined>;

  /**
   * Commits (`pause=true`) and answers with the image's id. What only the container has (host name, open and attached
   * streams, entrypoint) is not handed on; its command is, unless the changes have a `CMD`. Moves a name that is taken:
   * see `build/reserve-image-name.ts`.
   */
  commitContainer(id: ContainerId, request: CommitRequest): Promise<ImageId>;
  /**
   * Makes an image of one layer, whose files are those of a tar stream, and answers with its id. Moves a name that is
   * taken. An archive that breaks off makes no image: its error is thrown.
   */
  importImage(archive: Readable, request: ImportRequest): Promise<ImageId>;

  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  inspectVolume(name: string): Promise<Volume | undefined>;
  volumesWithLabel(label: string): Promise<readonly Volume[]>;
  removeVolume(name: string): Promise<void>;
}

/** The engine answered, with an error: its HTTP status and its own message. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';
  readonly status: number;

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}
