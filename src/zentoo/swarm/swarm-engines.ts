import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { connectEngineAt } from '../../engine/docker/connect-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import type { SwarmNode } from '../../engine/swarm/swarm.ts';
import { Failure } from '../../failure.ts';
import type { Reserved } from '../engines/engine-room.ts';
import { proxyName } from './certificate.ts';
import type { Proxies } from './open-proxies.ts';
import { anyNode, hostnameOf, proxyPort } from './swarm-names.ts';

/** The engine of a node, as a further engine of a build. */
export interface NodeEngine {
  readonly name: string;
  /** The options by which `docker` uses the engine, if ssh reaches the node by its name. */
  readonly options: readonly string[];
  readonly connect: () => Promise<Engine>;
  /** Whether the node takes further work. */
  readonly isOpen: () => boolean;
  /** The number of containers at the same time, if a label of the node says so. */
  readonly jobs: () => number | undefined;
  /** What services of the swarm have reserved on the node. */
  readonly reserved: () => Reserved;
}

/** The milliseconds in which a node proxy that runs must be reached, and between two attempts. */
const limitMs = 20_000;
const pauseMs = 500;

/** The engines of the nodes that have proxies. */
export function nodeEngines(proxies: Proxies, signal: AbortSignal): readonly NodeEngine[] {
  return proxies.nodes.map((node) => {
    const hostname = hostnameOf(node);
    const isUnique = proxies.nodes.filter((other) => hostnameOf(other) === hostname).length === 1;
    const name = isUnique && hostname !== anyNode ? hostname : `${hostname}-${node.id.slice(0, 6)}`;
    return {
      ...{ name, options: ['--host', `ssh://${hostname}`] },
      jobs: () => proxies.directory.jobsOf(node.id),
      reserved: () => proxies.directory.reservedOn(node.id),
      connect: async () => {
        const engine = await reach(name, signal, () => connectNode(proxies, node, name));
        proxies.keepAwake(engine);
        return engine;
      },
      isOpen: () => proxies.directory.isOpen(node.id),
    };
  });
}

function connectNode(
  { directory, certificates: { ca, client } }: Proxies,
  { id }: SwarmNode,
  name: string,
): Promise<Engine> {
  const trust = { ca: Buffer.from(ca), cert: Buffer.from(client.cert), key: Buffer.from(client.key) };
  const tls = { ...trust, servername: proxyName, minVersion: 'TLSv1.3', lookup: directory.lookupFor(id) } as const;
  return connectEngineAt({ kind: 'tcp', host: name, port: proxyPort, tls });
}

/** A network that was just joined takes a moment until it passes packets. */
async function reach(name: string, signal: AbortSignal, connect: () => Promise<Engine>): Promise<Engine> {
  for (const until = performance.now() + limitMs; ;) {
    try {
      return await connect();
    } catch (error) {
      signal.throwIfAborted();
      if (performance.now() > until) throw unreachable(name, error);
      await delay(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function unreachable(name: string, cause: unknown): Failure {
  const why = cause instanceof Error ? cause.message : String(cause);
  // Packets pass: the proxy ends a connection whose certificate it refuses, or whose engine does not answer.
  const isRefused = /hang up|ECONNRESET|certificate/.test(why);
  return new Failure('proxy-unreachable', `failed to reach the node proxy on ${name}, which runs: ${why}`, {
    hint: isRefused
      ? 'set the clock of the node, which may be a day off at most, and check that its engine listens on /var/run/docker.sock'
      : 'let nodes reach each other at port 7946 (TCP and UDP) and 4789 (UDP), and with encryption by ESP, which needs CONFIG_INET_ESP in each kernel',
    cause,
  });
}
