import { closePackageSet } from '../../site/set-closure.ts';
import type { ElogEntry } from '../../portage/elog.ts';
import type { Tuple } from '../../site/site.ts';
import { packageClosure } from '../../store/check-root.ts';
import { mendStore } from '../../store/check-store.ts';
import { readPortageSettings } from '../portage-settings.ts';
import { emergeInRoot } from './emerge-in-root.ts';
import { inRoot } from './in-root.ts';
import { installSets } from './install-configuration.ts';
import { readStageListing, type Buildmaster } from './make-buildmaster.ts';
import { readElog } from './read-elog.ts';
import { requestSet } from './request-set.ts';
import { placeOf } from './root-place.ts';
import { hookParts, runHook } from './run-hook.ts';
import type { SiteRun } from './site-run.ts';

/** What came of compiling a set. */
export interface CompiledSet {
  /** `category/name-version` of everything that was merged, compiled or from the store, sorted. */
  readonly merged: readonly string[];
  /** What these had to say. */
  readonly elog: readonly ElogEntry[];
}

/**
 * Compiles a tuple's set in a container of its buildmaster into the store, but for what is there already. All that the
 * set needs to run and that the stage has not, or has older, is in the store then. Build dependencies go with the container.
 */
export async function compileSet(
  run: SiteRun,
  tuple: Tuple,
  { name, image, partition }: Buildmaster,
): Promise<CompiledSet> {
  const base = { name, image };
  const root = { base, portage: tuple.portage, subject: tuple.name, step: 'compile', store: 'writable' } as const;
  const place = placeOf(tuple);
  return inRoot(run, root, async (container) => {
    const { environment } = place;
    const store = { engine: run.engine, container: container.id, partition, environment };
    await installSets(run, container, place.configuration, closePackageSet(run.site, tuple).files);
    const mended = await mendStore(store);
    for (const fault of mended.faults)
      await run.report({ type: 'warning', message: `the store's ${partition} was mended: ${fault}` });
    for (const { path, cpv, why } of mended.unfit)
      await run.report({
        type: 'warning',
        message: `${cpv === '' ? path : cpv} is not used: ${why}`,
        hint: `it is in the store's quarantine/${partition}/${path}`,
      });
    await runHook(run, container, 'compile', hookParts(run.site, tuple, 'tuple', place.root));
    const request = await requestSet(run, container, tuple);
    const { observable } = await readPortageSettings(run, container, { environment });
    const merged = await emergeInRoot(run, container, {
      tuple,
      name: 'emerge-compile',
      step: 'compile',
      options: [...binaryOptions, ...request.options],
      packages: request.packages,
      observable,
    });
    const packaged = await packageClosure(store, [`@${tuple.packages.name}`], await readStageListing(run, container));
    if (packaged.length > 0)
      await run.report({ type: 'note', message: `${tuple.name}: packaged as installed: ${packaged.join(', ')}` });
    return { merged, elog: await readElog(run, container) };
  });
}

const binaryOptions = [
  '--usepkg=y',
  // In the environment, FEATURES=buildpkg does not reach what a cross build compiles for the stage.
  '--buildpkg=y',
  '--getbinpkg=n',
  '--binpkg-respect-use=y',
] as const;
