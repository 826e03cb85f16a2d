import { describeSiteRemedy } from '../../plan/remedy-words.ts';
import type { PackageArgument } from '../../portage/atom.ts';
import { emergeCommand, emergeEnvironment } from '../../portage/emerge-command.ts';
import type { Step } from '../../report/event.ts';
import { workDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { requiredFreeGib } from '../../emerge/decide-tmpfs.ts';
import { mergeCommand } from '../../job/job-scripts.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { defaultTarget } from '../../container/mounts.ts';
import { runEmerge } from '../../emerge/run-emerge.ts';
import { onVolumeCommand } from './big-packages.ts';
import { withTemporaryDirectories } from './temporary-directories.ts';
import { noWrappers, type CompilerWrappers } from './compiler-wrappers.ts';
import { keepDiagnostics } from './keep-diagnostics.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** An emerge for a tuple's root; its PKGDIR is in the root's make.conf. */
export interface RootEmerge {
  readonly work: TupleWork;
  readonly name: string;
  readonly step: Step;
  readonly options: readonly string[];
  readonly packages: readonly PackageArgument[];
  /** The number of packages that are built at the same time; Portage decides if undefined. */
  readonly jobs?: number | undefined;
  readonly observable: boolean;
  readonly measuresSpace: boolean;
  /** Portage's environment, if the root is not the tuple's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Settings of distcc and ccache. */
  readonly wrappers?: CompilerWrappers;
  /** Receives each package (`category/name-version`) that emerge begins to compile. */
  readonly onCompile?: (cpv: string) => void;
}

/**
 * Runs emerge for a tuple's root under a shared lock of its trees. Returns the merged packages, `category/name-version` each,
 * sorted. A failure names the file of the branch to change, if one helps, and the diagnostics that are kept beside the log.
 */
export async function emergeInRoot(session: ContainerSession, request: RootEmerge): Promise<readonly string[]> {
  const { work, name, step, observable, environment = work.location.environment, wrappers = noWrappers } = request;
  const own = emergeEnvironment({
    packaging: step !== 'assemble',
    // Every emerge for a root has --getbinpkg=n.
    ownPackagesOnly: true,
    observability: observable,
    distdir: defaultTarget('distfiles'),
    logdir: session.log.directory,
  });
  const job = {
    name,
    step,
    command: mergeCommand(workDirectory, rootCommand(session, request)),
    environment: {
      ...own,
      FEATURES: [own['FEATURES'], ...wrappers.features].join(' '),
      ...wrappers.environment,
      ...environment,
    },
    watch: observable,
    silenceTimeout: undefined,
  } as const;
  try {
    const { result } = await runEmerge(session, job, {
      describe: (remedy) =>
        // An assembly itself tells emerge to install binary packages only.
        step === 'assemble' && remedy.kind === 'allow-ebuilds'
          ? 'the store lacks this package: build again, and zentoo compiles it'
          : describeSiteRemedy(remedy, work.tuple.portage),
      onCompile: request.onCompile,
    });
    return result.toSorted();
  } catch (error) {
    throw await keepDiagnostics(session, { error, environment });
  }
}

function rootCommand(session: ContainerSession, request: RootEmerge): readonly string[] {
  const { tmpfs } = session;
  const { work, options, packages, jobs, measuresSpace } = request;
  const emerge = emergeCommand({
    packages,
    options,
    jobs,
    freeGib: requiredFreeGib(tmpfs, measuresSpace),
    binpkgs: false,
  });
  const locked = underLock('shared', session, emerge);
  // In a cross build, the stage's packages are built with the stage's configuration.
  const configurations = new Set(['/etc/portage', work.location.configuration]);
  const built = withTemporaryDirectories(work.tuple.portage.entries, locked);
  return onVolumeCommand([...configurations], tmpfs?.bigPackages ?? [], built);
}
