import type { Engine } from '../../engine/engine.ts';
import { commandsIn, type CommandRunner } from '../../engine/run-command.ts';
import type { Tuple } from '../../site/site.ts';
import { distccEnvironment, jobsOf } from '../../portage/distcc-settings.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { installTool } from '../root/install-tool.ts';
import { noWrappers, type CompilerWrappers } from '../root/compiler-wrappers.ts';
import { identifyCompiler, type CompilerIdentity } from '../distcc/compiler-identity.ts';
import { workerNetwork } from '../distcc/distcc-names.ts';
import { requireOwnNetwork } from '../distcc/require-own-network.ts';
import { listWorkers, type Worker } from '../distcc/list-workers.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { findWorkerImage } from '../distcc/make-worker-image.ts';
import type { PresentBase, SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** Facts about workers that are read once and kept while the program runs. */
interface Known {
  /** The warnings that were reported. */
  readonly warned: Set<string>;
  /** Compilers by the ids of workers and by the names of buildmasters, unless a hook may change the compiler. */
  readonly compilers: Map<string, Promise<CompilerIdentity | undefined>>;
}

const known = new WeakMap<Engine, Known>();

function knownOf({ engine }: Pick<SiteRun, 'engine'>): Known {
  const found = known.get(engine) ?? { warned: new Set(), compilers: new Map() };
  known.set(engine, found);
  return found;
}

/** The image for containers that compile: the worker image of the buildmaster if there is one, because it has distcc installed. */
export async function compilingBase(run: SiteRun, buildmaster: Buildmaster): Promise<PresentBase> {
  const image = (await findWorkerImage(run, buildmaster)) ?? buildmaster.image;
  return { name: buildmaster.name, image };
}

/**
 * Installs distcc in a container of a buildmaster, and returns its settings for emerge, if workers of that buildmaster run and have
 * the same compiler. A warning names each worker that is not used. `jobs` is the number of compilers in the container itself.
 */
export async function useWorkers(
  run: SiteRun,
  session: ContainerSession,
  { work, jobs }: { readonly work: TupleWork; readonly jobs: number },
): Promise<CompilerWrappers> {
  const { tuple } = work;
  const running = (await listWorkers(run)).filter(({ address }) => address !== undefined);
  if (running.length === 0) return noWrappers;
  const own = running.filter(({ buildmaster }) => buildmaster === session.base);
  if (own.length === 0) {
    await warn(
      run,
      `no distcc worker is used: no running worker belongs to ${session.base}`,
      `zentoo distcc up ${tuple.name}`,
    );
    return noWrappers;
  }
  const fit = await withSameCompiler(run, session, { tuple, workers: own });
  if (fit.length === 0) return noWrappers;
  await requireOwnNetwork(run);
  await installTool(session, { work, tool: 'distcc', step: 'compile' });
  await run.engine.connectNetwork(workerNetwork(run.site), session.id);
  const hosts = fit.flatMap(({ address, slots }) => (address === undefined ? [] : { address, slots }));
  return { features: ['distcc'], environment: distccEnvironment(hosts, jobs), makeJobs: jobsOf(hosts, jobs) };
}

async function withSameCompiler(
  run: SiteRun,
  session: ContainerSession,
  { tuple, workers }: { readonly tuple: Tuple; readonly workers: readonly Worker[] },
): Promise<readonly Worker[]> {
  const { engine } = run;
  const { chost } = tuple.cpu;
  const { compilers } = knownOf(run);
  const identify = (key: string, container: CommandRunner): Promise<CompilerIdentity | undefined> => {
    // A worker can end at any time.
    const found = compilers.get(key) ?? identifyCompiler(container, chost).catch(() => undefined);
    compilers.set(key, found);
    return found;
  };
  const mayDiffer = tuple.buildhooks.entries.some(({ path }) => path === 'compile');
  const own = mayDiffer ? await identifyCompiler(session, chost) : await identify(`${session.base} ${chost}`, session);
  const fit: Worker[] = [];
  for (const worker of workers) {
    const its = await identify(`${worker.id} ${chost}`, commandsIn(engine, worker.id));
    if (its === undefined || own === undefined) continue;
    if (its.digest === own.digest) fit.push(worker);
    else
      await warn(
        run,
        `the distcc worker ${worker.name} is not used: its compiler (${describe(its.version)}) differs from the compiler of ${session.base} (${describe(own.version)})${its.version === own.version ? ', although it has the same version' : ''}`,
        'run zentoo distcc down, then zentoo distcc up: a worker needs the same compiler as its buildmaster',
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
