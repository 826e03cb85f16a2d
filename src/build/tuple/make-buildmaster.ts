import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { Image } from '../../engine/engine.ts';
import { writeInputsLabel } from '../../plan/explain-difference.ts';
import type { Fingerprint } from '../../plan/fingerprint.ts';
import type { Tuple } from '../../site/site.ts';
import { listInstalled, parseInstalled, type InstalledPackage } from '../../store/check-root.ts';
import { parsePartition, type Partition } from '../../store/partition.ts';
import type { BuildContainer } from '../build-container.ts';
import { runCommand } from '../../engine/run-command.ts';
import { stopBuildContainer } from '../stop-build-container.ts';
import { unpackArchive } from '../unpack-archive.ts';
import { commitRoot } from './commit-root.ts';
import { configureStage } from './configure-stage.ts';
import { findCurrentImage } from './current-image.ts';
import { inRoot } from './in-root.ts';
import { fingerprintLabel, inputsLabel, partitionLabel, siteLabel } from './labels.ts';
import type { Share } from './machine-share.ts';
import { optimizeStage } from './optimize-stage.ts';
import { placeOf } from './root-place.ts';
import { hookParts, runHook } from './run-hook.ts';
import { stageOf, type SiteRun } from './site-run.ts';

/** What all tuples of one cpu, portage branch and stage are compiled with, where their early hooks do not differ. */
export interface Buildmaster {
  /** `zentoo/<site>/buildmaster:<cpu>-<portage>-<8 hexadecimal digits>` */
  readonly name: string;
  readonly image: Image;
  /** Where the packages that are compiled in it go. */
  readonly partition: Partition;
}

/** What the buildmaster of a tuple is called. Its digits keep apart what differs in stage or hooks alone. */
export function buildmasterName(
  { site }: Pick<SiteRun, 'site'>,
  { cpu, portage }: Tuple,
  { digest }: Fingerprint,
): string {
  return `zentoo/${site.name}/buildmaster:${`${cpu.name}-${portage.name}`.slice(0, 100)}-${digest.slice(0, 8)}`;
}

/** The buildmaster where the engine has it; undefined where it is to be made. */
export async function findBuildmaster(
  run: SiteRun,
  tuple: Tuple,
  fingerprint: Fingerprint,
): Promise<Buildmaster | undefined> {
  const name = buildmasterName(run, tuple, fingerprint);
  const base = stageOf(run, tuple);
  const image = await findCurrentImage(run.engine, name, { base, fingerprint: fingerprint.digest });
  const partition = parsePartition(image?.labels[partitionLabel] ?? '');
  return image === undefined || partition === undefined ? undefined : { name, image, partition };
}

/**
 * Makes the buildmaster of a tuple: the stage with the branch's /etc/portage and the cpu's settings, what the hook
 * `buildmaster` does, and what the stage is to be optimized in compiled anew into the store.
 */
export async function makeBuildmaster(
  run: SiteRun,
  tuple: Tuple,
  fingerprint: Fingerprint,
  share: Share,
): Promise<Buildmaster> {
  const { engine } = run;
  const base = stageOf(run, tuple);
  const name = buildmasterName(run, tuple, fingerprint);
  const root = { base, portage: tuple.portage, subject: `${tuple.cpu.name}-${tuple.portage.name}` } as const;
  return inRoot(run, { ...root, step: 'buildmaster', store: 'writable', merges: true }, async (container) => {
    const prepared = await configureStage(run, container, tuple);
    const { partition } = prepared;
    const ofStage = await listInstalled({ engine, container: container.id, partition });
    await runHook(run, container, 'buildmaster', hookParts(run.site, tuple, 'shared', placeOf(tuple).root));
    await optimizeStage(run, container, { ...prepared, tuple, share });
    await writeStageListing(run, container, ofStage);
    await stopBuildContainer(engine, container);
    const id = await commitRoot(run, container, {
      name,
      base,
      labels: {
        [siteLabel]: run.site.name,
        [fingerprintLabel]: fingerprint.digest,
        [inputsLabel]: writeInputsLabel(fingerprint.inputs),
        [partitionLabel]: partition,
      },
    });
    const image = await engine.inspectImage(id);
    if (image === undefined) throw new Error(`the engine has no image ${name}, which was committed right now`);
    return { name, image, partition };
  });
}

const stageListing = 'zentoo-stage.json';
const listingDirectory = '/usr/share';

/** Keeps in a buildmaster what its stage has installed. */
async function writeStageListing(
  context: Pick<SiteRun, 'engine'>,
  container: BuildContainer,
  installed: readonly InstalledPackage[],
): Promise<void> {
  const archive = pack();
  archive.entry({ name: stageListing, mode: 0o644 }, JSON.stringify(installed));
  archive.finalize();
  await unpackArchive(context, container, listingDirectory, Readable.from(archive));
}

/** What the stage of a buildmaster has installed, as it was when that was made of it. */
export async function readStageListing(
  { engine }: Pick<SiteRun, 'engine'>,
  { id, base }: BuildContainer,
): Promise<readonly InstalledPackage[]> {
  const { stdout } = await runCommand(engine, id, { command: ['cat', `${listingDirectory}/${stageListing}`] });
  const listing = parseInstalled(JSON.parse(stdout || 'null'));
  if (listing === undefined) throw new Error(`the buildmaster ${base} does not say what its stage has`);
  return listing;
}
