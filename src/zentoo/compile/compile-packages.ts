import { shellProgram } from '../../container-program.ts';
import { composedArgument } from '../../portage/atom.ts';
import type { OrderedPackage } from '../../plan/work-order.ts';
import { splitCpv } from '../../portage/cpv.ts';
import type { ElogEntry } from '../../portage/output/elog.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { packageClosure } from '../../store/check-root.ts';
import { pkgdirOf } from '../../store/portage-program.ts';
import type { EmergeAbilities } from '../../portage/emerge-abilities.ts';
import { checkCpu } from '../configure/check-cpu.ts';
import { installCompilerWrappers } from './install-compiler-wrappers.ts';
import { binaryOptions, servedOptions } from '../root/binary-options.ts';
import { emergeInRoot } from '../root/emerge-in-root.ts';
import { packagePlaces, type StagedPackages } from '../root/staged-packages.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import { divideShare, type Share } from '../run/machine-share.ts';
import { readStageListing, type Buildmaster } from '../buildmaster/make-buildmaster.ts';
import { prepareCompiler } from '../root/prepare-compiler.ts';
import { hookVariables, runHook } from '../root/run-hook.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import { compilingBase } from './use-workers.ts';

/** Packages that are compiled in one container, and the settings for it. */
export interface Compilation {
  /** One of the tuples that need the packages; the hook `compile` gets its names. */
  readonly work: TupleWork;
  readonly buildmaster: Buildmaster;
  readonly packages: readonly OrderedPackage[];
  /** The packages of the store that are merged first: `category/name-version`. */
  readonly dependencies: readonly string[];
  /** The abilities of the buildmaster's emerge. */
  readonly abilities: EmergeAbilities;
  readonly share: Share;
}

/**
 * Compiles packages into the store, in one container. Their dependencies come from the store, in the versions that were planned.
 * Returns the messages of the packages.
 */
export async function compilePackages(run: SiteRun, compilation: Compilation): Promise<readonly ElogEntry[]> {
  const { work, packages, dependencies, abilities, share } = compilation;
  const { tuple, location } = work;
  const [first] = packages;
  if (first === undefined) return [];
  const base = await compilingBase(run, compilation.buildmaster);
  const subject = first.cpv.replace('/', '_');
  const { partition } = compilation.buildmaster;
  const supplies = await run.elsewhere?.supply({ work, base, partition, packages, dependencies });
  const root = { base, portage: tuple.portage, subject, step: 'compile', store: 'staged', merges: true } as const;
  // A package for `/` in a cross build is a tool that runs on the stage.
  const isForStage = tuple.cross && first.root === '/';
  return withRootContainer(run, { ...root, supplies }, async (session, staged) => {
    if (run.elsewhere !== undefined) await run.elsewhere.cpus.check(tuple.cpu, () => checkCpu(session, tuple));
    const ran = await runHook(session, 'compile', hookVariables(run.site, tuple, 'tuple', location.root));
    await expectPackages(session, staged, { compilation, isForStage, ran });
    const wrappers = await installCompilerWrappers(run, session, work, { jobs: share.processes });
    // The load average does not count the compilers on distcc workers.
    const { jobs, makeJobs } = divideShare({ processes: wrappers.makeJobs ?? share.processes }, packages.length);
    const load = wrappers.makeJobs === undefined ? share.load : undefined;
    await prepareCompiler(session, work, { jobs: makeJobs, load });
    const unplanned = new Set<string>();
    const isPlanned = (cpv: string) => packages.some((item) => item.cpv === cpv);
    await emergeInRoot(session, {
      work,
      name: 'emerge-compile',
      step: 'compile',
      options: [
        ...['--oneshot', '--update', '--deep', '--newuse'],
        `--reinstall-atoms=${packages.map(packageOf).join(' ')}`,
        ...(supplies?.server === undefined ? binaryOptions : servedOptions),
        `--load-average=${share.load}`,
      ],
      jobs,
      packages: [...packages.map(exactly), ...dependencies.map((cpv) => `=${cpv}`)].map(composedArgument),
      ...abilities,
      wrappers,
      onCompile: (cpv) => {
        if (!isPlanned(cpv)) unplanned.add(cpv);
      },
      ...(isForStage ? { environment: {} } : {}),
    });
    await warnOfUnplanned(run, unplanned, first);
    const said = await staged.readElog();
    if (!isForStage) await packageExcluded(session, compilation);
    return said.filter(({ cpv }) => isPlanned(cpv) || unplanned.has(cpv));
  });
}

async function warnOfUnplanned(run: SiteRun, unplanned: ReadonlySet<string>, first: OrderedPackage): Promise<void> {
  if (unplanned.size === 0) return;
  await run.report({
    type: 'warning',
    message: `${[...unplanned].join(', ')} was compiled for ${first.cpv} only: it was not planned, or the store did not have it in time`,
  });
}

/**
 * Expects the packages in the store. A dependency comes into the store only if it lacks the dependency, for example because the
 * package was damaged: emerge then compiles it. So does what the hook packaged.
 */
async function expectPackages(
  session: ContainerSession,
  staged: StagedPackages,
  { compilation, isForStage, ran }: { compilation: Compilation; isForStage: boolean; ran: boolean },
): Promise<void> {
  const { work, buildmaster, packages, dependencies } = compilation;
  const { root, host } = await packagePlaces(session, work, buildmaster.partition);
  const place = isForStage ? host : root;
  staged.expect(
    place,
    packages.map(({ cpv, slot }) => ({ cpv, ...(slot === '' ? {} : { slot }) })),
  );
  for (const each of new Set([root, host])) {
    staged.expect(
      each,
      dependencies.map((cpv) => ({ cpv, missingOnly: true })),
    );
    if (ran) await staged.expectStaged(each);
  }
}

/**
 * Makes binary packages of the packages that the branch excludes from packaging (buildpkg-exclude), because an assembly needs
 * them in the store.
 */
async function packageExcluded(
  session: ContainerSession,
  { work, buildmaster: { partition }, packages }: Compilation,
): Promise<void> {
  const store = { run: session.run, partition, environment: work.location.environment };
  const cpvs = packages.map(({ cpv }) => cpv);
  const { stdout } = await session.run({ command: unpackaged(pkgdirOf(store), cpvs) });
  const atoms = stdout.split('\n').filter((line) => line !== '');
  if (atoms.length > 0) await packageClosure(store, atoms, await readStageListing(session));
}

/** Returns the name and slot of a package, as `--reinstall-atoms` expects them; emerge(1). */
function packageOf({ cpv, slot }: { readonly cpv: string; readonly slot: string }): string {
  return `${splitCpv(cpv)?.name ?? cpv}:${slot}`;
}

function exactly({ cpv, repository }: { readonly cpv: string; readonly repository: string }): string {
  return repository === '' ? `=${cpv}` : `=${cpv}::${repository}`;
}

/** Prints an atom for each package that a PKGDIR lacks. */
function unpackaged(pkgdir: string, cpvs: readonly string[]): readonly string[] {
  return shellProgram(new URL('./find-unpackaged.sh', import.meta.url), 'zentoo-unpackaged', pkgdir, ...cpvs);
}
