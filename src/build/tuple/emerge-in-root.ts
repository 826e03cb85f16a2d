import { explainRefusal } from '../../plan/explain-refusal.ts';
import type { PackageArgument } from '../../portage/atom.ts';
import { emergeCommand, emergeEnvironment } from '../../portage/emerge-command.ts';
import type { FailedCommand, Tmpfs } from '../../portage/emerge-report.ts';
import { explainEmergeFailure, type EmergeFailure } from '../../portage/explain-failure.ts';
import type { Step } from '../../report/event.ts';
import type { Tuple } from '../../site/site.ts';
import { workDirectory, type BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { requiredFreeGib } from '../decide-tmpfs.ts';
import { mergeCommand, underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';
import { runEmerge } from '../run-emerge.ts';
import { onVolumeCommand } from './big-packages.ts';
import { noAids, type CompilerAids } from './compiler-aids.ts';
import { keepEvidence } from './keep-evidence.ts';
import { placeOf } from './root-place.ts';

/** An emerge for a tuple's root; its PKGDIR is in the root's make.conf. */
export interface RootEmerge {
  readonly tuple: Tuple;
  readonly name: string;
  readonly step: Step;
  readonly options: readonly string[];
  /** Portage's own words count as well. */
  readonly packages: readonly string[];
  /** How many packages are built at once; Portage's own choice if undefined. */
  readonly jobs?: number | undefined;
  readonly observable: boolean;
  readonly measuresSpace: boolean;
  /** Portage's, for another root than the tuple's. */
  readonly environment?: Readonly<Record<string, string>>;
  /** What compiles faster. */
  readonly aids?: CompilerAids;
}

/**
 * Runs emerge for a tuple's root under a shared lock of its trees. Answers with what was merged, `category/name-version`
 * each, sorted. What it fails with says which file of the branch to change, where that would help, and what is needed to
 * look into it is kept beside the log.
 */
export async function emergeInRoot(
  context: BuildContext,
  container: BuildContainer,
  request: RootEmerge,
): Promise<readonly string[]> {
  const { tuple, name, step, observable, environment = placeOf(tuple).environment, aids = noAids } = request;
  const { tmpfs } = container;
  const own = emergeEnvironment({
    packaging: step !== 'assemble',
    observability: observable,
    distdir: defaultTarget('distfiles'),
    logdir: container.log.directory,
  });
  const job = {
    name,
    step,
    command: mergeCommand(workDirectory, rootCommand(container, request)),
    environment: {
      ...own,
      FEATURES: [own['FEATURES'], ...aids.features].join(' '),
      ...aids.environment,
      ...environment,
    },
    watch: observable,
    silenceTimeout: undefined,
  } as const;
  try {
    const { result } = await runEmerge(context, container, job, (failed) => explainForBranch(tuple, failed, tmpfs));
    return result.toSorted();
  } catch (error) {
    throw await keepEvidence(context, container, { error, environment });
  }
}

function rootCommand({ tmpfs, trees }: BuildContainer, request: RootEmerge): readonly string[] {
  const { tuple, options, packages, jobs, measuresSpace } = request;
  const emerge = emergeCommand({
    packages: packages as readonly PackageArgument[],
    options,
    jobs,
    freeGib: requiredFreeGib(tmpfs, measuresSpace),
    binpkgs: false,
  });
  const locked = underLock('shared', trees, emerge);
  // The stage's own packages are built by its own configuration, where the root has another one.
  const configurations = new Set(['/etc/portage', placeOf(tuple).configuration]);
  return onVolumeCommand([...configurations], tmpfs?.bigPackages ?? [], locked);
}

/** What Portage refuses has its remedy in a file of the branch; what fails in a package has not. */
function explainForBranch(tuple: Tuple, command: FailedCommand, tmpfs: Tmpfs | undefined): EmergeFailure {
  const explained = explainEmergeFailure(command, { audience: 'site', tmpfs });
  if (explained.buildLog !== undefined || explained.code === 'disk-full' || explained.code === 'tmpfs-full')
    return explained;
  const { hint } = explainRefusal(tuple, command, { repository: 'config/portage' });
  return { ...explained, hint };
}
