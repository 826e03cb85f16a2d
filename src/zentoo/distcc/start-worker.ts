import { shellProgram } from '../../container-program.ts';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { ContainerSpec } from '../../engine/containers.ts';
import type { ContainerId } from '../../engine/identifiers.ts';
import { commandsIn } from '../../engine/run-command.ts';
import { Failure } from '../../failure.ts';
import { workerBuildmasterLabel, workerLabel, workerLog, workerNetwork, workerSlotsLabel } from './distcc-names.ts';
import { containerLimits } from '../run/machine-share.ts';
import type { SiteRun } from '../run/site-run.ts';
import { readWorkerLog } from './worker-log.ts';

/** A worker to start. */
export interface WorkerRequest {
  readonly name: string;
  readonly buildmaster: string;
  /** The name of its image. */
  readonly image: string;
  /** The number of compilers that it runs at the same time. */
  readonly slots: number;
  /** The subnets that it accepts jobs from: the subnets of the site's network of workers. */
  readonly allowed: readonly string[];
}

/**
 * Starts a worker and waits until its distccd serves. It runs until it is removed. It mounts nothing, is connected only to
 * the site's network of workers, and runs only the stage's compilers, as an unprivileged user. Throws `container-lost` if
 * distccd does not serve.
 */
export async function startWorker(run: SiteRun, request: WorkerRequest): Promise<ContainerId> {
  const { engine, site } = run;
  const { name, buildmaster, image, slots, allowed } = request;
  const id = await createWorker(run, name, {
    image,
    command: [
      ...shellProgram(new URL('./serve-distcc.sh', import.meta.url), 'zentoo-distccd', workerLog, String(slots)),
      ...allowed.flatMap((subnet) => ['--allow', subnet]),
    ],
    mounts: [],
    // The stage may name a user, who cannot write distccd's log; distccd itself gives root up.
    user: '0',
    labels: {
      [workerLabel]: site.name,
      [workerBuildmasterLabel]: buildmaster,
      [workerSlotsLabel]: String(slots),
    },
    init: true,
    network: workerNetwork(site),
    ...(await containerLimits(site.limits, engine)),
  });
  try {
    await engine.startContainer(id);
    if (await isServing(run, id)) return id;
    const logTail = (await readWorkerLog(engine, id)).split('\n').slice(-20);
    throw new Failure(
      'container-lost',
      `failed to start the distcc worker ${name}: its distccd does not accept connections`,
      {
        logTail,
        hint: `check that distccd works: docker run --rm ${image} distccd --version`,
      },
    );
  } catch (error) {
    await engine.removeContainer(id);
    throw error;
  }
}

/** Creates the container of a worker. Throws `site-taken` if another container has its name. */
async function createWorker({ engine }: SiteRun, name: string, spec: ContainerSpec): Promise<ContainerId> {
  try {
    return await engine.createContainer(name, spec);
  } catch (error) {
    if (!(error instanceof EngineRefusal) || error.kind !== 'conflict') throw error;
    throw new Failure('site-taken', `failed to start the distcc worker ${name}: another container has this name`, {
      hint: `if nobody needs the container, remove it: docker rm -f ${name}`,
      cause: error,
    });
  }
}

async function isServing({ engine }: Pick<SiteRun, 'engine'>, id: ContainerId): Promise<boolean> {
  const command = shellProgram(new URL('./await-distcc.sh', import.meta.url), 'zentoo-ready');
  try {
    const { exitCode } = await commandsIn(engine, id).run({ command });
    return exitCode === 0;
  } catch (error) {
    // The container has ended.
    if (error instanceof EngineRefusal && error.kind === 'conflict') return false;
    throw error;
  }
}
