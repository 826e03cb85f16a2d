import type { ContainerId, ContainerState } from '../../engine/engine.ts';
import { fingerprintBuildmaster } from '../../plan/fingerprint.ts';
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
import { buildmasterName } from '../tuple/make-buildmaster.ts';
import type { SiteRun } from '../tuple/site-run.ts';
import { surroundingsOf } from '../tuple/surroundings.ts';
import { countJobs, readWorkerLog } from './worker-log.ts';

/** A worker, as the engine has it. */
export interface Worker {
  readonly id: ContainerId;
  readonly name: string;
  /** The name of the buildmaster that it compiles for. */
  readonly buildmaster: string;
  readonly state: ContainerState;
  /** The name of its image. */
  readonly image: string;
  /** How many compilers it runs at once. */
  readonly slots: number;
  /** The compiler of its buildmaster, as that says it. */
  readonly compiler: string;
  /** The digest of that. */
  readonly digest: string;
  readonly chost: string;
  /** In the network of workers; undefined where it does not run. */
  readonly address: string | undefined;
}

/** A worker, and what there is to say of it. */
export interface WorkerStatus extends Worker {
  /** Whether a tuple of the site would be compiled in a buildmaster of that name now. */
  readonly isCurrent: boolean;
  /** Whether it compiles with its buildmaster's compiler; undefined where it does not run. */
  readonly hasSameCompiler: boolean | undefined;
  /** How many files it has compiled. */
  readonly jobs: number;
}

/** The workers of a site, running or not, sorted by name. */
export async function listWorkers({ engine, site }: Pick<SiteRun, 'engine' | 'site'>): Promise<readonly Worker[]> {
  const ids = await engine.containersWithLabel(`${workerLabel}=${site.name}`);
  if (ids.length === 0) return [];
  const endpoints = (await engine.inspectNetwork(workerNetwork(site)))?.endpoints ?? [];
  const workers: Worker[] = [];
  for (const id of ids) {
    const found = await engine.inspectContainer(id);
    if (found === undefined) continue;
    const { name, state, labels } = found;
    workers.push({
      id,
      name,
      buildmaster: labels[workerBuildmasterLabel] ?? '',
      state,
      image: labels[workerImageLabel] ?? '',
      slots: Number(labels[workerSlotsLabel] ?? 1),
      compiler: labels[workerCompilerLabel] ?? '',
      digest: labels[workerDigestLabel] ?? '',
      chost: labels[workerChostLabel] ?? '',
      address: endpoints.find(({ container }) => container === id)?.address,
    });
  }
  return workers.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** What there is to say of a site's workers. */
export async function describeWorkers(run: SiteRun): Promise<readonly WorkerStatus[]> {
  const { engine, site } = run;
  const nameOf = (tuple: (typeof site.tuples)[number]) =>
    buildmasterName(run, tuple, fingerprintBuildmaster(tuple, surroundingsOf(run, tuple)));
  const current = new Set(site.tuples.map(nameOf));
  const all: WorkerStatus[] = [];
  for (const worker of await listWorkers(run)) {
    const { id, state, chost, digest, buildmaster } = worker;
    all.push({
      ...worker,
      isCurrent: current.has(buildmaster),
      hasSameCompiler: state === 'running' ? (await identifyCompiler(engine, id, chost)).digest === digest : undefined,
      jobs: countJobs(await readWorkerLog(engine, id)),
    });
  }
  return all;
}
