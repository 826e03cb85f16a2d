import { Failure } from '../../failure.ts';
import type { Site } from '../../site/site.ts';
import type { Base } from '../../container/base-image.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import type { BuildContext } from '../../container/context.ts';
import { stopBuildContainer } from '../../container/stop-build-container.ts';
import { commitRoot } from '../root/commit-root.ts';
import { rootFingerprintLabel, inputsLabel, siteLabel, tupleLabel } from '../identity/labels.ts';

/** Empty values for the labels by which zentoo recognizes images that it has built. */
const blank = Object.fromEntries([siteLabel, tupleLabel, rootFingerprintLabel, inputsLabel].map((name) => [name, '']));

/** Throws `usage` if the name is reserved for images that the site builds. */
export function checkKeptName({ name: site }: Pick<Site, 'name'>, name: string): void {
  const prefix = `zentoo/${site}/`;
  if (!name.replace(/^(?:index\.)?docker\.io\//, '').startsWith(prefix)) return;
  throw new Failure(
    'usage',
    `failed to keep the root as ${name}: names that begin with ${prefix} are reserved for zentoo build`,
    {
      hint: 'give it another name: --keep NAME',
    },
  );
}

/** Throws `commit-failed` if an image of that name exists: no image is overwritten. */
export async function checkNameIsFree({ engine }: Pick<BuildContext, 'engine'>, name: string): Promise<void> {
  if ((await engine.inspectImage(name)) === undefined) return;
  throw new Failure('commit-failed', `failed to keep the root as ${name}: an image of that name exists`, {
    hint: `give it another name, or remove that image: docker rmi ${name}`,
  });
}

/** Stops a root's container and commits it under the user's name, as an image that does not belong to the site. */
export async function keepRoot(
  session: ContainerSession,
  { name, base }: { readonly name: string; readonly base: Base },
): Promise<void> {
  await stopBuildContainer(session);
  const hasTag = /:[^/]*$/.test(name);
  const hint = 'run the command again: the packages that you merged are in the store';
  await commitRoot(session, { name: hasTag ? name : `${name}:latest`, base, labels: blank, hint });
}
