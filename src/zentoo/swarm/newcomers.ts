import type { SwarmNode } from '../../engine/swarm/swarm.ts';
import { describeOtherArchitecture } from './check-swarm.ts';
import { explainAbsent } from './explain-absent.ts';
import type { Proxies, SwarmRun } from './open-proxies.ts';
import { nodeEngine, type NodeEngine } from './swarm-engines.ts';
import { hostnameOf } from './swarm-names.ts';

/** The nodes that take part in a build after its beginning: they became ready, or got the label of builders. */
export class Newcomers {
  readonly #proxies: Proxies;
  readonly #run: Pick<SwarmRun, 'report' | 'signal'>;
  /** The ids of the nodes that take part, and of those that never will. */
  readonly #known: Set<string>;
  readonly #hostnames: Set<string>;
  /** The ids of the nodes whose node proxies do not start, which was said. */
  readonly #named = new Set<string>();

  constructor(proxies: Proxies, run: Pick<SwarmRun, 'report' | 'signal'>) {
    this.#proxies = proxies;
    this.#run = run;
    this.#known = new Set([proxies.own, ...proxies.nodes.map(({ id }) => id)]);
    this.#hostnames = new Set(proxies.nodes.map(hostnameOf));
  }

  /** The engines of the nodes whose node proxies run now, each once. Warns of each node once that cannot take part. */
  async find(): Promise<readonly NodeEngine[]> {
    const { directory, architecture } = this.#proxies;
    const engines: NodeEngine[] = [];
    const warnings: { readonly message: string; readonly hint?: string | undefined }[] = [];
    for (const node of directory.builders()) {
      if (this.#known.has(node.id)) continue;
      if (node.architecture !== architecture) {
        this.#known.add(node.id);
        warnings.push({ message: describeOtherArchitecture(node, architecture) });
      } else if (directory.addressOf(node.id) !== undefined) engines.push(this.#takeIn(node));
      else if (!this.#named.has(node.id) && directory.isRejectedOn(node.id)) {
        this.#named.add(node.id);
        const { message, hint } = explainAbsent(directory, [node], this.#proxies.image);
        warnings.push({ message, hint });
      }
    }
    for (const { message, hint } of warnings)
      await this.#run.report({ type: 'warning', message, ...(hint === undefined ? {} : { hint }) });
    return engines;
  }

  #takeIn(node: SwarmNode): NodeEngine {
    this.#known.add(node.id);
    const hostname = hostnameOf(node);
    const isUnique = !this.#hostnames.has(hostname);
    this.#hostnames.add(hostname);
    return nodeEngine(this.#proxies, node, { isUnique, signal: this.#run.signal });
  }
}
