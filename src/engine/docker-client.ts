import { setTimeout as delay } from 'node:timers/promises';
import type { AgentOptions, IncomingMessage } from 'node:http';
import { inspect } from 'node:util';

import type Docker from 'dockerode';

import { Failure } from '../failure.ts';
import { type EngineAddress, formatEngineAddress } from './engine-address.ts';
import { EngineRefusal } from './engine.ts';

/** dockerode, with its errors made into this project's. */
export interface DockerClient {
  readonly address: string;
  readonly docker: Docker;
  /** The header of the answer to `GET /_ping` that says the highest API version; undefined in whatever else answers. */
  ping(signal: AbortSignal): Promise<string | undefined>;
  /** Says which API version, such as `1.41`, all further requests are made in. */
  speak(api: string): void;
  /**
   * Runs one request; `step` completes "failed to ...". Throws an {@link EngineRefusal} when the engine answers with an
   * error, a `Failure` `engine-lost` when the connection fails, and the reason of `signal` when that is aborted.
   */
  call<T>(step: string, request: (docker: Docker) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** The same for requests that may safely be made twice: when the connection is cut, up to three attempts. */
  repeat<T>(step: string, request: (docker: Docker) => Promise<T>): Promise<T>;
}

/** Not imported: an import reads all that a module exports, here a WebSocket client too, which takes 28 ms to load. */
const { Agent: HttpAgent } = process.getBuiltinModule('node:http');

/** How often a request is made whose answer was lost, and the milliseconds in between. */
const attempts = 3;
const pauseMs = 100;

/** Loads dockerode, which takes some 100 ms, and makes a client. Nothing is sent yet. */
export async function makeDockerClient(address: EngineAddress): Promise<DockerClient> {
  const { default: DockerConstructor } = await import('dockerode');
  const docker = new DockerConstructor(clientOptions(address));
  surviveCuts(docker.modem);
  const where = formatEngineAddress(address);
  const call: DockerClient['call'] = async (step, request, signal) => {
    signal?.throwIfAborted();
    try {
      return await request(docker);
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
      return typeof api === 'string' ? api : undefined;
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

/** Whether the connection was there and ended before the answer did. */
function isCut(error: unknown): boolean {
  return error instanceof Failure && ['ECONNRESET', 'EPIPE'].includes(connectionErrorCode(error.cause) ?? '');
}

/** The code of a connection error, such as ECONNREFUSED; undefined for errors of another kind. */
export function connectionErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') return undefined;
  // Reading a file that is to be sent fails with the same codes as connecting to a socket does.
  if (pathErrors.has(code)) return syscall === 'connect' ? code : undefined;
  return connectionErrors.test(code) ? code : undefined;
}

const pathErrors: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENOTSOCK', 'EACCES', 'EPERM']);
const connectionErrors =
  /^(E(CONN\w+|PIPE|TIMEDOUT|HOST\w+|NET\w+|ADDR\w+|NOTFOUND|AI_\w+|PROTO)|HPE_\w+|ERR_(TLS|SSL|STREAM)_\w+|\w*CERT\w*)$/;

function engineError(error: unknown, step: string, address: string): unknown {
  const answer = error as { readonly statusCode?: unknown; readonly message?: unknown };
  if (error instanceof Error && typeof answer.statusCode === 'number') {
    // An answer to HEAD has no body, and so no words.
    const message = engineMessage(error.message) || `HTTP status ${answer.statusCode}`;
    return new EngineRefusal(dockerStatus(answer.statusCode, message), message, { cause: error });
  }
  if (connectionErrorCode(error) === undefined) return error;
  return new Failure(
    'engine-lost',
    `failed to ${step}: lost the Docker engine at ${address} (${String(answer.message)})`,
    {
      hint: 'see whether the engine is running (docker version), then run again',
      cause: error,
    },
  );
}

/** docker-modem puts `(HTTP code 404) no such container - ` before what the engine said. */
function engineMessage(message: string): string {
  return message.replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
}

/**
 * Podman answers 500 where Docker says 409: a name that is taken, a container that is not in the right state; and for a
 * container that goes away at this moment, where Docker says 404.
 */
function dockerStatus(status: number, message: string): number {
  if (status !== 500) return status;
  if (/already in use|already exists|container state improper/.test(message)) return 409;
  return /no such container/.test(message) ? 404 : status;
}

function clientOptions(address: EngineAddress): Docker.DockerOptions {
  // docker-modem reads DOCKER_HOST and others by itself: what is undefined here is so to keep them out. A connection
  // for each request, because a proxy in between may have cut an idle one by the time that it is used again.
  const agentOptions = { keepAlive: false };
  if (address.kind === 'unix') {
    // No server has a name there: otherwise Node looks at each request whether `localhost` is an address.
    const agent = indescribable(new HttpAgent({ ...agentOptions, servername: '' } as AgentOptions));
    return { socketPath: address.path, protocol: 'http', agent, ...absent, host: undefined } as Docker.DockerOptions;
  }
  const { host, port, tls } = address;
  const agent = indescribable(tls === undefined ? new HttpAgent(agentOptions) : httpsAgent(agentOptions));
  const protocol = tls === undefined ? 'http' : 'https';
  return { ...absent, host, port, protocol, agent, ...tls } as unknown as Docker.DockerOptions;
}

/**
 * docker-modem describes the options of each request, with the whole of their agent, for a debugging output that nobody
 * has switched on: a millisecond or more each time.
 */
function indescribable<T extends object>(agent: T): T {
  return Object.assign(agent, { [inspect.custom]: () => 'agent' });
}

/** TLS takes as long to load as everything else here, and few engines are behind it. */
function httpsAgent(options: { readonly keepAlive: boolean }): object {
  const { Agent } = process.getBuiltinModule('node:https');
  return new Agent(options);
}

const absent = { ca: undefined, cert: undefined, key: undefined, timeout: undefined, pathPrefix: '/' };

function pingWith(modem: { dial: unknown }, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = { path: '/_ping', method: 'GET', isStream: true, statusCodes: { 200: true }, abortSignal: signal };
  (modem.dial as Dial)(options, (error, response) => {
    if (error) return reject(error);
    // What it says besides is of no interest.
    resolve((response as IncomingMessage).resume());
  });
  return promise;
}

type Dial = (options: { isStream?: boolean }, callback: (error: unknown, result?: unknown) => void) => void;

/**
 * docker-modem never settles when a connection ends in the middle of an answer, as `wait` does whose head comes at
 * once: it listens for the end of the answer only. So every answer is taken as a stream and collected here.
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
