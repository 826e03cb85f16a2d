import { array, nullish, object, optional, safeParse, string, type InferOutput } from 'valibot';

import { Failure } from '../../failure.ts';
import { isKnownApi, negotiateApi } from './api-version.ts';
import { checkSocket, explainConnectError } from './check-socket.ts';
import { type DockerClient, connectionErrorCode, makeDockerClient, refusalIn } from './docker-client.ts';
import { dockerEngine } from './docker-engine.ts';
import {
  type EngineAddress,
  type EngineEnvironment,
  formatEngineAddress,
  parseEngineAddress,
} from './engine-address.ts';
import type { EngineRoute } from './client-options.ts';
import type { Engine, EngineFlavour } from '../engine.ts';
import type { EngineRefusal } from '../refusal.ts';

/** The milliseconds within which an engine that accepts the connection must answer. */
const timeoutMs = 20_000;

/**
 * Connects to the engine that `environment` (normally `process.env`) names. Loads dockerode here and not earlier, because not every
 * command needs an engine. Throws a `Failure`: `engine-unreachable` if there is no socket, no listener, or another program answers,
 * `engine-denied` if access is denied, by the engine or by ssh, `engine-too-old` below API 1.41.
 */
export async function connectEngine(environment: EngineEnvironment): Promise<Engine> {
  const { client, flavour } = await connectClient(environment);
  return dockerEngine(client, flavour);
}

/** Connects to an engine at an address that no environment names, such as a node of a swarm. Throws as {@link connectEngine} does. */
export async function connectEngineAt(address: EngineAddress & EngineRoute): Promise<Engine> {
  const { client, flavour } = await connectBy(address, { route: address, explain: () => Promise.resolve(undefined) });
  return dockerEngine(client, flavour);
}

/** Connects to the engine that `environment` names, for requests beyond those of {@link Engine}. Throws as {@link connectEngine} does. */
export async function connectClient(environment: EngineEnvironment): Promise<Connection> {
  const address = parseEngineAddress(environment);
  return connectBy(address, await findWay(address, environment));
}

/** A client that speaks the version of its engine. */
interface Connection {
  readonly client: DockerClient;
  readonly flavour: EngineFlavour;
}

async function connectBy(address: EngineAddress, way: Way): Promise<Connection> {
  const client = await makeDockerClient(address, way.route);
  const { api, flavour } = await recognizeEngine(client, { address, ...way });
  client.speak(api);
  return { client, flavour };
}

/** The way to an engine. */
interface Way {
  readonly route: EngineRoute;
  /** Explains why requests get no answer; undefined if the way is not the reason. */
  readonly explain: (error: unknown) => Promise<Failure | undefined>;
}

async function findWay(address: EngineAddress, environment: EngineEnvironment): Promise<Way> {
  switch (address.kind) {
    case 'unix':
      await checkSocket(address.path);
      return { route: address, explain: (error) => explainConnectError(address.path, error) };
    case 'tcp':
      return { route: address, explain: () => Promise.resolve(undefined) };
    case 'ssh': {
      const { openSshLink } = await import('../ssh/ssh-link.ts');
      const { socket, explain } = await openSshLink(address, environment);
      return { route: { kind: 'link', path: socket }, explain };
    }
  }
}

/** A way, and the address to which it leads. */
interface Destination extends Way {
  readonly address: EngineAddress;
}

/**
 * Finds the API version to speak and the flavour. The headers of a ping have both. `GET /version` is slower, because Docker
 * starts other programs to ask for their versions: it is only for an engine without ping, or with an unknown API version.
 */
async function recognizeEngine(client: DockerClient, destination: Destination): Promise<Recognition> {
  const signal = AbortSignal.timeout(timeoutMs);
  // An error of the ping is ignored: `GET /version` then fails for the same reason, and its error is explained.
  const pinged = await client.ping(signal).catch(() => undefined);
  if (pinged?.api !== undefined && isKnownApi(pinged.api)) return { api: pinged.api, flavour: pinged.flavour };
  const { Version, ApiVersion, MinAPIVersion, Components } = await requestVersion(client, destination, signal);
  const api = negotiateApi({ engine: Version, api: ApiVersion }, MinAPIVersion ?? ApiVersion);
  return { api, flavour: Components.some(({ Name }) => Name === 'Podman Engine') ? 'podman' : 'docker' };
}

interface Recognition {
  readonly api: string;
  readonly flavour: EngineFlavour;
}

const versionAnswer = object({
  Version: string(),
  ApiVersion: string(),
  MinAPIVersion: optional(string()),
  Components: nullish(array(object({ Name: string() })), []),
});

/** `GET /version` without a version in the path, which every engine answers (Docker Engine API, "Versioning"). */
async function requestVersion(
  client: DockerClient,
  destination: Destination,
  signal: AbortSignal,
): Promise<InferOutput<typeof versionAnswer>> {
  let answer: unknown;
  try {
    answer = await (client.docker.version as (options: object) => Promise<unknown>).call(client.docker, {
      abortSignal: signal,
    });
  } catch (error) {
    throw await explainVersionError(error, destination, signal);
  }
  const { success, output } = safeParse(versionAnswer, answer);
  if (!success) throw unreachable(destination.address, 'the answer is not that of a Docker engine');
  return output;
}

async function explainVersionError(
  error: unknown,
  { address, explain }: Destination,
  signal: AbortSignal,
): Promise<unknown> {
  if (signal.aborted) return unreachable(address, `no answer within ${timeoutMs / 1000} s`, error);
  const explained = await explain(error);
  if (explained !== undefined) return explained;
  const refusal = refusalIn(error);
  if (refusal !== undefined) return explainRefusedVersion(address, refusal);
  if (!(error instanceof Error) || connectionErrorCode(error) === undefined) return error;
  return unreachable(address, error.message, error);
}

function explainRefusedVersion(address: EngineAddress, refusal: EngineRefusal): Failure {
  if (refusal.kind !== 'denied') return unreachable(address, refusal.message, refusal);
  const message = `failed to use the Docker engine at ${formatEngineAddress(address)}: ${refusal.message}`;
  return new Failure('engine-denied', message, {
    hint: 'an authorization plugin or a proxy in front of the engine refuses: allow the requests in least-privilege/allowed-requests',
    cause: refusal,
  });
}

function unreachable(address: EngineAddress, why: string, cause?: unknown): Failure {
  return new Failure(
    'engine-unreachable',
    `failed to reach the Docker engine at ${formatEngineAddress(address)}: ${why}`,
    { hint: adviceFor(address), cause },
  );
}

function adviceFor(address: EngineAddress): string {
  switch (address.kind) {
    case 'unix':
      return `check that the Docker engine is running (docker version); in a container, mount its socket with -v ${address.path}:${address.path}`;
    case 'tcp':
      return 'check that DOCKER_HOST, and for TLS DOCKER_TLS_VERIFY and DOCKER_CERT_PATH, are those of the engine, and that it is running';
    case 'ssh':
      return 'check that the engine runs on that machine, and that the shell of its user prints nothing when ssh runs a command';
  }
}
