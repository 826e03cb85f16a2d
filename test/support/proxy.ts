import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A pattern for requests. The path is from the request line, with version and query. */
export interface RequestPattern {
  readonly method: string;
  readonly path: RegExp;
  /** The number of requests that it applies to; all if undefined. */
  readonly times?: number;
}

/** The rule for cutting silent connections. */
export interface SilenceLimit {
  readonly milliseconds: number;
  /**
   * `both`: cuts a connection that is silent in both directions. `each`: watches each direction, so that a connection with data
   * in only one direction is cut too.
   */
  readonly directions: 'both' | 'each';
}

/** The faults that the proxy makes. A test may change them at any time; they apply to later events. */
export interface ProxyRules {
  silence?: SilenceLimit;
  /** The delay of all data in milliseconds, in both directions. */
  delay?: number;
  /** Requests that the proxy answers with 403 and does not pass on. */
  refuse?: readonly RequestPattern[];
  /**
   * Requests that the proxy passes on. When the answer begins, the proxy cuts the connection instead of passing the answer on.
   */
  loseAnswer?: readonly RequestPattern[];
  /** Requests that the proxy does not pass on before {@link EngineProxy.release}. */
  hold?: readonly RequestPattern[];
}

/**
 * A proxy between a client and the engine's socket, with its own socket in a temporary directory. It makes the faults of
 * networks. Of HTTP it reads only the request line at the start of a client's data.
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
  readonly #held = Promise.withResolvers<string>();

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

  /** Resolves with the first request that the proxy holds back. */
  get held(): Promise<string> {
    return this.#held.promise;
  }

  /** Passes on the requests that it holds back. From now on it holds none. */
  release(): void {
    this.rules.hold = [];
    for (const connection of this.#connections) {
      for (const chunk of connection.held.splice(0))
        this.#pass(connection, connection.client, connection.engine, chunk);
    }
  }

  /** Cuts all open connections, or only connections whose last request matches. */
  cut(pattern?: RequestPattern): void {
    for (const connection of this.#connections) {
      if (pattern === undefined || matches(pattern, connection.request)) this.#cut(connection);
    }
  }

  /** From now on cuts the open connections whose last request matches when they are silent, whatever the rules say. */
  cutWhenSilent(pattern: RequestPattern, limit: SilenceLimit): void {
    for (const connection of this.#connections) {
      if (matches(pattern, connection.request)) connection.watch(limit, () => this.#cut(connection));
    }
  }

  /** Stops passing data on all open connections, and leaves them half open. */
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
    if (this.rules.silence !== undefined) connection.watch(this.rules.silence, () => this.#cut(connection));
  }

  #fromClient(connection: Connection, chunk: Buffer): void {
    connection.heard('client');
    const request = /^([A-Z]+ \/\S*) HTTP\/1\.1\r\n/.exec(chunk.toString('latin1', 0, 8192))?.[1];
    if (request !== undefined) {
      this.requests.push(request);
      connection.request = request;
      if (this.#isDue(this.rules.refuse, request)) {
        connection.client.end(refusal);
        return;
      }
      connection.losesAnswer = this.#isDue(this.rules.loseAnswer, request);
      if (this.#isDue(this.rules.hold, request)) {
        connection.held.push(chunk);
        this.#held.resolve(request);
        return;
      }
    }
    if (connection.held.length > 0) {
      connection.held.push(chunk);
      return;
    }
    this.#pass(connection, connection.client, connection.engine, chunk);
  }

  #fromEngine(connection: Connection, chunk: Buffer): void {
    if (connection.losesAnswer) {
      this.#cut(connection);
      return;
    }
    connection.heard('engine');
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
    else setTimeout(action, delay).unref();
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
  /** The data that it has held back since a request that is held. */
  readonly held: Buffer[] = [];
  #watches: { client?: SilenceWatch; engine?: SilenceWatch } = {};

  constructor(client: Socket, engine: Socket) {
    this.client = client;
    this.engine = engine;
  }

  /** Calls back if the connection is silent; the limit is for this connection, whatever the rules say later. */
  watch({ milliseconds, directions }: SilenceLimit, onSilence: () => void): void {
    const client = new SilenceWatch(milliseconds, onSilence);
    this.#watches = { client, engine: directions === 'both' ? client : new SilenceWatch(milliseconds, onSilence) };
  }

  heard(side: 'client' | 'engine'): void {
    this.#watches[side]?.heard();
  }

  destroy(): void {
    this.#watches.client?.stop();
    this.#watches.engine?.stop();
    this.client.destroy();
    this.engine.destroy();
  }
}

/**
 * Calls back once after a time of silence. It counts eighths of that time: while the machine is too busy to run this process,
 * at most one of them passes, and data that came meanwhile is heard before the next.
 */
class SilenceWatch {
  readonly #timer: NodeJS.Timeout;
  #eighths = 0;

  constructor(milliseconds: number, onSilence: () => void) {
    this.#timer = setInterval(() => {
      if (++this.#eighths < 8) return;
      this.stop();
      onSilence();
    }, milliseconds / 8);
  }

  heard(): void {
    this.#eighths = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
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
