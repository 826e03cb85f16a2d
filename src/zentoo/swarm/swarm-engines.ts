import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { connectEngineAt } from '../../engine/docker/connect-engine.ts';
import type { Engine } from '../../engine/engine.ts';
import type { SwarmNode } from '../../engine/swarm/swarm.ts';
import { Failure, failuresOf } from '../../failure.ts';
import type { Reserved } from '../engines/engine-room.ts';
import { proxyName } from './certificate.ts';
import type { Proxies, SwarmRun } from './open-proxies.ts';
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
    return nodeEngine(proxies, node, { isUnique, signal });
  });
}

/** The nodes of a swarm that are reached, and their engines. */
export interface ReachedNodes {
  readonly nodes: readonly SwarmNode[];
  readonly engines: readonly NodeEngine[];
}

/**
 * Connects to the nodes that have proxies. Those that are not reached are left out with a warning; throws the failure of the first one,
 * `proxy-unreachable`, if none is reached.
 */
export async function reachNodes(
  proxies: Proxies,
  { report, signal }: Pick<SwarmRun, 'report' | 'signal'>,
): Promise<ReachedNodes> {
  const choices = nodeEngines(proxies, signal);
  const connections = await Promise.allSettled(choices.map(({ connect }) => connect()));
  const failed: readonly unknown[] = connections.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failed.length > 0 && failed.length === choices.length) throw failed[0];
  for (const error of failed) {
    if (failuresOf(error).length === 0) throw error;
    const [first] = failuresOf(error);
    await report({
      type: 'warning',
      message: `a node does not take part at the beginning of this build: ${first?.message}`,
      ...(first?.hint === undefined ? {} : { hint: first.hint }),
    });
  }
  const engines = choices.flatMap((choice, index) => {
    const connection = connections[index];
    return connection?.status === 'fulfilled' ? { ...choice, connect: () => Promise.resolve(connection.value) } : [];
  });
  return { nodes: proxies.nodes.filter((_, index) => connections[index]?.status === 'fulfilled'), engines };
}

/** The engine of one node. Its name is the host name of the node if that is unique. */
export function nodeEngine(
  proxies: Proxies,
  node: SwarmNode,
  { isUnique, signal }: { readonly isUnique: boolean; readonly signal: AbortSignal },
): NodeEngine {
  const hostname = hostnameOf(node);
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
