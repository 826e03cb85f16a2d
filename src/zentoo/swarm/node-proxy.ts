import { connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { attachesInput, mayAttach, requestLine } from './request-line.ts';

/** The settings of a node proxy. */
export interface NodeProxySettings {
  /** As PEM. Clients need a certificate of the same authority. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** 0 chooses a free one. */
  readonly port: number;
  /** The socket of the engine. */
  readonly socket: string;
  /** The milliseconds without a byte of the client after which an attachment to the input of a container is closed. */
  readonly silenceMs: number;
  /** The milliseconds without a byte of any client after which the proxy ends. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
  readonly onListening?: (port: number) => void;
}

/**
 * Exposes the socket of an engine by mutual TLS 1.3. Resolves when no client has sent anything for `idleMs`; throws the reason of the
 * signal. A client that goes away, or a machine of a client that is cut off, ends what it attached to: the input of a build container
 * is closed, and the container ends by itself.
 */
export async function serveNodeProxy(settings: NodeProxySettings): Promise<void> {
  const { ca, cert, key, port, signal, idleMs } = settings;
  const { promise: idle, resolve, reject } = Promise.withResolvers<void>();
  const clients = new Set<TLSSocket>();
  // A connection alone proves no client: if bytes for a machine that was cut off are under way, the kernel keeps it for a quarter of an hour.
  const timer = setTimeout(resolve, idleMs);
  const server = createServer({
    ...{ ca, cert, key, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3', allowHalfOpen: true },
    handshakeTimeout: 10_000,
  });
  server.on('secureConnection', (client) => {
    timer.refresh();
    clients.add(client);
    client.on('data', () => timer.refresh()).once('close', () => clients.delete(client));
    forward(client, settings);
  });
  server.on('error', reject);
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  server.listen(port, () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') settings.onListening?.(address.port);
  });
  try {
    await idle;
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
    server.close();
    for (const client of clients) client.destroy();
  }
}

/** Connects a client with the engine. Each end of one side is the end of the other. */
function forward(client: TLSSocket, { socket, silenceMs }: NodeProxySettings): void {
  const engine = connect({ path: socket, allowHalfOpen: true });
  // A machine that is cut off closes no connection: after a second of silence, the kernel asks ten times, a second apart.
  client.setKeepAlive(true, 1000);
  for (const [one, other] of [
    [client, engine],
    [engine, client],
  ] as const) {
    one.on('error', () => other.destroy());
    one.once('close', () => other.destroySoon());
  }
  watchInput(
    client,
    () => {
      client.destroy();
      engine.destroy();
    },
    silenceMs,
  );
  client.pipe(engine);
  engine.pipe(client);
}

/**
 * Calls `end` if the client attaches to the input of a container and then sends nothing for a time. The attachment may follow other
 * requests on the connection; then it begins a chunk, as clients write the head of a request at once.
 */
function watchInput(client: Socket, end: () => void, silenceMs: number): void {
  let begin: Buffer = Buffer.alloc(0);
  const read = (chunk: Buffer) => {
    begin = begin.length === 0 ? chunk : Buffer.concat([begin, chunk]);
    const line = mayAttach(begin) ? requestLine(begin) : '';
    if (line === undefined) return;
    begin = Buffer.alloc(0);
    if (!attachesInput(line)) return;
    client.off('data', read);
    const timer = setTimeout(end, silenceMs);
    client.on('data', () => timer.refresh());
    client.once('close', () => clearTimeout(timer));
  };
  client.on('data', read);
}
