import type { Containers } from './containers.ts';
import type { Execs } from './execs.ts';
import type { Images } from './images.ts';
import type { Networks } from './networks.ts';
import type { Volumes } from './volumes.ts';

/** The program behind the API: Podman's Docker-compatible socket answers some requests differently. */
export type EngineFlavour = 'docker' | 'podman';

/** The answer to `GET /version`. The API version is `major.minor`, the highest one that the engine speaks. */
export interface EngineVersion {
  readonly engine: string;
  readonly api: string;
}

/** The parts of `GET /info` that builds depend on. */
export interface EngineInfo {
  readonly id: string;
  readonly cpus: number;
  /** The memory of the engine's machine in bytes. */
  readonly memory: number;
  /** The architecture in the words of uname(1): `x86_64`, `aarch64`. */
  readonly architecture: string;
  /** The directory of containers, volumes and images, as a path on the engine's host. */
  readonly dataRoot: string;
}

/**
 * The parts of the Docker Engine API that this project needs. Every method throws a `Failure` (`engine-unreachable`,
 * `engine-denied` or `engine-lost`) if the connection fails, and an `EngineRefusal` if the engine answers with an error.
 * If an object does not exist, inspecting methods return undefined and removing methods do nothing.
 */
export interface Engine extends Images, Containers, Execs, Volumes, Networks {
  /** `unix:///path`, `tcp://host:port` or `ssh://user@host`, as in `DOCKER_HOST`. */
  readonly address: string;
  readonly flavour: EngineFlavour;

  /** The time of the last sign of life: an answer, or a byte of an attached process. In milliseconds of `performance.now()`. */
  lastHeard(): number;
  /** Whether the engine answers a ping within 5 s. Throws nothing; false if the signal is aborted. */
  isAnswering(signal: AbortSignal): Promise<boolean>;
  version(): Promise<EngineVersion>;
  info(): Promise<EngineInfo>;
}
