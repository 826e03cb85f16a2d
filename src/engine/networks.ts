import type { ContainerId } from './engine.ts';

/** A network that leads nowhere but to the containers that are in it. */
export interface Network {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** In the form `172.19.0.0/16`. */
  readonly subnets: readonly string[];
  /** The running containers that are in it, with their IPv4 addresses there. */
  readonly endpoints: readonly { readonly container: ContainerId; readonly address: string }[];
}

/** The part of an engine that has to do with networks; see `engine.ts` for what its methods throw. */
export interface Networks {
  /**
   * Makes a network on this machine from which nothing outside is reached, and, where the engine can do so, without an
   * address of the host in it. Fine where there is one of that name.
   */
  createNetwork(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  inspectNetwork(name: string): Promise<Network | undefined>;
  /** Puts a container into a network besides those that it is in; fine where it is in it. */
  connectNetwork(name: string, container: ContainerId): Promise<void>;
  /** Refused while a running container is in it. */
  removeNetwork(name: string): Promise<void>;
}
