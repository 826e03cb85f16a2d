import { setTimeout as delay } from 'node:timers/promises';
import type { AgentOptions, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';

import type Docker from 'dockerode';

import { Failure } from '../../failure.ts';
import { EnginePulse } from './engine-pulse.ts';
import { type EngineAddress, formatEngineAddress } from './engine-address.ts';
import type { EngineFlavour } from '../engine.ts';
import { EngineRefusal } from '../refusal.ts';

/** The information in the headers of the answer to a ping. */
export interface Pong {
  /** The highest API version of the engine; undefined if it is not an engine that answers. */
  readonly api: string | undefined;
  readonly flavour: EngineFlavour;
}

/** dockerode, with its errors converted into a `Failure` or an {@link EngineRefusal}. */
export interface DockerClient {
  readonly address: string;
  readonly docker: Docker;
  /** Asks `GET /_ping`. */
  ping(signal: AbortSignal): Promise<Pong>;
  /** Sets the API version, such as `1.41`, of all further requests. */
  speak(api: string): void;
  /**
   * Sends one request; `step` completes "failed to ...". Throws an {@link EngineRefusal} if the engine answers with an error,
   * a `Failure` `engine-lost` if the connection fails, and the reason of `signal` if it is aborted.
   */
  call<T>(step: string, request: (docker: Docker) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Like `call`, for requests that may be repeated: up to three attempts if the connection is cut. */
  repeat<T>(step: string, request: (docker: Docker) => Promise<T>): Promise<T>;
}

/**
 * The module is not imported, because an import reads all exports of a module, here also a WebSocket client, which takes 28 ms
 * to load.
 */
const { Agent: HttpAgent } = process.getBuiltinModule('node:http');

/** The number of attempts of a request whose answer is lost, and the milliseconds between them. */
const attempts = 3;
const pauseMs = 100;

/** Loads dockerode, which takes some 100 ms, and makes a client. Sends nothing. */
export async function makeDockerClient(address: EngineAddress): Promise<DockerClient> {
  const { default: DockerConstructor } = await import('dockerode');
  const docker = new DockerConstructor(clientOptions(address));
  surviveCuts(docker.modem);
  refuseStrayPaths(docker.modem);
  const where = formatEngineAddress(address);
  const pulse = address.kind === 'unix' ? undefined : new EnginePulse((signal) => pingWith(docker.modem, signal));
  const call: DockerClient['call'] = async (step, request, signal) => {
    signal?.throwIfAborted();
    try {
      return await (pulse === undefined ? request(docker) : pulse.watch(request(docker)));
    } catch (error) {
      signal?.throwIfAborted();
      throw engineError(error, step, where);
    }
  };
  return {
    address: where,
    docker,
    call,
    async ping(signal) {
      const { headers } = await pingWith(docker.modem, signal);
      const api = headers['api-version'];
      const flavour = headers['libpod-api-version'] === undefined ? 'docker' : 'podman';
      return { api: typeof api === 'string' ? api : undefined, flavour };
    },
    speak(api) {
      (docker.modem as unknown as { version: string }).version = `v${api}`;
    },
    async repeat(step, request) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await call(step, request);
        } catch (error) {
          if (attempt === attempts || !isCut(error)) throw error;
          await delay(pauseMs);
        }
      }
    },
  };
}

/** Whether a connection was made and ended before the answer did. */
function isCut(error: unknown): boolean {
  return error instanceof Failure && ['ECONNRESET', 'EPIPE'].includes(connectionErrorCode(error.cause) ?? '');
}

/** The code of a connection error, such as ECONNREFUSED; undefined for errors of another kind. */
export function connectionErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  // Reading a file to send fails with the same codes as connecting to a socket.
  if (pathErrors.has(code)) return syscall === 'connect' ? code : undefined;
  return connectionErrors.test(code) ? code : undefined;
}

const pathErrors: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENOTSOCK', 'EACCES', 'EPERM']);
const connectionErrors =
  /^(E(CONN\w+|PIPE|TIMEDOUT|HOST\w+|NET\w+|ADDR\w+|NOTFOUND|AI_\w+|PROTO)|HPE_\w+|ERR_(TLS|SSL|STREAM)_\w+|\w*CERT\w*)$/;

/** The engine's refusal in an error of dockerode; undefined if the error is not an answer of the engine. */
export function refusalIn(error: unknown): EngineRefusal | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || typeof error.statusCode !== 'number') return undefined;
  // The answer to a HEAD request has no body.
  const message = engineMessage(error.message) || `HTTP status ${error.statusCode}`;
  return new EngineRefusal(error.statusCode, message, { cause: error });
}

function engineError(error: unknown, step: string, address: string): unknown {
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refusal;
  if (!(error instanceof Error) || connectionErrorCode(error) === undefined) return error;
  return new Failure('engine-lost', `failed to ${step}: lost the Docker engine at ${address} (${error.message})`, {
    hint: 'check that the engine is running (docker version), then run again',
    cause: error,
  });
}

