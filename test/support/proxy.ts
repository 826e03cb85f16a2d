import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Requests that something is to happen to; the path is that of the request line, with version and query. */
export interface RequestPattern {
  readonly method: string;
  readonly path: RegExp;
  /** How many of them; all where undefined. */
  readonly times?: number;
}

/** When a connection is cut for silence. */
export interface SilenceLimit {
  readonly milliseconds: number;
  /**
   * `both`: when nothing went in either direction for so long. `each`: the directions are watched on their own, so that
   * a connection on which only one side speaks is cut too.
   */
  readonly directions: 'both' | 'each';
}

/** What the proxy does to its connections; a test may change it at any time, which new events then go by. */
export interface ProxyRules {
  silence?: SilenceLimit;
  /** Milliseconds that everything is held back, in both directions. */
  delay?: number;
  /** Answered with 403, and not passed on. */
  refuse?: readonly RequestPattern[];
  /** Passed on; when the answer begins, the connection is cut instead of passing that on. */
  loseAnswer?: readonly RequestPattern[];
}

/**
 * Stands between a client and the engine's socket, on a socket of its own in a temporary directory, and does to the
 * connections what networks do. It knows HTTP as far as the request line at the start of what a client sends at once.
 */
export class EngineProxy implements AsyncDisposable {
  readonly rules: ProxyRules;
  /** `METHOD /path` of every request that it saw. */
  readonly requests: string[] = [];
  /** How many connections the proxy itself has cut. */
  cuts = 0;
  readonly #directory: string;
  readonly #upstream: string;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #hits = new Map<RequestPattern, number>();

  /** Starts one in front of the socket `upstream`. */
  static async open(rules: ProxyRules = {}, upstream = engineSocket()): Promise<EngineProxy> {
    const proxy = new EngineProxy(await mkdtemp(join(tmpdir(), 'engine-proxy-')), rules, upstream);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    proxy.#server.once('error', reject).listen(proxy.socketPath, resolve);
    await promise;
    return proxy;
  }

  private constructor(directory: string, rules: ProxyRules, upstream: string) {
    this.rules = rules;
    this.#directory = directory;
    this.#upstream = upstream;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  get socketPath(): string {
    return join(this.#directory, 'docker.sock');
  }

  /** For `DOCKER_HOST`. */
  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** How many connections are open. */
  get open(): number {
    return this.#connections.size;
  }

  /** Cuts all connections that are open, or those whose last request matches. */
  cut(pattern?: RequestPattern): void {
    for (const connection of this.#connections) {
      if (pattern === undefined || matches(pattern, connection.request)) this.#cut(connection);
    }
  }

  /** Lets nothing more through on all connections that are open, and leaves them so: half open. */
  freeze(): void {
    for (const connection of this.#connections) {
      connection.frozen = true;
      connection.client.pause();
      connection.engine.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.destroy();
    await closed;
    await rm(this.#directory, { recursive: true, force: true });
  }

  #accept(client: Socket): void {
    const connection = new Connection(client, connect({ path: this.#upstream, allowHalfOpen: true }));
    this.#connections.add(connection);
    const { engine } = connection;
    client.on('data', (chunk) => this.#fromClient(connection, chunk));
    engine.on('data', (chunk) => this.#fromEngine(connection, chunk));
    client.on('end', () => this.#later(() => engine.end()));
    engine.on('end', () => this.#later(() => client.end()));
    for (const socket of [client, engine]) {
      socket.on('error', () => connection.destroy());
      socket.on('close', () => {
        connection.destroy();
        this.#connections.delete(connection);
      });
    }
    connection.watch('client', this.rules.silence, () => this.#cut(connection));
    connection.watch('engine', this.rules.silence, () => this.#cut(connection));
  }

  #fromClient(connection: Connection, chunk: Buffer): void {
    connection.heard('client', this.rules.silence);
    const request = /^([A-Z]+ \/\S*) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1', 0, 8192))?.[1];
    if (request !== undefined) {
      this.requests.push(request);
      connection.request = request;
      if (this.#isDue(this.rules.refuse, request)) {
        connection.client.end(refusal);
        return;
      }
      connection.losesAnswer = this.#isDue(this.rules.loseAnswer, request);
    }
    this.#pass(connection, connection.client, connection.engine, chunk);
  }

  #fromEngine(connection: Connection, chunk: Buffer): void {
    if (connection.losesAnswer) {
      this.#cut(connection);
      return;
    }
    connection.heard('engine', this.rules.silence);
    this.#pass(connection, connection.engine, connection.client, chunk);
  }

  #pass(connection: Connection, from: Socket, to: Socket, chunk: Buffer): void {
    this.#later(() => {
      if (connection.frozen || !to.writable) return;
      if (!to.write(chunk) && !from.isPaused()) {
        from.pause();
        to.once('drain', () => {
          if (!connection.frozen) from.resume();
        });
      }
    });
  }

  #later(action: () => void): void {
    const { delay } = this.rules;
    if (delay === undefined) action();
    else setTimeout(action, delay);
  }

  #cut(connection: Connection): void {
    this.cuts += 1;
    connection.destroy();
  }

  #isDue(patterns: readonly RequestPattern[] | undefined, request: string): boolean {
    const pattern = patterns?.find(
      (one) => matches(one, request) && (this.#hits.get(one) ?? 0) < (one.times ?? Infinity),
    );
    if (pattern === undefined) return false;
    this.#hits.set(pattern, (this.#hits.get(pattern) ?? 0) + 1);
    return true;
  }
}

/** A client's connection and the one to the engine that belongs to it. */
class Connection {
  readonly client: Socket;
  readonly engine: Socket;
  request = '';
  losesAnswer = false;
  frozen = false;
  readonly #timers: { client?: NodeJS.Timeout; engine?: NodeJS.Timeout } = {};

  constructor(client: Socket, engine: Socket) {
    this.client = client;
    this.engine = engine;
  }

  watch(side: 'client' | 'engine', limit: SilenceLimit | undefined, onSilence: () => void): void {
    if (limit === undefined || (limit.directions === 'both' && side === 'engine')) return;
    this.#timers[side] = setTimeout(onSilence, limit.milliseconds);
  }

  heard(side: 'client' | 'engine', limit: SilenceLimit | undefined): void {
    this.#timers[limit?.directions === 'both' ? 'client' : side]?.refresh();
  }

  destroy(): void {
    clearTimeout(this.#timers.client);
    clearTimeout(this.#timers.engine);
    this.client.destroy();
    this.engine.destroy();
  }
}

function matches(pattern: RequestPattern, request: string): boolean {
  return request.startsWith(`${pattern.method} `) && pattern.path.test(request.slice(pattern.method.length + 1));
}

const refusalBody = '{"message":"refused by the proxy"}\n';
const refusal =
  'HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n' +
  `Content-Length: ${refusalBody.length}\r\nConnection: close\r\n\r\n${refusalBody}`;

/** The path of the socket of the engine that the tests use. */
export function engineSocket(): string {
  const host = process.env['DOCKER_HOST'] ?? '';
  return host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';
}
