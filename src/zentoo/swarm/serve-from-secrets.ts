import { readFileSync } from 'node:fs';
import { Failure } from '../../failure.ts';
import { engineSocket } from '../../ownership/ownership.ts';
import { serveNodeProxy } from './node-proxy.ts';
import { proxyPort } from './swarm-names.ts';

/** A client writes every 1.5 s to the input of a build container. */
const silenceMs = 10_000;

/**
 * Serves the engine of this node with the certificates of the run. Throws `engine-denied` if a secret cannot be read.
 *
 * @param idleMs the milliseconds without a client after which it ends
 */
export function serveFromSecrets(idleMs: number, signal: AbortSignal): Promise<void> {
  const certificates = { ca: readSecret('ca'), cert: readSecret('cert'), key: readSecret('key') };
  return serveNodeProxy({ ...certificates, port: proxyPort, socket: engineSocket, silenceMs, idleMs, signal });
}

function readSecret(file: 'ca' | 'cert' | 'key'): string {
  try {
    return readFileSync(`/run/secrets/${file}`, 'utf8');
  } catch (cause) {
    throw new Failure('engine-denied', `failed to read /run/secrets/${file}: ${String(cause)}`, {
      hint: 'zentoo build --swarm starts node proxies; this command is for no other use',
      cause,
    });
  }
}
