import { shellProgram } from '../container-program.ts';
import { emergeCommand, emergeEnvironment } from '../portage/emerge-command.ts';
import { failuresOf } from '../failure.ts';
import { bigPackagesDirectory, temporaryDirectory, workDirectory } from '../container/work-directories.ts';
import type { ContainerSession } from '../container/container-session.ts';
import type { BuildRequest } from './build-request.ts';
import { requiredFreeGib } from '../emerge/decide-tmpfs.ts';
import type { Job } from '../job/job.ts';
import { mergeCommand } from '../job/job-scripts.ts';
import { stampedCommand, underLock } from '../job/tree/tree-scripts.ts';
import { withMetadataCache } from '../emerge/metadata-cache.ts';
import { defaultTarget } from '../container/mounts.ts';
import { readPortageSettings, type PortageSettings } from '../emerge/portage-settings.ts';
import { runEmerge } from '../emerge/run-emerge.ts';
import { requireInstalled } from './merged-packages.ts';
import { mendOrWarn, prepareBinpkgs, type BinpkgUse } from './prepare-binpkgs.ts';
import { describeBuilderRemedy } from './remedy-words.ts';
import type { TreeGuard } from './tree/tree-guard.ts';

/** The result of an emerge. */
export interface EmergeResult {
  /** `category/name-version` of each merged package, sorted. */
  readonly packages: readonly string[];
  /** The directory with their binary packages in the container; undefined if binary packages are neither used nor kept. */
  readonly pkgdir: string | undefined;
  /** The stamp of the tree during the emerge; undefined if the tree has none. */
  readonly treeStamp: string | undefined;
}

/** Emerges the packages under a shared lock of the tree and empties the temporary directory. Before that, `guard` begins. */
export async function emergePackages(
  request: BuildRequest,
  session: ContainerSession,
  { known, guard }: { readonly known: PortageSettings | undefined; readonly guard: Pick<TreeGuard, 'begin'> },
): Promise<EmergeResult> {
  const settings = known ?? (await readPortageSettings(session));
  const [use] = await Promise.all([prepareBinpkgs(request, session, settings), guard.begin()]);
  const { pkgdir } = use;
  const job = emergeJob(request, session, { ...settings, ...use });
  const { packages, treeStamp } = readMerged(await runOrMend(session, job, { ...request, ...settings }));
  await requireInstalled(request, session, packages);
  if (packages.length === 0) {
    await session.report({
      type: 'warning',
      message: 'emerge merged no package: the image has the same files as the base',
    });
  }
  return { packages, pkgdir, treeStamp };
}

/** The job that emerges the packages and prints each merged package and the stamp of the tree. */
function emergeJob(
  request: BuildRequest,
  session: ContainerSession,
  { observable, measuresSpace, pkgdir, ownPackagesOnly }: PortageSettings & BinpkgUse,
): Job {
  const command = emergeCommand({
    packages: request.packages,
    options: request.emergeOptions,
    jobs: request.jobs,
    freeGib: requiredFreeGib(session.tmpfs, measuresSpace),
    binpkgs: request.binpkgs,
  });
  const [tree] = session.trees;
  const stamped = stampedCommand(workDirectory, tree, withMetadataCache({ tree }, command));
  return {
    name: 'emerge',
    step: 'emerge',
    command: mergeCommand(workDirectory, underLock('shared', session, stamped)),
    environment: emergeEnvironment({
      // Packages that make.conf or an option asks for with --no-binpkgs do not get into the image.
      pkgdir: pkgdir ?? `${workDirectory}/binpkgs`,
      packaging: pkgdir !== undefined,
      ownPackagesOnly,
      observability: observable,
      tmpdir: temporaryDirectory,
      distdir: defaultTarget('distfiles'),
      logdir: session.log.directory,
      use: request.use,
    }),
    watch: observable,
    silenceTimeout: request.silenceTimeout,
  };
}

/**
 * Runs an emerge, and runs it once again if that can help: on a volume if its packages do not fit into the tmpfs, and after a
 * repair of the store if a binary package is damaged. Returns the lines of its result.
 */
async function runOrMend(
  session: ContainerSession,
  job: Job,
  { binpkgs, partition }: Pick<BuildRequest, 'binpkgs'> & Pick<PortageSettings, 'partition'>,
): Promise<readonly string[]> {
  const run = (work: Job) => runEmerge(session, work, { describe: describeBuilderRemedy });
  const { result } = await run(job).catch(async (error: unknown) => {
    // Packages that were already compiled are binary packages now, so the second emerge does not compile them again.
    const failures = failuresOf(error);
    if (!binpkgs) throw error;
    const tooLarge = failures.find(({ code }) => code === 'tmpfs-full');
    if (tooLarge !== undefined) {
      const message = `${tooLarge.message}; building it on a volume instead`;
      await session.report({ type: 'warning', message, hint: tooLarge.hint });
      return run({ ...job, ...onVolume(job) });
    }
    const corrupt = failures.find(({ code }) => code === 'store-corrupt');
    if (corrupt === undefined) throw error;
    // The check before emerge reads a file again only if its size or times have changed: this one reads all files.
    const { faults, unfit } = await mendOrWarn(session, { partition }, { readAll: true });
    if (faults.length + unfit.length === 0) throw error;
    await session.report({ type: 'warning', message: `${corrupt.message}; compiling it instead` });
    return run({ ...job, name: `${job.name}-again` });
  });
  return result;
}

/** Changes an emerge to build packages in the work volume. */
function onVolume({ name, command }: Job): Pick<Job, 'name' | 'command'> {
  const program = new URL('./build-on-volume.sh', import.meta.url);
  const onVolumeCommand = shellProgram(
    program,
    'gentoo-builder-on-volume',
    bigPackagesDirectory,
    workDirectory,
    ...command,
  );
  return { name: `${name}-on-volume`, command: onVolumeCommand };
}

/** Separates the merged packages from the stamp of the tree. */
function readMerged(lines: readonly string[]): Pick<EmergeResult, 'packages' | 'treeStamp'> {
  const packages = lines.filter((line) => !line.startsWith(treeLine)).toSorted();
  const treeStamp = lines.find((line) => line.startsWith(treeLine))?.slice(treeLine.length);
  return { packages, treeStamp };
}

/** The start of the line with the tree's stamp. Package names have no spaces, so no other line starts with it. */
const treeLine = 'tree ';
