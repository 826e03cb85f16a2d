import { Failure } from '../failure.ts';
import { isKnownApi, negotiateApi } from './api-version.ts';
import { checkSocket, explainConnectError } from './check-socket.ts';
import { type DockerClient, connectionErrorCode, makeDockerClient } from './docker-client.ts';
import { dockerEngine } from './docker-engine.ts';
import {
  type EngineAddress,
  type EngineEnvironment,
  formatEngineAddress,
  parseEngineAddress,
} from './engine-address.ts';
import { type Engine, EngineRefusal } from './engine.ts';

/** Milliseconds until an engine that accepts the connection must have said its version. */
const patience = 20_000;

/**
 * The engine that `environment` (normally `process.env`) names, after it has answered; dockerode is loaded only now.
 * Throws a `Failure`: `engine-unreachable` when there is no socket, nobody listens or something else answers,
 * `engine-denied` when it may not be used, `engine-too-old` below API 1.41.
 */
export async function connectEngine(environment: EngineEnvironment): Promise<Engine> {
  const address = parseEngineAddress(environment);
  if (address.kind === 'unix') await checkSocket(address.path);
  const client = await makeDockerClient(address);
  client.speak(await findApi(client, address));
  return dockerEngine(client);
}

/**
 * The version to speak. A ping says the engine's highest at once; for its version Docker starts other programs, to say
 * theirs as well. Only who has no ping, or a version that this project does not know, is asked for that.
 */
async function findApi(client: DockerClient, address: EngineAddress): Promise<string> {
  const signal = AbortSignal.timeout(patience);
  // Whatever is wrong is wrong with the version, too, and is explained there.
  const pinged = await client.ping(signal).catch(() => undefined);
  if (pinged !== undefined && isKnownApi(pinged)) return pinged;
  const { engine, api, minimum } = await greet(client, address, signal);
  return negotiateApi({ engine, api }, minimum);
}

interface Greeting {
  readonly engine: string;
  readonly api: string;
  readonly minimum: string;
}

/** `GET /version` without a version in the path, which every engine answers (Docker Engine API, "Versioning"). */
async function greet(client: DockerClient, address: EngineAddress, signal: AbortSignal): Promise<Greeting> {
  let answer: unknown;
  try {
    answer = await (client.docker.version as (options: object) => Promise<unknown>).call(client.docker, {
      abortSignal: signal,
    });
  } catch (error) {
    throw await explainGreeting(error, address, signal);
  }
  const { Version, ApiVersion, MinAPIVersion } = answer as Readonly<Record<string, unknown>>;
  if (typeof Version !== 'string' || typeof ApiVersion !== 'string') {
    throw unreachable(address, 'what answers is not a Docker engine');
  }
  return { engine: Version, api: ApiVersion, minimum: typeof MinAPIVersion === 'string' ? MinAPIVersion : ApiVersion };
}

async function explainGreeting(error: unknown, address: EngineAddress, signal: AbortSignal): Promise<unknown> {
  if (signal.aborted) return unreachable(address, `no answer within ${patience / 1000} s`, error);
  const explained = address.kind === 'unix' ? await explainConnectError(address.path, error) : undefined;
  if (explained !== undefined) return explained;
  const status = (error as { statusCode?: unknown }).statusCode;
  if (typeof status === 'number') return refusedGreeting(address, new EngineRefusal(status, (error as Error).message));
  const code = connectionErrorCode(error);
  return code === undefined ? error : unreachable(address, (error as Error).message, error);
}

function refusedGreeting(address: EngineAddress, refusal: EngineRefusal): Failure {
  if (refusal.status !== 401 && refusal.status !== 403) return unreachable(address, refusal.message, refusal);
  const message = `failed to use the Docker engine at ${formatEngineAddress(address)}: ${refusal.message}`;
  return new Failure('engine-denied', message, {
    hint: 'an authorization plugin or a proxy in front of the engine refuses: allow what README lists as needed',
    cause: refusal,
  });
}

function unreachable(address: EngineAddress, why: string, cause?: unknown): Failure {
  const hint =
    address.kind === 'unix'
      ? `see whether the Docker engine is running (docker version); in a container, mount its socket with -v ${address.path}:${address.path}`
      : 'see whether DOCKER_HOST, and for TLS DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, are those of the engine, and whether it is running';
  return new Failure(
    'engine-unreachable',
    `failed to reach the Docker engine at ${formatEngineAddress(address)}: ${why}`,
    {
      hint,
      cause,
    },
  );
}
