import type { PackageArgument } from '../../portage/atom.ts';
import { emergeEnvironment, englishMessages } from '../../portage/emerge-command.ts';
import { parsePretendOutput } from '../../portage/output/pretend-output.ts';
import { pretendCommand } from '../../portage/pretend-command.ts';
import { defaultTarget } from '../../container/mounts.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { endedJobFailure } from '../../job/job-failure.ts';
import { runJob } from '../../job/run-job.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import type { Step } from '../../report/event.ts';

/** An emerge whose packages are asked for beforehand. */
export interface PlannedEmerge {
  /** The name of the emerge, such as `ccache`. */
  readonly name: string;
  readonly step: Step;
  readonly options: readonly string[];
  readonly packages: readonly PackageArgument[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Asks emerge which packages (`category/name-version`) it would compile: only these come into the store. Returns none if emerge
 * refuses; the emerge itself then tells why.
 */
export async function findCompiled(session: ContainerSession, planned: PlannedEmerge): Promise<readonly string[]> {
  const { name, step, environment, ...request } = planned;
  const lines: string[] = [];
  const own = emergeEnvironment({
    ownPackagesOnly: true,
    distdir: defaultTarget('distfiles'),
    logdir: session.log.directory,
  });
  const job = {
    name: `emerge-pretend-${name}`,
    step,
    command: underLock('shared', session, pretendCommand(request)),
    environment: { ...own, ...englishMessages, ...environment },
    watch: false,
    silenceTimeout: undefined,
  } as const;
  const { exitStatus } = await runJob(session, job, (text) => void lines.push(text)).catch(async (error: unknown) => {
    throw await endedJobFailure(session, { error, underWay: new Set() });
  });
  if (exitStatus !== 0) return [];
  const { packages } = parsePretendOutput(lines);
  return packages.filter(({ action, kind }) => action === 'merge' && kind === 'ebuild').map(({ cpv }) => cpv);
}
