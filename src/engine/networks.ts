import type { ContainerId } from './identifiers.ts';

/** A network that reaches only the containers that are connected to it. */
export interface Network {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether it is a bridge on the engine's host from which nothing outside is reached, and which nothing outside reaches. */
  readonly isIsolated: boolean;
  /** The subnets of the network, each in the form `172.19.0.0/16`. */
  readonly subnets: readonly string[];
  /** The connected containers that run, with their IPv4 addresses. */
  readonly endpoints: readonly { readonly container: ContainerId; readonly address: string }[];
}

/** The networks of an engine; `engine.ts` describes the errors of the methods. */
export interface Networks {
  /**
   * Makes a network on the engine's host that reaches nothing outside and, if the engine supports it, has no address of
   * the host. Does nothing if a network of that name exists.
   */
  createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  inspectNetwork(name: string): Promise<Network | undefined>;
  /** Connects a container to one more network. Does nothing if it is connected. */
  connectNetwork(name: string, container: ContainerId): Promise<void>;
  /** Removes a network. The engine refuses with `conflict` while a running container is connected. */
  removeNetwork(name: string): Promise<void>;
}
