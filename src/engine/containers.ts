import type { Readable } from 'node:stream';

import type { ContainerId, ImageId } from './identifiers.ts';

export type ContainerState = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** A mount of an existing container. */
export interface Mount {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'other';
  /** The volume's name, or the path on the engine's host. */
  readonly source: string;
  /** The mount point in the container. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** A container, as `GET /containers/{id}/json` describes it. */
export interface Container {
  readonly id: ContainerId;
  /** The name without the leading slash. */
  readonly name: string;
  readonly image: ImageId;
  readonly state: ContainerState;
  /** The time of the last start, in RFC 3339 as the engine formats it. A restart changes it. */
  readonly startedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the engine removes the container and its anonymous volumes when it ends (`--rm`). */
  readonly autoRemove: boolean;
  /** Names or ids of the containers whose volumes it uses (`--volumes-from`). */
  readonly volumesFrom: readonly string[];
  /** The mounts, sorted by target, because the engine lists them in a different order at every call. */
  readonly mounts: readonly Mount[];
  /** The writable layer of overlay2 as a path on the engine's host; undefined for other storage drivers. */
  readonly upperDir: string | undefined;
}

/** A container to create. A commit copies command, user, mounts and labels to the new image, and nothing else. */
export interface ContainerSpec {
  readonly image: string;
  /** The arguments of process 1; replaces both the image's entrypoint and its command. */
  readonly command: readonly string[];
  readonly mounts: readonly MountSpec[];
  /** The user of process 1; by default the image's. A commit passes it on to the image. */
  readonly user?: string;
  /** Omit labels if the container will be committed, because the image would inherit them. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether process 1 is an init, which reaps children and forwards signals (`--init`). */
  readonly init?: boolean;
  /** Whether standard input stays open for one client, and closes when that client is gone (`OpenStdin`, `StdinOnce`). */
  readonly openStdin?: boolean;
  /** Whether the engine keeps a log of the output of process 1; by default it does. */
  readonly keepLog?: boolean;
  /** Whether the engine removes the container when it ends (`--rm`). */
  readonly autoRemove?: boolean;
  /** The memory limit in bytes; the container gets no swap in addition. */
  readonly memory?: number | undefined;
  /** The processor limit; 1.5 is one and a half processors. */
  readonly cpus?: number | undefined;
  /** The weight of the container if processors are short; others have 1024. */
  readonly cpuShares?: number | undefined;
  /** The only network of the container; the engine's default network if undefined. */
  readonly network?: string;
}

/** A mount of a container to create. */
export interface MountSpec {
  readonly type: 'volume' | 'bind' | 'tmpfs';
  /**
   * For `volume`, the volume's name; the engine creates a missing volume. For `bind`, an existing path on the engine's host. For
   * `tmpfs`, mount(8) options such as `size=4g`, or an empty string; the tmpfs is mounted with `exec`.
   */
  readonly source: string;
  readonly target: string;
  readonly readOnly?: boolean;
  /** The labels of a missing volume that the engine creates for this mount. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A file or directory in a container, from `HEAD /containers/{id}/archive`. */
export interface PathStat {
  readonly name: string;
  /** The size in bytes. */
  readonly size: number;
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly linkTarget: string;
  readonly modified: Date;
}

/** A client's connection to process 1 of a container: it writes standard input and receives the output. */
export interface HeldStdin {
  /** Writes a keep-alive byte. */
  write(data: Uint8Array): void;
  /** Closes the connection; with `StdinOnce`, process 1 reads end-of-file. */
  close(): void;
  /** Settles, and never rejects, when either side has ended the connection. */
  readonly ended: Promise<void>;
}

/** A container that mounts a volume. */
export interface VolumeUser {
  readonly id: ContainerId;
  readonly name: string;
  /** The mount points of the volume in the container; empty if the engine does not tell them. */
  readonly targets: readonly string[];
}

/** The containers of an engine and the files in them; `engine.ts` describes the errors of the methods. */
export interface Containers {
  /** Creates a container and does not start it. */
  createContainer(name: string, spec: ContainerSpec): Promise<ContainerId>;
  /** Attaches to standard input and output of a container that was created with `openStdin`; call it before the start. */
  holdStdin(id: ContainerId): Promise<HeldStdin>;
  /** Does nothing if the container is running. */
  startContainer(id: ContainerId): Promise<void>;
  inspectContainer(id: ContainerId | string): Promise<Container | undefined>;
  /** Lists all containers, running or not, that mount the volume. */
  containersWithVolume(volume: string): Promise<readonly VolumeUser[]>;
  /** Lists all containers, running or not, that have a label, `name` or `name=value`. */
  containersWithLabel(label: string): Promise<readonly ContainerId[]>;
  /** Returns false if another container has that name. */
  renameContainer(id: ContainerId, name: string): Promise<boolean>;
  /** Sends a signal, such as `SIGKILL`, to process 1. Does nothing if the container does not run or does not exist. */
  killContainer(id: ContainerId, signal: string): Promise<void>;
  /** Resolves when the container has stopped. If the connection is cut, the method waits over a new one. */
  waitContainer(id: ContainerId, signal: AbortSignal): Promise<void>;
  /** Removes a container by force, with its anonymous volumes. */
  removeContainer(id: ContainerId): Promise<void>;
  /**
   * Describes a path in a container or its volumes; undefined if the path does not exist. Does not follow links. The container
   * need not be started. Throws if the container does not exist.
   */
  statPath(id: ContainerId, path: string): Promise<PathStat | undefined>;
  /**
   * Returns a tar stream of a file or directory; undefined if it does not exist. If the connection is lost or half open, the stream
   * fails with `engine-lost`.
   */
  readArchive(id: ContainerId, path: string): Promise<Readable | undefined>;
  /** Unpacks a tar stream into an existing directory. */
  writeArchive(id: ContainerId, directory: string, archive: Readable): Promise<void>;
  /** Lists the files and directories that differ from the image, as absolute paths. */
  changedPaths(id: ContainerId): Promise<readonly string[]>;
}
