import { writeInputsLabel } from '../../plan/explain-difference.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { stopBuildContainer } from '../../container/stop-build-container.ts';
import { commitRoot } from '../root/commit-root.ts';
import { replaceImage } from '../root/replace-image.ts';
import { formatLabel, siteFormat } from '../identity/formats.ts';
import {
  inputsLabel,
  partitionLabel,
  rootFingerprintLabel,
  siteCommitLabel,
  siteLabel,
  tupleLabel,
} from '../identity/labels.ts';
import type { SiteRun } from '../run/site-run.ts';
import { registerSiteImage } from '../run/registered-images.ts';
import { importRoot } from './import-root.ts';
import type { AssembledRoot, OutputKind } from './output-kind.ts';
import { imageName } from './output-names.ts';

/** An image of the engine: the stage plus one layer. In a cross build, the image has only one layer. */
export const imageOutput: OutputKind = {
  name: 'image',
  step: 'commit',
  stopsContainer: true,
  find: (place, tuple) => ({ name: imageName(place, tuple), found: undefined }),
  prepare: () => Promise.resolve(),
  check: async (run, { tuple }, { image, why }) => ({
    output: 'image',
    name: imageName(run, tuple),
    found: image && { size: image.size, made: new Date(image.created) },
    why,
  }),
  make: makeImage,
};

async function makeImage(run: SiteRun, session: ContainerSession, made: AssembledRoot): Promise<string> {
  const { work, partition } = made;
  const { tuple, stage, location, fingerprint } = work;
  const name = imageName(run, tuple);
  const { head } = run.site;
  const labels = {
    [siteLabel]: run.site.name,
    [formatLabel]: String(siteFormat),
    [tupleLabel]: tuple.name,
    [rootFingerprintLabel]: fingerprint.digest,
    [inputsLabel]: writeInputsLabel(fingerprint.inputs),
    [partitionLabel]: partition,
    // Without a value, the image would inherit the label of a stage that is an image of a site.
    [siteCommitLabel]: head?.commit ?? '',
  };
  const id = await replaceImage(run, name, async () => {
    if (tuple.cross) return importRoot(session, { root: location.root, name, labels });
    await stopBuildContainer(session);
    return commitRoot(session, { name, base: stage, labels });
  });
  await registerSiteImage(run, session, name, id);
  return name;
}
