import { closePackageSet } from '../../site/set-closure.ts';
import type { SetName } from '../../portage/atom.ts';
import type { Tuple } from '../../site/site.ts';
import { checkInstalled, findMissing, foreignFailure, missingFailure } from '../../store/check-root.ts';
import type { BuildContainer } from '../build-container.ts';
import { emergeInRoot } from './emerge-in-root.ts';
import { installSets } from './install-configuration.ts';
import { prepareRoot } from './prepare-root.ts';
import { resolveProtected } from './protected-files.ts';
import { placeOf } from './root-place.ts';
import { hookParts, runHook } from './run-hook.ts';
import type { SiteRun } from './site-run.ts';

/**
 * Assembles a tuple's root in a clean container of its stage, from binary packages alone: nothing is compiled, whatever is
 * missing. Throws `package-missing`, with names, where something is not in the store before, or not from there afterwards:
 * Portage itself ends with 0 in several such cases.
 */
export async function assembleRoot(run: SiteRun, tuple: Tuple, container: BuildContainer): Promise<void> {
  const place = placeOf(tuple);
  const wanted = [`@${tuple.packages.name}` as SetName];
  const parts = hookParts(run.site, tuple, 'tuple', place.root);
  const { partition, observable, measuresSpace } = await prepareRoot(run, container, tuple);
  const store = { engine: run.engine, container: container.id, partition, environment: place.environment };
  await installSets(run, container, place.configuration, closePackageSet(run.site, tuple).files);
  await runHook(run, container, 'assemble', parts);
  const missing = missingFailure(await findMissing(store, wanted));
  if (missing !== undefined) throw missing;
  await emergeInRoot(run, container, {
    tuple,
    name: 'emerge-assemble',
    step: 'assemble',
    options: assembleOptions,
    packages: ['@system', ...wanted],
    observable,
    measuresSpace,
  });
  const foreign = foreignFailure(await checkInstalled(store, wanted));
  if (foreign !== undefined) throw foreign;
  await resolveProtected(run, container, tuple);
  await runHook(run, container, 'finish', parts);
}

const assembleOptions = [
  '--usepkgonly',
  // FEATURES=getbinpkg would let it take packages of a remote host otherwise.
  '--getbinpkg=n',
  // --usepkgonly switches this off unless it is said; emerge(1).
  '--binpkg-respect-use=y',
  '--update',
  '--deep',
  '--newuse',
  '--rebuilt-binaries',
] as const;
