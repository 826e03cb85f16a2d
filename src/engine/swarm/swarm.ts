/** The swarm mode of one engine, from `GET /info`. */
export interface SwarmMode {
  /** `inactive`: the engine is in no swarm. `locked`: it needs the key of `docker swarm unlock` after a restart. */
  readonly state: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
  /** The reason of the state `error`. */
  readonly error: string;
  /** The id of the engine's own node; empty outside a swarm. */
  readonly node: string;
  readonly isManager: boolean;
}

/** A node of a swarm. */
export interface SwarmNode {
  readonly id: string;
  /** The host name, which several nodes may have. */
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the manager hears from the node. */
  readonly isReady: boolean;
  readonly availability: 'active' | 'pause' | 'drain';
  readonly architecture: string;
}

/** A task of a service: a container on one node. */
export interface SwarmTask {
  readonly node: string;
  /** `running`, `rejected`, `failed` and others; docs.docker.com, "Swarm task states". */
  readonly state: string;
  readonly desired: string;
  /** The reason of a failure, or empty. */
  readonly error: string;
  /** The addresses in the networks of the service. */
  readonly addresses: readonly string[];
  readonly created: Date;
}

/** What a running task has reserved on its node: processors, and memory in bytes. */
export interface Reservation {
  readonly node: string;
  readonly cpus: number;
  readonly memory: number;
}

/** What a service, a secret and a network of a swarm have in common. */
export interface SwarmObject {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A service of a swarm. */
export interface SwarmService extends SwarmObject {
  readonly isGlobal: boolean;
  readonly args: readonly string[];
  /** The sources of its mounts of files and volumes. */
  readonly mounts: readonly string[];
}

/** A network of a swarm. */
export interface OverlayNetwork extends SwarmObject {
  readonly driver: string;
}

/** A service that has one task on each node that meets its constraints. A task that ends with 0 is not started again. */
export interface GlobalService {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** An image id or a name with a digest: for a name with a tag, each node asks the registry first. */
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** For example `node.labels.zone == north`. */
  readonly constraints: readonly string[];
  /** Files of the node's host, each at the same path in the container. */
  readonly binds: readonly string[];
  /** Directories that the image declares as volumes: each is a small tmpfs, as an anonymous volume would stay on the node. */
  readonly tmpfs: readonly string[];
  /** Secrets, each at `/run/secrets/FILE`. */
  readonly secrets: readonly { readonly id: string; readonly name: string; readonly file: string }[];
  readonly network: string;
}

/** The requests to a swarm. Removing methods do nothing if the object does not exist. */
export interface Swarm {
  mode(): Promise<SwarmMode>;
  nodes(): Promise<readonly SwarmNode[]>;
  /** Changes the labels of a node, from those that it has at that moment: if another client changes the node meanwhile, does it again. */
  changeLabels(node: string, change: (labels: SwarmNode['labels']) => SwarmNode['labels']): Promise<void>;
  services(label: string): Promise<readonly SwarmService[]>;
  /** The tasks of a service, also ended ones that the swarm still knows. */
  tasks(service: string): Promise<readonly SwarmTask[]>;
  /** What the tasks of all services have reserved that run or are to run. */
  reservations(): Promise<readonly Reservation[]>;
  createGlobalService(service: GlobalService): Promise<string>;
  removeService(id: string): Promise<void>;
  secrets(label: string): Promise<readonly SwarmObject[]>;
  createSecret(name: string, content: string, labels: Readonly<Record<string, string>>): Promise<string>;
  removeSecret(id: string): Promise<void>;
  networks(label: string): Promise<readonly OverlayNetwork[]>;
  /** Creates an overlay network to which containers of a node may be connected. */
  createOverlay(
    name: string,
    labels: Readonly<Record<string, string>>,
    options: { readonly encrypted: boolean },
  ): Promise<string>;
  /** Disconnects a container of this engine, even if it has ended. */
  disconnect(network: string, container: string): Promise<void>;
  /** Removes a network. The engine refuses with `conflict` while a task or container is connected. */
  removeOverlay(id: string): Promise<void>;
}
