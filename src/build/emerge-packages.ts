import { emergeCommand, emergeEnvironment } from '../portage/emerge-command.ts';
import { explainEmergeFailure } from '../portage/explain-failure.ts';
import { Failure } from '../failure.ts';
import { bigDirectory, workDirectory, type BuildContainer } from './build-container.ts';
import type { BuildRequest } from './build-request.ts';
import type { BuildContext } from './context.ts';
import { requiredFreeGib } from './decide-tmpfs.ts';
import type { Job } from './job.ts';
import { mergeCommand, stampedCommand, underLock } from './job-scripts.ts';
import { defaultTarget } from './mounts.ts';
import { readPortageSettings, type PortageSettings } from './portage-settings.ts';
import { runEmerge } from './run-emerge.ts';

/** What came of an emerge. */
export interface EmergeResult {
  /** `category/name-version` of everything that was merged, sorted. */
  readonly packages: readonly string[];
  /** The stamp of the tree while it was emerged from; undefined if it has none. */
  readonly treeStamp: string | undefined;
}

/** Emerges the packages under a shared lock of the tree and empties the temporary directory. */
export async function emergePackages(
  request: BuildRequest,
  context: BuildContext,
  container: BuildContainer,
  known: PortageSettings | undefined,
): Promise<EmergeResult> {
  const settings = known ?? (await readPortageSettings(context, container));
  const command = emergeCommand({
    packages: request.packages,
    options: request.emergeOptions,
    jobs: request.jobs,
    freeGib: requiredFreeGib(container.tmpfs, settings.measuresSpace),
    binpkgs: request.binpkgs,
  });
  const environment = emergeEnvironment({
    pkgdir: request.binpkgs ? `${defaultTarget('binpkgs')}/${settings.partition}` : undefined,
    observability: settings.observable,
    distdir: defaultTarget('distfiles'),
    logdir: container.log.directory,
    use: request.use,
  });
  const stamped = stampedCommand(workDirectory, container.trees[0], command);
  const job = {
    name: 'emerge',
    step: 'emerge',
    command: mergeCommand(workDirectory, underLock('shared', container.trees, stamped)),
    environment,
    watch: settings.observable,
    silenceTimeout: request.silenceTimeout,
  } as const;
  const run = (work: Job) =>
    runEmerge(context, container, work, (failed) =>
      explainEmergeFailure(failed, { audience: 'builder', tmpfs: container.tmpfs }),
    );
  const { result } = await run(job).catch(async (error: unknown) => {
    // What has been compiled is packaged, and not compiled again.
    if (!(error instanceof Failure) || error.code !== 'tmpfs-full' || !request.binpkgs) throw error;
    await context.report({
      type: 'warning',
      message: `${error.message}; it is built on a volume now`,
      hint: error.hint,
    });
    return run({ ...job, ...onVolume(job) });
  });
  const packages = result.filter((line) => !line.startsWith(treeLine)).toSorted();
  if (packages.length === 0) {
    await context.report({
      type: 'warning',
      message: 'emerge merged nothing: the image has nothing that the base has not',
    });
  }
  const treeStamp = result.find((line) => line.startsWith(treeLine))?.slice(treeLine.length);
  return { packages, treeStamp };
}

// What filled the tmpfs is of no use any more, and takes memory.
const volumeScript = `
mkdir -p "$1" && chmod 1777 "$1" || exit
find "$2" -mindepth 1 -maxdepth 1 ! -name .gentoo-builder -exec rm -rf {} +
PORTAGE_TMPDIR=$1
export PORTAGE_TMPDIR
shift 2
exec "$@"
`;

/** The same emerge, but for where packages are built: in the work volume. */
function onVolume({ name, command }: Job): Pick<Job, 'name' | 'command'> {
  const script = ['/bin/sh', '-c', volumeScript, 'gentoo-builder-on-volume', bigDirectory, workDirectory];
  return { name: `${name}-on-volume`, command: [...script, ...command] };
}

/** Names of packages have no white space in them. */
const treeLine = 'tree ';
