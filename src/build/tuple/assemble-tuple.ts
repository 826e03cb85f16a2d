import { writeInputsLabel } from '../../plan/explain-difference.ts';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { ElogEntry } from '../../portage/elog.ts';
import type { Tuple } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import { unlinkRepositoriesCommand } from '../cross-scripts.ts';
import { runCommand } from '../../engine/run-command.ts';
import { createStepTimer, type StepDurations } from '../step-timer.ts';
import { stopBuildContainer } from '../stop-build-container.ts';
import { assembleRoot } from './assemble-root.ts';
import { commitRoot } from './commit-root.ts';
import { importRoot } from './import-root.ts';
import { inRoot } from './in-root.ts';
import { listInstalledPackages } from './installed-packages.ts';
import { fingerprintLabel, inputsLabel, partitionLabel, siteLabel, tupleLabel } from './labels.ts';
import type { Buildmaster } from './make-buildmaster.ts';
import type { InstalledPackage, RootDescription } from './manifest.ts';
import { readElog } from './read-elog.ts';
import { replaceImage } from './replace-image.ts';
import { placeOf } from './root-place.ts';
import { stageOf, type SiteRun } from './site-run.ts';
import { archiveTarget, imageName } from './output-names.ts';
import { writeArchive } from './write-archive.ts';

/** What came of assembling a tuple. Durations are in seconds. */
export interface AssembledTuple {
  /** The name of its image, where it is one. */
  readonly image: string | undefined;
  /** The path of its archive, where it is one. */
  readonly archive: string | undefined;
  /** What was said while its packages were merged. */
  readonly elog: readonly ElogEntry[];
  readonly durations: StepDurations;
}

/** Assembles a tuple's root from the store, and makes its outputs of that. */
export async function assembleTuple(
  run: SiteRun,
  tuple: Tuple,
  buildmaster: Buildmaster,
  fingerprint: Fingerprint,
): Promise<AssembledTuple> {
  const step = createStepTimer(run.report, tuple.name);
  const base = stageOf(run, tuple);
  const place = placeOf(tuple);
  const root = {
    base,
    portage: tuple.portage,
    subject: tuple.name,
    step: 'assemble',
    store: 'read-only',
    merges: true,
  } as const;
  const made = await inRoot(run, root, async (container) => {
    const ofStage = await listInstalledPackages(run.engine, container.id, place.root);
    await step('assemble', `from ${base.name}`, assembleRoot, run, tuple, container);
    const elog = await readElog(run, container);
    if (place.links.length > 0)
      await runCommand(run.engine, container.id, { command: unlinkRepositoriesCommand(place.links) });
    const description = { ofStage, fingerprint, buildmaster };
    const archive = tuple.outputs.includes('archive')
      ? await step('archive', tuple.name, archiveRoot, run, tuple, container, description)
      : undefined;
    const image = tuple.outputs.includes('image')
      ? await step('commit', imageName(run, tuple), makeImage, run, tuple, container, description)
      : undefined;
    return { image, archive, elog };
  });
  return { ...made, durations: step.durations };
}

interface RootFacts {
  readonly ofStage: readonly InstalledPackage[];
  readonly fingerprint: Fingerprint;
  readonly buildmaster: Buildmaster;
}

async function makeImage(run: SiteRun, tuple: Tuple, container: BuildContainer, facts: RootFacts): Promise<string> {
  const name = imageName(run, tuple);
  const base = stageOf(run, tuple);
  const { root } = placeOf(tuple);
  const labels = {
    [siteLabel]: run.site.name,
    [tupleLabel]: tuple.name,
    [fingerprintLabel]: facts.fingerprint.digest,
    [inputsLabel]: writeInputsLabel(facts.fingerprint.inputs),
    [partitionLabel]: facts.buildmaster.partition,
  };
  await replaceImage(run.engine, name, async () => {
    if (tuple.cross) return importRoot(run, container, { root, name, labels });
    await stopBuildContainer(run.engine, container);
    return commitRoot(run, container, { name, base, labels });
  });
  return name;
}

async function archiveRoot(run: SiteRun, tuple: Tuple, container: BuildContainer, facts: RootFacts): Promise<string> {
  const { root } = placeOf(tuple);
  const base = stageOf(run, tuple);
  const description: RootDescription = {
    origin: {
      site: run.site.name,
      tuple: tuple.name,
      created: new Date(),
      fingerprint: facts.fingerprint.digest,
      stage: { image: base.name, id: base.image?.id ?? '', digest: base.image?.digests[0]?.split('@')[1] },
      cpu: tuple.cpu.name,
      portage: { branch: tuple.portage.name, commit: tuple.portage.commit },
      buildhooks: { branch: tuple.buildhooks.name, commit: tuple.buildhooks.commit },
      partition: facts.buildmaster.partition,
      trees: tuple.portage.repositories.map(({ name }) => ({
        repository: name,
        revision: run.revisions.get(name) ?? '',
      })),
    },
    installed: await listInstalledPackages(run.engine, container.id, root),
    ofStage: facts.ofStage,
  };
  const target = archiveTarget(run, tuple);
  const { path } = await writeArchive(run, container, target, description, root);
  return path;
}
