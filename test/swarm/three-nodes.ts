import { join } from 'node:path';
import { withLock } from '../../setup/process/lock.js';
import { ensureDebianRoot } from '../engines/debian-root.js';
import { DIRECTORY, ENGINES } from '../engines/engines.js';
import { must } from '../support/run-program.ts';
import { SecondEngine } from '../support/real-engine/second-engine.ts';
import { NetworkNamespace, NetworkSwitch } from './cable.ts';

/** A node of the swarm of the tests. */
export interface Node {
  readonly name: string;
  readonly engine: SecondEngine;
  /** Runs `docker` against the engine of the node. Returns its standard output. */
  readonly docker: (...args: readonly string[]) => Promise<string>;
}

/**
 * Three engines on this machine that form one swarm. Each has its own namespaces and a cable to a switch, and no way out. `node1` is the
 * manager. The host's own network has no part of it. Needs root.
 */
export interface Swarm extends AsyncDisposable {
  readonly nodes: readonly [Node, Node, Node];
  readonly cables: NetworkSwitch;
}

const names = ['node1', 'node2', 'node3'] as const;
export type NodeName = (typeof names)[number];

/**
 * Starts three engines and joins them to a swarm.
 *
 * @param size limits the data of each engine
 * @param newer the node whose engine is that of Debian trixie
 */
export async function openSwarm(size: string, newer?: NodeName): Promise<Swarm> {
  await using stack = new AsyncDisposableStack();
  const cables = stack.use(await NetworkSwitch.open());
  const open = async (name: NodeName, index: number): Promise<Node> => {
    const namespace = stack.use(await NetworkNamespace.open());
    await cables.connect(name, namespace, `${addressOf(index)}/24`);
    const root = name === newer ? await trixieRoot() : undefined;
    const member = { hostname: name, ...(root === undefined ? {} : { root }) };
    const engine = stack.use(await SecondEngine.open(size, namespace.pid, member));
    const docker = (...args: readonly string[]) => must('docker', ['--host', engine.address, ...args]);
    return { name, engine, docker };
  };
  const [manager, second, third] = [await open('node1', 0), await open('node2', 1), await open('node3', 2)];
  await manager.docker('swarm', 'init', '--advertise-addr', addressOf(0));
  const token = (await manager.docker('swarm', 'join-token', '--quiet', 'worker')).trim();
  for (const [index, worker] of [second, third].entries())
    await worker.docker('swarm', 'join', '--token', token, '--advertise-addr', addressOf(index + 1), addressOf(0));
  const moved = stack.move();
  return { nodes: [manager, second, third], cables, [Symbol.asyncDispose]: () => moved[Symbol.asyncDispose]() };
}

/** The root file system with Docker of Debian trixie, which `npm run test:engines` uses as well; made if it is not there. */
function trixieRoot(): Promise<string> {
  const engine = ENGINES.find(({ name }) => name === 'docker-trixie');
  if (engine === undefined) throw new Error('test/engines has no docker-trixie');
  return withLock('another engine', () => ensureDebianRoot(join(DIRECTORY, engine.name), engine));
}

function addressOf(index: number): string {
  return `10.77.0.${index + 1}`;
}
