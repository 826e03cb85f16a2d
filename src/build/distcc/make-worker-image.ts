import type { Image } from '../../engine/engine.ts';
import type { Tuple } from '../../site/site.ts';
import { stopBuildContainer } from '../stop-build-container.ts';
import { bringTool } from '../tuple/bring-tool.ts';
import { commitRoot } from '../tuple/commit-root.ts';
import { identifyCompiler } from './compiler-identity.ts';
import { isOnBase } from '../tuple/current-image.ts';
import {
  workerBuildmasterLabel,
  workerChostLabel,
  workerCompilerLabel,
  workerDigestLabel,
  workerImageLabel,
  workerImageName,
} from './distcc-names.ts';
import { inRoot } from '../tuple/in-root.ts';
import type { Buildmaster } from '../tuple/make-buildmaster.ts';
import type { SiteRun } from '../tuple/site-run.ts';

/** What workers are made of: a buildmaster and distcc, with neither trees nor store. */
export async function findWorkerImage(run: SiteRun, buildmaster: Buildmaster): Promise<Image | undefined> {
  const image = await run.engine.inspectImage(workerImageName(run.site, buildmaster.name));
  return image !== undefined && isOnBase(image, buildmaster) ? image : undefined;
}

/** Makes the image of a buildmaster's workers; its labels say which compiler it is, as they are to have the same. */
export async function makeWorkerImage(run: SiteRun, tuple: Tuple, buildmaster: Buildmaster): Promise<Image> {
  const { engine, site } = run;
  const { name, image } = buildmaster;
  const base = { name, image };
  const subject = `${tuple.cpu.name}-${tuple.portage.name}`;
  const root = { base, portage: tuple.portage, subject, step: 'worker', store: 'writable' } as const;
  return inRoot(run, root, async (container) => {
    const { version, digest } = await identifyCompiler(engine, container.id, tuple.cpu.chost);
    await bringTool(run, container, { tuple, tool: 'distcc', step: 'worker' });
    await stopBuildContainer(engine, container);
    const made = workerImageName(site, name);
    const id = await commitRoot(run, container, {
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
    const committed = await engine.inspectImage(id);
    if (committed === undefined) throw new Error(`the engine has no image ${made}, which was committed right now`);
    return committed;
  });
}
