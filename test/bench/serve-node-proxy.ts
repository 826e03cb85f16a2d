import { parentPort, workerData } from 'node:worker_threads';
import { serveNodeProxy, type NodeProxySettings } from '../../src/zentoo/swarm/node-proxy.ts';

/** The settings of a proxy in a thread of its own, as it is a process of its own on a node. */
export type ThreadSettings = Pick<NodeProxySettings, 'ca' | 'cert' | 'key' | 'socket'>;

// The thread ends when it is terminated.
await serveNodeProxy({
  ...(workerData as ThreadSettings),
  ...{ port: 0, silenceMs: 10_000, idleMs: 600_000, signal: new AbortController().signal },
  onListening: (port) => parentPort?.postMessage(port),
});
