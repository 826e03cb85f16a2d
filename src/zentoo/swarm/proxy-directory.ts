import type { LookupFunction } from 'node:net';
import type { Reservation, Swarm, SwarmNode, SwarmTask } from '../../engine/swarm/swarm.ts';
import { isBuilder, isOpen } from './check-swarm.ts';
import { jobsLabel } from './swarm-names.ts';

/** The milliseconds between two questions to the manager. */
const intervalMs = 2000;

/**
 * What the manager says of the nodes and their node proxies, read again every two seconds: a proxy that was started again has another
 * address. While the manager does not answer, the last answer counts.
 */
export class ProxyDirectory implements Disposable {
  readonly #swarm: Swarm;
  readonly #service: string;
  /** Called when the room of nodes for work has changed. */
  onChange: () => void = () => undefined;
  #nodes: readonly SwarmNode[] = [];
  #tasks: readonly SwarmTask[] = [];
  #reservations: readonly Reservation[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(swarm: Swarm, service: string) {
    this.#swarm = swarm;
    this.#service = service;
  }

  /** Asks the manager once. */
  async refresh(): Promise<void> {
    [this.#nodes, this.#tasks, this.#reservations] = await Promise.all([
      this.#swarm.nodes(),
      this.#swarm.tasks(this.#service),
      this.#swarm.reservations(),
    ]);
  }

  /** Asks the manager again and again until the disposal. */
  watch(): void {
    const look = async () => {
      const before = this.#describeRoom();
      await this.refresh().catch(() => undefined);
      if (this.#describeRoom() !== before) this.onChange();
    };
    this.#timer = setInterval(() => void look(), intervalMs);
    this.#timer.unref();
  }

  /** Whether a node takes further work: it has the label of builders, is ready, and neither drained nor paused. */
  isOpen(node: string): boolean {
    return this.#nodes.some((one) => one.id === node && isBuilder(one) && isOpen(one));
  }

  /** The nodes that take further work, in the order of their names. */
  builders(): readonly SwarmNode[] {
    const open = this.#nodes.filter(({ id }) => this.isOpen(id));
    return open.toSorted((a, b) => (a.hostname < b.hostname ? -1 : 1));
  }

  /** What the services of the swarm have reserved on a node. */
  reservedOn(node: string): Omit<Reservation, 'node'> {
    const there = this.#reservations.filter((one) => one.node === node);
    return {
      cpus: there.reduce((total, { cpus }) => total + cpus, 0),
      memory: there.reduce((total, { memory }) => total + memory, 0),
    };
  }

  /** The number of containers that the label of a node asks for. */
  jobsOf(node: string): number | undefined {
    const text = this.#nodes.find(({ id }) => id === node)?.labels[jobsLabel] ?? '';
    return /^[1-9]\d{0,2}$/.test(text) ? Number(text) : undefined;
  }

  /** What decides about the orders that nodes take. */
  #describeRoom(): string {
    const ids = this.#nodes.map(({ id }) => id).toSorted();
    const tell = (id: string) => [this.isOpen(id), this.jobsOf(id), this.reservedOn(id), this.#describeProxy(id)];
    return JSON.stringify(ids.map((id) => [id, ...tell(id)]));
  }

  #describeProxy(node: string): string | undefined {
    return this.addressOf(node) ?? (this.isRejectedOn(node) ? 'rejected' : undefined);
  }

  /** The tasks on a node, the newest first. */
  tasksOn(node: string): readonly SwarmTask[] {
    return this.#tasks
      .filter((task) => task.node === node)
      .toSorted((a, b) => b.created.getTime() - a.created.getTime());
  }

  /** Whether a node has refused the node proxy. */
  isRejectedOn(node: string): boolean {
    return this.tasksOn(node).some(({ state }) => state === 'rejected');
  }

  /** The address of the node proxy that runs on a node. */
  addressOf(node: string): string | undefined {
    return this.tasksOn(node).find(({ state, desired }) => state === 'running' && desired === 'running')?.addresses[0];
  }

  /** A resolver that knows the address of the node proxy on one node, whatever the name is. */
  lookupFor(node: string): LookupFunction {
    return (hostname, { all = false }, callback) => {
      const address = this.addressOf(node);
      if (address === undefined) {
        const error = new Error(`there is no node proxy on ${hostname}`);
        callback(Object.assign(error, { code: 'ENOTFOUND' }), '', 0);
      } else if (all) callback(null, [{ address, family: 4 }]);
      else callback(null, address, 4);
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
