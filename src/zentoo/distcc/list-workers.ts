import type { ContainerState } from '../../engine/containers.ts';
import type { ContainerId } from '../../engine/identifiers.ts';
import { commandsIn } from '../../engine/run-command.ts';
import { disproveWorker } from '../../ownership/ownership.ts';
import { identifyCompiler } from './compiler-identity.ts';
import {
  workerBuildmasterLabel,
  workerChostLabel,
  workerCompilerLabel,
  workerDigestLabel,
  workerImageLabel,
  workerLabel,
  workerNetwork,
  workerSlotsLabel,
} from './distcc-names.ts';
import type { SiteRun } from '../run/site-run.ts';
import { countJobs, readWorkerLog } from './worker-log.ts';

/** A worker, as the engine describes it. */
export interface Worker {
  readonly id: ContainerId;
  readonly name: string;
  /** The name of the buildmaster that it compiles for. */
  readonly buildmaster: string;
  readonly state: ContainerState;
  /** The name of its image. */
  readonly image: string;
  /** The number of compilers that it runs at the same time. */
  readonly slots: number;
  /** The version of its buildmaster's compiler, as the compiler prints it. */
  readonly compiler: string;
  /** The digest of its buildmaster's compiler. */
  readonly digest: string;
  readonly chost: string;
  /** Its address in the network of workers; undefined if it is not running. */
  readonly address: string | undefined;
}

/** A worker compared with the current site. */
export interface WorkerStatus extends Worker {
  /** Whether a tuple of the site still uses its buildmaster. */
  readonly isCurrent: boolean;
  /** Whether its compiler equals its buildmaster's compiler; undefined if it is not running. */
  readonly hasSameCompiler: boolean | undefined;
  /** The number of files that it has compiled. */
  readonly jobs: number;
}

/**
 * Lists the workers of a site, running or not, sorted by name. A container that only has the label of a worker is left out;
 * `onForeign` is told why.
 */
export async function listWorkers(
  { engine, site }: Pick<SiteRun, 'engine' | 'site'>,
  onForeign: (why: string) => void | Promise<void> = () => undefined,
): Promise<readonly Worker[]> {
  const ids = await engine.containersWithLabel(`${workerLabel}=${site.name}`);
  if (ids.length === 0) return [];
  const endpoints = (await engine.inspectNetwork(workerNetwork(site)))?.endpoints ?? [];
  const workers: Worker[] = [];
  for (const id of ids) {
    const found = await engine.inspectContainer(id);
    if (found === undefined) continue;
    const { name, state, labels } = found;
    const why = disproveWorker(found, site.name);
    if (why !== undefined) {
      await onForeign(`left the container ${name} as it is: it has the label ${workerLabel}, but ${why}`);
      continue;
    }
    workers.push({
      id,
      name,
      buildmaster: labels[workerBuildmasterLabel] ?? '',
      state,
      image: labels[workerImageLabel] ?? '',
      slots: /^[1-9]\d{0,3}$/.test(labels[workerSlotsLabel] ?? '') ? Number(labels[workerSlotsLabel]) : 1,
      compiler: labels[workerCompilerLabel] ?? '',
      digest: labels[workerDigestLabel] ?? '',
      chost: labels[workerChostLabel] ?? '',
      address: endpoints.find(({ container }) => container === id)?.address,
    });
  }
  return workers.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Compares each worker of a site with the current site. The run has all tuples of the site. */
export async function describeWorkers(run: SiteRun): Promise<readonly WorkerStatus[]> {
  const { engine, tuples } = run;
  const current = new Set(tuples.map(({ buildmaster }) => buildmaster.name));
  const all: WorkerStatus[] = [];
  const onForeign = (message: string) => run.report({ type: 'warning', message });
  for (const worker of await listWorkers(run, onForeign)) {
    const { id, state, chost, digest, buildmaster } = worker;
    all.push({
      ...worker,
      isCurrent: current.has(buildmaster),
      hasSameCompiler:
        state === 'running' ? (await identifyCompiler(commandsIn(engine, id), chost)).digest === digest : undefined,
      jobs: countJobs(await readWorkerLog(engine, id)),
    });
  }
  return all;
}
