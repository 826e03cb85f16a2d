import type { LookupFunction } from 'node:net';
import type { Swarm, SwarmNode, SwarmTask } from '../../engine/swarm/swarm.ts';
import { isOpen } from './check-swarm.ts';

/** The milliseconds between two questions to the manager. */
const intervalMs = 2000;

/**
 * What the manager says of the nodes and their node proxies, read again every two seconds: a proxy that was started again has another
 * address. While the manager does not answer, the last answer counts.
 */
export class ProxyDirectory implements Disposable {
  readonly #swarm: Swarm;
  readonly #service: string;
  /** Called when nodes take work that did not, or the other way round. */
  onChange: () => void = () => undefined;
  #nodes: readonly SwarmNode[] = [];
  #tasks: readonly SwarmTask[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(swarm: Swarm, service: string) {
    this.#swarm = swarm;
    this.#service = service;
  }

  /** Asks the manager once. */
  async refresh(): Promise<void> {
    [this.#nodes, this.#tasks] = await Promise.all([this.#swarm.nodes(), this.#swarm.tasks(this.#service)]);
  }

  /** Asks the manager again and again until the disposal. */
  watch(): void {
    const look = async () => {
      const before = this.#nodes.filter(isOpen).map(({ id }) => id);
      await this.refresh().catch(() => undefined);
      const now = new Set(this.#nodes.filter(isOpen).map(({ id }) => id));
      if (now.size !== before.length || before.some((id) => !now.has(id))) this.onChange();
    };
    this.#timer = setInterval(() => void look(), intervalMs);
    this.#timer.unref();
  }

  /** Whether a node takes further work: it is ready, and neither drained nor paused. */
  isOpen(node: string): boolean {
    return this.#nodes.some((one) => one.id === node && isOpen(one));
  }

  /** The tasks on a node, the newest first. */
  tasksOn(node: string): readonly SwarmTask[] {
    return this.#tasks
      .filter((task) => task.node === node)
      .toSorted((a, b) => b.created.getTime() - a.created.getTime());
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
