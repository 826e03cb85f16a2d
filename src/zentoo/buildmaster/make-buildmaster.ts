import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import * as v from 'valibot';
import type { Image } from '../../engine/images.ts';
import { parseJson } from '../../parse-json.ts';
import type { ElogEntry } from '../../portage/output/elog.ts';
import { writeInputsLabel } from '../../plan/explain-difference.ts';
import type { StagePackage } from '../../store/check-root.ts';
import { listInstalledPackages, type InstalledPackage } from '../../store/installed-packages.ts';
import { isPresentFormat, parsePartition, type Partition } from '../../store/partition.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { stopBuildContainer } from '../../container/stop-build-container.ts';
import { commitRoot } from '../root/commit-root.ts';
import { configureStage } from '../configure/configure-stage.ts';
import { findCurrentImage } from '../root/current-image.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import { formatLabel, siteFormat } from '../identity/formats.ts';
import { rootFingerprintLabel, inputsLabel, partitionLabel, siteLabel } from '../identity/labels.ts';
import { registerSiteImage } from '../run/registered-images.ts';
import type { Share } from '../run/machine-share.ts';
import { takeOverFormerPackages } from './take-over-former.ts';
import { optimizeStage } from './optimize-stage.ts';
import { hookVariables, runHook } from '../root/run-hook.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** The image in which all tuples with the same CPU, portage branch, stage and early hooks are compiled. */
export interface Buildmaster {
  /** `zentoo/<site>/buildmaster:<cpu>-<portage>-<8 hexadecimal digits>` */
  readonly name: string;
  readonly image: Image;
  /** The partition of the store for the packages that the buildmaster compiles. */
  readonly partition: Partition;
}

/** A buildmaster that was made now, with the messages (elog) of the packages that were compiled for it. */
export interface MadeBuildmaster extends Buildmaster {
  readonly elog: readonly ElogEntry[];
}

/**
 * Finds the buildmaster of a tuple. Returns undefined if the engine has none with this fingerprint, or if it is one of zentoo 0.1.0,
 * whose partition has another format: it is made again, and takes its packages over.
 */
export async function findBuildmaster(
  run: SiteRun,
  { stage, buildmaster }: TupleWork,
): Promise<Buildmaster | undefined> {
  const { name, fingerprint } = buildmaster;
  const image = await findCurrentImage(run, name, { base: stage, fingerprint: fingerprint.digest });
  const partition = parsePartition(image?.labels[partitionLabel] ?? '');
  if (image === undefined || partition === undefined || !isPresentFormat(partition)) return undefined;
  return { name, image, partition };
}

/**
 * Makes the buildmaster of a tuple: installs the branch's /etc/portage with the CPU's settings in the stage, runs the hook
 * `buildmaster`, compiles the packages that `optimize` names into the store and into the stage, and commits.
 */
export async function makeBuildmaster(run: SiteRun, work: TupleWork, share: Share): Promise<MadeBuildmaster> {
  const { engine } = run;
  const { tuple, stage: base, location, buildmaster } = work;
  const { name, fingerprint } = buildmaster;
  const root = { base, portage: tuple.portage, subject: `${tuple.cpu.name}-${tuple.portage.name}` } as const;
  return withRootContainer(
    run,
    { ...root, step: 'buildmaster', store: 'staged', merges: true },
    async (session, packages) => {
      const prepared = await configureStage(session, work);
      packages.prepare = (writer) => configureStage(writer, work);
      const { partition } = prepared;
      await takeOverFormerPackages(run, session, work, partition);
      const ofStage = await listInstalledPackages(session);
      const ran = await runHook(session, 'buildmaster', hookVariables(run.site, tuple, 'shared', location.root));
      if (ran) await packages.expectStaged({ partition, environment: location.environment });
      await optimizeStage(session, { ...prepared, work, share, packages });
      await writeStageListing(session, ofStage);
      await packages.seal();
      const elog = await packages.readElog();
      await stopBuildContainer(session);
      const id = await commitRoot(session, {
        name,
        base,
        labels: {
          [siteLabel]: run.site.name,
          [formatLabel]: String(siteFormat),
          [rootFingerprintLabel]: fingerprint.digest,
          [inputsLabel]: writeInputsLabel(fingerprint.inputs),
          [partitionLabel]: partition,
        },
      });
      await registerSiteImage(run, session, name, id);
      const image = await engine.inspectImage(id);
      if (image === undefined) throw new Error(`the engine lost the image ${name} right after the commit`);
      // A new container of the buildmaster has the settings of the hook, too.
      packages.base = { name, image };
      packages.prepare = undefined;
      return { name, image, partition, elog };
    },
  );
}

const stageListing = 'zentoo-stage.json';
const listingDirectory = '/usr/share';

/** The schema of the file in a buildmaster that lists the packages of its stage. */
const stagePackages = v.array(v.object({ cpv: v.string(), buildTime: v.string() }));

/** Writes the list of the stage's packages into a buildmaster. */
async function writeStageListing(session: ContainerSession, installed: readonly InstalledPackage[]): Promise<void> {
  const listing = installed.map(({ cpv, buildTime = '' }) => ({ cpv, buildTime: String(buildTime) }));
  const archive = pack();
  archive.entry({ name: stageListing, mode: 0o644 }, JSON.stringify(listing));
  archive.finalize();
  await session.unpack(listingDirectory, Readable.from(archive));
}

/** Reads the packages of the stage that a buildmaster was made from. */
export async function readStageListing(session: ContainerSession): Promise<readonly StagePackage[]> {
  const { stdout } = await session.run({ command: ['cat', `${listingDirectory}/${stageListing}`] });
  const listing = parseJson(stagePackages, stdout);
  if (listing === undefined) throw new Error(`the buildmaster ${session.base} has no list of its stage's packages`);
  return listing;
}