/** The engine's message, without the prefix of docker-modem: `(HTTP code 404) no such container - `. */
function engineMessage(message: string): string {
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}

/**
 * Accepts every answer below 400. dockerode rejects a 304 (the container is running already) and Podman's 201 for a
 * resize.
 */
export async function acceptBelow400(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    const { statusCode } = error as { readonly statusCode?: unknown };
    if (typeof statusCode !== 'number' || statusCode >= 400) throw error;
  }
}

function clientOptions(address: EngineAddress): Docker.DockerOptions {
  // If a setting is missing, docker-modem takes it from DOCKER_HOST or another variable. So `absent` sets unused settings to
  // undefined. Each request has its own connection, because a proxy may have cut an idle connection before it is used again.
  const agentOptions = { keepAlive: false };
  if (address.kind === 'unix') {
    // A socket has no server name; without this setting, Node checks at each request whether `localhost` is an address.
    const agent = withShortText(new HttpAgent({ ...agentOptions, servername: '' } as AgentOptions));
    return { socketPath: address.path, protocol: 'http', agent, ...absent, host: undefined } as Docker.DockerOptions;
  }
  const { host, port, tls } = address;
  const agent = withShortText(
    withConnectLimit(tls === undefined ? new HttpAgent(agentOptions) : httpsAgent({ ...agentOptions, ...tls })),
  );
  const protocol = tls === undefined ? 'http' : 'https';
  return { ...absent, host, port, protocol, agent, ...tls } as unknown as Docker.DockerOptions;
}

/**
 * Shortens the text of an agent: docker-modem formats the agent at each request, even without debug output, which takes 1 ms.
 */
function withShortText<T extends object>(agent: T): T {
  return Object.assign(agent, { [inspect.custom]: () => 'agent' });
}

/** The milliseconds within which a connection to an engine on another machine must be made. */
const connectLimitMs = 5000;

/**
 * Limits the time for making a connection. Without it, a request to a machine that was cut off would wait for two minutes, the
 * kernel's own limit.
 */
function withConnectLimit<T extends object>(agent: T): T {
  const { createConnection } = agent as { createConnection: (...args: unknown[]) => Socket };
  return Object.assign(agent, {
    createConnection: (...args: unknown[]) => {
      const socket = createConnection.apply(agent, args);
      const timer = setTimeout(() => {
        const error = new Error(`no connection within ${connectLimitMs / 1000} s`);
        socket.destroy(Object.assign(error, { code: 'ETIMEDOUT' }));
      }, connectLimitMs);
      const stop = () => clearTimeout(timer);
      socket.once('connect', stop).once('close', stop);
      return socket;
    },
  });
}

/** Loads TLS only when it is needed, because it takes as long to load as the rest and few engines use it. */
function httpsAgent(options: AgentOptions): object {
  const { Agent } = process.getBuiltinModule('node:https');
  return new Agent(options);
}

const absent = { ca: undefined, cert: undefined, key: undefined, timeout: undefined, pathPrefix: '/' };

function pingWith(modem: { dial: unknown }, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { path: '/_ping', method: 'GET', isStream: true, statusCodes: { 200: true }, abortSignal: signal };
  (modem.dial as Dial)(options, (error, response) => {
    if (error) return reject(error);
    // The body is not needed.
    resolve((response as IncomingMessage).resume());
  });
  return promise;
}

type Dial = (
  options: { path: string; isStream?: boolean },
  callback: (error: unknown, result?: unknown) => void,
) => void;

/**
 * Makes a request fail if its connection ends in the middle of the answer. docker-modem itself never settles then, because it
 * only listens for the end of the answer; an example is `wait`, which sends its headers at once. So this function requests
 * each answer as a stream and collects it.
 */
function surviveCuts(modem: { dial: unknown }): void {
  const dial = (modem.dial as Dial).bind(modem);
  const collectingDial: Dial = (options, callback) => {
    if (options.isStream === true) return dial(options, callback);
    return dial({ ...options, isStream: true }, (error, response) => {
      if (error) callback(error);
      else collect(response as IncomingMessage).then((body) => callback(null, body), callback);
    });
  };
  modem.dial = collectingDial;
}

/**
 * Answers `absent` instead of sending a request whose path leads to another object: dockerode puts names into paths as they are, and
 * a name such as `../images/x` or an empty one, for example from a label, would reach an object of another kind.
 */
function refuseStrayPaths(modem: { dial: unknown }): void {
  const dial = (modem.dial as Dial).bind(modem);
  const checkingDial: Dial = (options, callback) => {
    const [path = ''] = options.path.split('?');
    const isStray = path.split('/').some((part, index) => index > 0 && ['', '.', '..'].includes(part));
    if (isStray) callback(Object.assign(new Error('no such object: its name is a path'), { statusCode: 404 }));
    else dial(options, callback);
  };
  modem.dial = checkingDial;
}

async function collect(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
