import type { ContainerId, Engine } from '../../engine/engine.ts';
import type { Tuple } from '../../site/site.ts';
import { distccEnvironment, jobsOf } from '../../portage/distcc-settings.ts';
import type { Base } from '../base-image.ts';
import type { BuildContainer } from '../build-container.ts';
import { bringTool } from '../tuple/bring-tool.ts';
import { noAids, type CompilerAids } from '../tuple/compiler-aids.ts';
import { identifyCompiler, type CompilerIdentity } from './compiler-identity.ts';
import { workerNetwork } from './distcc-names.ts';
import { listWorkers, type Worker } from './list-workers.ts';
import type { Buildmaster } from '../tuple/make-buildmaster.ts';
import { findWorkerImage } from './make-worker-image.ts';
import type { SiteRun } from '../tuple/site-run.ts';

/** What is known of workers while a program runs; its containers are many, and each of them would ask anew. */
interface Known {
  /** Warnings that were given. */
  readonly warned: Set<string>;
  /** By the ids of workers, and the names of buildmasters whose compiler no hook changes. */
  readonly compilers: Map<string, Promise<CompilerIdentity | undefined>>;
}

const known = new WeakMap<Engine, Known>();

function knownOf({ engine }: Pick<SiteRun, 'engine'>): Known {
  const found = known.get(engine) ?? { warned: new Set(), compilers: new Map() };
  known.set(engine, found);
  return found;
}

/** What containers of a buildmaster are made of: the image of its workers, where it has one, as distcc is in that already. */
export async function compilingBase(run: SiteRun, buildmaster: Buildmaster): Promise<Base> {
  const image = (await findWorkerImage(run, buildmaster)) ?? buildmaster.image;
  return { name: buildmaster.name, image };
}

/**
 * Lets a container of a buildmaster have files compiled by the workers of that buildmaster, where there are any that run and
 * have its compiler; the others are not used, and a warning says so. `jobs` is how many files it compiles by itself at once.
 */
export async function useWorkers(
  run: SiteRun,
  container: BuildContainer,
  { tuple, jobs }: { readonly tuple: Tuple; readonly jobs: number },
): Promise<CompilerAids> {
  const running = (await listWorkers(run)).filter(({ address }) => address !== undefined);
  if (running.length === 0) return noAids;
  const own = running.filter(({ buildmaster }) => buildmaster === container.base);
  if (own.length === 0) {
    await warn(run, `no distcc worker is used: none is of ${container.base}`, `zentoo distcc up ${tuple.name}`);
    return noAids;
  }
  const fit = await withSameCompiler(run, container, { tuple, workers: own });
  if (fit.length === 0) return noAids;
  await bringTool(run, container, { tuple, tool: 'distcc', step: 'compile' });
  await run.engine.connectNetwork(workerNetwork(run.site), container.id);
  const hosts = fit.flatMap(({ address, slots }) => (address === undefined ? [] : { address, slots }));
  return { features: ['distcc'], environment: distccEnvironment(hosts, jobs), makeJobs: jobsOf(hosts, jobs) };
}

async function withSameCompiler(
  run: SiteRun,
  { id, base }: BuildContainer,
  { tuple, workers }: { readonly tuple: Tuple; readonly workers: readonly Worker[] },
): Promise<readonly Worker[]> {
  const { engine } = run;
  const { chost } = tuple.cpu;
  const { compilers } = knownOf(run);
  const identify = (key: string, container: ContainerId): Promise<CompilerIdentity | undefined> => {
    // A worker may die at any moment.
    const found = compilers.get(key) ?? identifyCompiler(engine, container, chost).catch(() => undefined);
    compilers.set(key, found);
    return found;
  };
  const mayDiffer = tuple.buildhooks.entries.some(({ path }) => path === 'compile');
  const own = mayDiffer ? await identifyCompiler(engine, id, chost) : await identify(`${base} ${chost}`, id);
  const fit: Worker[] = [];
  for (const worker of workers) {
    const its = await identify(`${worker.id} ${chost}`, worker.id);
    if (its === undefined || own === undefined) continue;
    if (its.digest === own.digest) fit.push(worker);
    else
      await warn(
        run,
        `the distcc worker ${worker.name} is not used: its compiler (${describe(its.version)}) is not that of ${base} (${describe(own.version)})${its.version === own.version ? ', though it says so' : ''}`,
        'zentoo distcc down, and up again: a worker has to have the very compiler of its buildmaster',
      );
  }
  return fit;
}

function describe(version: string): string {
  return version === '' ? 'none' : version;
}

async function warn(run: SiteRun, message: string, hint: string): Promise<void> {
  const { warned } = knownOf(run);
  if (warned.has(message)) return;
  warned.add(message);
  await run.report({ type: 'warning', message, hint });
}
