import type { ElogEntry } from '../../portage/output/elog.ts';
import type { Image } from '../../engine/images.ts';
import { stopBuildContainer } from '../../container/stop-build-container.ts';
import { installTool } from '../root/install-tool.ts';
import { commitRoot } from '../root/commit-root.ts';
import { identifyCompiler } from './compiler-identity.ts';
import { isOnBase } from '../root/current-image.ts';
import {
  workerBuildmasterLabel,
  workerChostLabel,
  workerCompilerLabel,
  workerDigestLabel,
  workerImageLabel,
  workerImageName,
} from './distcc-names.ts';
import { registerSiteImage } from '../run/registered-images.ts';
import { withRootContainer } from '../root/with-root-container.ts';
import type { Buildmaster } from '../buildmaster/make-buildmaster.ts';
import type { SiteRun } from '../run/site-run.ts';
import type { TupleWork } from '../run/tuple-work.ts';

/** Finds the image of a buildmaster's workers: the buildmaster plus distcc in one layer. */
export async function findWorkerImage(run: SiteRun, buildmaster: Buildmaster): Promise<Image | undefined> {
  const name = workerImageName(run.site, buildmaster.name);
  const image = await run.engine.inspectImage(name);
  const isCurrent = image !== undefined && isOnBase(image, buildmaster) && run.registered.get(name) === image.id;
  return isCurrent ? image : undefined;
}

/** An image of workers that was made now, with the messages (elog) of the packages that were merged for it. */
interface WorkerImage extends Image {
  readonly elog: readonly ElogEntry[];
}

/** Makes the image of a buildmaster's workers. Its labels identify the compiler, which must equal the buildmaster's. */
export async function makeWorkerImage(run: SiteRun, work: TupleWork, buildmaster: Buildmaster): Promise<WorkerImage> {
  const { engine, site } = run;
  const { tuple } = work;
  const { name, image, partition } = buildmaster;
  const base = { name, image };
  const subject = `${tuple.cpu.name}-${tuple.portage.name}`;
  const root = { base, portage: tuple.portage, subject, step: 'worker', store: 'staged' } as const;
  return withRootContainer(run, root, async (session, packages) => {
    const { version, digest } = await identifyCompiler(session, tuple.cpu.chost);
    await installTool(session, { work, tool: 'distcc', step: 'worker', intake: { packages, partition } });
    await packages.seal();
    const elog = await packages.readElog();
    await stopBuildContainer(session);
    const made = workerImageName(site, name);
    const id = await commitRoot(session, {
      name: made,
      base,
      labels: {
        [workerBuildmasterLabel]: name,
        [workerCompilerLabel]: version,
        [workerDigestLabel]: digest,
        [workerChostLabel]: tuple.cpu.chost,
        [workerImageLabel]: made,
      },
    });
    await registerSiteImage(run, session, made, id);
    const committed = await engine.inspectImage(id);
    if (committed === undefined) throw new Error(`the engine lost the image ${made} right after the commit`);
    return { ...committed, elog };
  });
}
