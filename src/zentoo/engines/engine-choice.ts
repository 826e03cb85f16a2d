import { connectEngine } from '../../engine/docker/connect-engine.ts';
import type { EngineEnvironment } from '../../engine/docker/engine-address.ts';
import { hidePassword } from '../../engine/hide-password.ts';
import type { Engine } from '../../engine/engine.ts';
import type { StoreServer } from '../../serve/use-store-server.ts';
import type { Reserved } from './engine-room.ts';
import { Failure, failuresOf } from '../../failure.ts';

/** A further engine that the user chose. */
export interface EngineChoice {
  /** The name in the events of its tasks: that of the docker context, or the host or path of the address. */
  readonly name: string;
  /** The options by which `docker` uses the engine. */
  readonly options: readonly string[];
  /** Connects to the engine. Throws a `Failure` as `connectEngine` does. */
  readonly connect: () => Promise<Engine>;
  /** Whether the engine takes further orders; always if undefined. */
  readonly isOpen?: (() => boolean) | undefined;
  /** The number of containers at the same time, which may change; chosen by its machine if undefined. */
  readonly jobs?: (() => number | undefined) | undefined;
  /** The server from which its containers get packages and sources; they are copied if undefined. */
  readonly server?: StoreServer | undefined;
  /** What others have reserved on its machine; nothing if undefined. */
  readonly reserved?: (() => Reserved) | undefined;
}

const address = /^(unix|tcp|ssh):\/\/(\S+)$/;

/**
 * Reads the addresses and contexts of further engines, each once. `environment` has the certificates for TCP (`DOCKER_TLS_VERIFY`,
 * `DOCKER_CERT_PATH`) and the place of the contexts (`DOCKER_CONFIG`), as for the Docker CLI.
 */
export function chooseEngines(
  engines: readonly { readonly address: string; readonly jobs?: number | undefined }[],
  environment: EngineEnvironment,
): readonly EngineChoice[] {
  const distinct = [...new Set(engines.map(({ address }) => address))];
  const names = distinct.map(shortName);
  return distinct.map((endpoint, index) => {
    const jobs = engines.find((one) => one.address === endpoint && one.jobs !== undefined)?.jobs;
    const name = names[index] ?? endpoint;
    const isUnique = names.filter((other) => other === name).length === 1;
    const options = [address.test(endpoint) ? '--host' : '--context', endpoint];
    const choice = {
      name: isUnique ? name : hidePassword(endpoint),
      options,
      connect: () => connect(endpoint, environment),
    };
    return jobs === undefined ? choice : { ...choice, jobs: () => jobs };
  });
}

function shortName(endpoint: string): string {
  const [, scheme, place = ''] = address.exec(endpoint) ?? [];
  if (scheme === undefined) return endpoint;
  if (scheme === 'unix') return place;
  return /^(?:[^@/]*@)?(\[[^\]]*\]|[^:/]*)/.exec(place)?.[1] || place;
}

async function connect(endpoint: string, environment: EngineEnvironment): Promise<Engine> {
  const choice = address.test(endpoint)
    ? { DOCKER_HOST: endpoint, DOCKER_CONTEXT: undefined }
    : { DOCKER_HOST: undefined, DOCKER_CONTEXT: endpoint };
  try {
    return await connectEngine({ ...environment, ...choice });
  } catch (error) {
    const [failure] = failuresOf(error);
    if (failure === undefined) throw error;
    const message = failure.message.replace('failed to use DOCKER_HOST ', 'failed to use the further engine ');
    const hint = /DOCKER_HOST|docker context use/.test(failure.hint ?? '')
      ? `correct ${hidePassword(endpoint)} in engines: of site.yaml or in --engine: unix:///PATH, tcp://HOST:PORT, ssh://USER@HOST, or a name that docker context ls lists`
      : failure.hint;
    throw new Failure(failure.code, message, { hint, cause: error, logTail: failure.logTail });
  }
}
