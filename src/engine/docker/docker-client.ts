import type { IncomingHttpHeaders } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

import type Docker from 'dockerode';

import { Failure } from '../../failure.ts';
import { clientOptions, type EngineRoute } from './client-options.ts';
import { EnginePulse } from './engine-pulse.ts';
import { type EngineAddress, formatEngineAddress } from './engine-address.ts';
import { pingWith, refuseStrayPaths, rejectCutAnswers } from './patch-modem.ts';
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
  /** Notes a sign of life of the engine. */
  hear(): void;
  /** See `Engine.lastHeard`. */
  lastHeard(): number;
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

/** The number of attempts of a request whose answer is lost, and the milliseconds between them. */
const attempts = 3;
const pauseMs = 100;

/** Loads dockerode, which not every command needs, and makes a client for an engine that `route` leads to. Sends nothing. */
export async function makeDockerClient(address: EngineAddress, route: EngineRoute): Promise<DockerClient> {
  const { default: DockerConstructor } = await import('dockerode');
  const docker = new DockerConstructor(clientOptions(route));
  rejectCutAnswers(docker.modem);
  refuseStrayPaths(docker.modem);
  const where = formatEngineAddress(address);
  let heardAt = performance.now();
  const hear = () => void (heardAt = performance.now());
  const pinged = (signal: AbortSignal) => pingWith(docker.modem, signal).then(hear);
  const pulse = address.kind === 'unix' ? undefined : new EnginePulse(pinged);
  const send = <T>(request: (docker: Docker) => Promise<T>) =>
    pulse === undefined ? request(docker) : pulse.watch(request(docker));
  const call: DockerClient['call'] = async (step, request, signal) => {
    signal?.throwIfAborted();
    try {
      const answer = await send(request);
      hear();
      return answer;
    } catch (error) {
      if (refusalIn(error) !== undefined) hear();
      signal?.throwIfAborted();
      throw engineError(error, step, where);
    }
  };
  return {
    address: where,
    docker,
    call,
    hear,
    lastHeard: () => heardAt,
    async ping(signal) {
      const { headers } = await pingWith(docker.modem, signal);
      hear();
      return pongIn(headers);
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

function pongIn(headers: IncomingHttpHeaders): Pong {
  const api = headers['api-version'];
  const flavour = headers['libpod-api-version'] === undefined ? 'docker' : 'podman';
  return { api: typeof api === 'string' ? api : undefined, flavour };
}

/** Whether a connection was made and ended before the answer did. */
function isCut(error: unknown): boolean {
  return error instanceof Failure && ['ECONNRESET', 'EPIPE'].includes(connectionErrorCode(error.cause) ?? '');
}

/** The code of an error of Node, such as `ECONNREFUSED`; undefined if the error has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The code of a connection error, such as ECONNREFUSED; undefined for errors of another kind. */
export function connectionErrorCode(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === undefined) return undefined;
  // Reading a file to send fails with the same codes as connecting to a socket.
  if (pathErrors.has(code)) return isOfConnecting(error) ? code : undefined;
  return connectionErrors.test(code) ? code : undefined;
}

function isOfConnecting(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect';
}

const pathErrors: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ENOTSOCK', 'EACCES', 'EPERM']);
const connectionErrors =
  /^(E(CONN\w+|PIPE|TIMEDOUT|HOST\w+|NET\w+|ADDR\w+|NOTFOUND|AI_\w+|PROTO)|HPE_\w+|ERR_(TLS|SSL|STREAM)_\w+|\w*CERT\w*)$/;

/** The engine's refusal in an error of dockerode; undefined if the error is not an answer of the engine. */
export function refusalIn(error: unknown): EngineRefusal | undefined {
  const status = statusIn(error);
  if (!(error instanceof Error) || status === undefined) return undefined;
  // The answer to a HEAD request has no body.
  const message = engineMessage(error.message) || `HTTP status ${status}`;
  return new EngineRefusal(status, message, { cause: error });
}

/** The HTTP status in an error of dockerode; undefined if it has none. */
function statusIn(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('statusCode' in error)) return undefined;
  return typeof error.statusCode === 'number' ? error.statusCode : undefined;
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
    const status = statusIn(error);
    if (status === undefined || status >= 400) throw error;
  }
}
