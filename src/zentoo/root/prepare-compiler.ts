import { shellProgram } from '../../container-program.ts';
import { Failure } from '../../failure.ts';
import { makeOptions, type MakeShare } from '../../portage/make-options.ts';
import { readBranchMakeConf } from '../../site/branch-make-conf.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import type { Tuple } from '../../site/site.ts';
import { stateDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { extendMakeConf } from '../configure/install-configuration.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/**
 * Prepares a container of a buildmaster for compiling with a share of the machine: appends MAKEOPTS, and the branch's
 * NINJAOPTS, to make.conf, so that package.env can still change them for single packages. The branch's own values are the upper limit.
 */
export async function prepareCompiler(
  session: ContainerSession,
  { tuple, location }: TupleWork,
  share: MakeShare,
): Promise<void> {
  const own = branchVariable(tuple, 'NINJAOPTS');
  const variables = {
    MAKEOPTS: makeOptions(branchVariable(tuple, 'MAKEOPTS'), share),
    // Without NINJAOPTS, ninja-utils.eclass takes the numbers of MAKEOPTS.
    ...(own === '' ? {} : { NINJAOPTS: makeOptions(own, share) }),
  };
  const directories = new Set(['/etc/portage', location.configuration]);
  for (const directory of directories) await extendMakeConf(session, variables, directory);
}

/** The directory for the saved /etc/portage. It is on the work volume, so no image contains it. */
const savedDirectory = `${stateDirectory}/configuration`;

/** Runs `compile` in a container that is committed later: /etc/portage is restored afterwards. */
export async function withOwnSettings<T>(
  session: ContainerSession,
  { work, share }: { readonly work: TupleWork; readonly share: MakeShare },
  compile: () => Promise<T>,
): Promise<T> {
  const run = async (program: URL): Promise<void> => {
    const command = shellProgram(program, 'zentoo-own-settings', savedDirectory);
    const { exitCode, stderr } = await session.run({ command });
    if (exitCode !== 0)
      throw new Failure('base-unusable', `failed to save or restore /etc/portage of ${session.base}: ${stderr.trim()}`);
  };
  await run(new URL('./save-configuration.sh', import.meta.url));
  await prepareCompiler(session, work, share);
  const result = await compile();
  await run(new URL('./restore-configuration.sh', import.meta.url));
  return result;
}

/** A variable of the branch's own make.conf; empty if it is not set. */
function branchVariable({ portage: { entries } }: Pick<Tuple, 'portage'>, name: string): string {
  return readBranchMakeConf(new BranchTree(entries)).variables.get(name)?.value ?? '';
}
