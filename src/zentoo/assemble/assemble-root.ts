import { closePackageSet } from '../../site/set-closure.ts';
import { composedArgument } from '../../portage/atom.ts';
import { checkInstalled, findMissing, foreignFailure, missingFailure } from '../../store/check-root.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { emergeInRoot } from '../root/emerge-in-root.ts';
import { installSets } from '../configure/install-configuration.ts';
import { prepareRoot } from '../configure/prepare-root.ts';
import { markMerge, resolveProtected } from './protected-files.ts';
import { hookVariables, runHook } from '../root/run-hook.ts';
import type { TupleWork } from '../run/tuple-work.ts';
import type { SiteRun } from '../run/site-run.ts';

/**
 * Assembles a tuple's root in a clean container of its stage, from binary packages only: nothing is compiled. Throws
 * `package-missing` with the names of packages that the store lacks, or that were not installed from the store: Portage itself exits
 * with 0 in several such cases.
 */
export async function assembleRoot(run: SiteRun, work: TupleWork, session: ContainerSession): Promise<void> {
  const { tuple, location } = work;
  const wanted = [composedArgument(`@${tuple.packages.name}`)];
  const parts = hookVariables(run.site, tuple, 'tuple', location.root);
  const { partition, observable, measuresSpace } = await prepareRoot(session, work);
  const store = { run: session.run, partition, environment: location.environment };
  await installSets(session, location.configuration, closePackageSet(run.site, tuple).files);
  await markMerge(session, work);
  await runHook(session, 'assemble', parts);
  const missing = missingFailure(await findMissing(store, wanted));
  if (missing !== undefined) throw missing;
  await emergeInRoot(session, {
    work,
    name: 'emerge-assemble',
    step: 'assemble',
    options: assembleOptions,
    packages: [composedArgument('@system'), ...wanted],
    observable,
    measuresSpace,
  });
  const foreign = foreignFailure(await checkInstalled(store, wanted));
  if (foreign !== undefined) throw foreign;
  await resolveProtected(session, work);
  await runHook(session, 'finish', parts);
}

const assembleOptions = [
  '--usepkgonly',
  // Without this option, FEATURES=getbinpkg would allow packages of a remote host.
  '--getbinpkg=n',
  // With --usepkgonly, emerge respects USE flags only if this option is given; emerge(1).
  '--binpkg-respect-use=y',
  '--update',
  '--deep',
  '--newuse',
  '--rebuilt-binaries',
] as const;
