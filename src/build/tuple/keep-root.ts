import { Failure } from '../../failure.ts';
import type { Site } from '../../site/site.ts';
import type { Base } from '../base-image.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { stopBuildContainer } from '../stop-build-container.ts';
import { commitRoot } from './commit-root.ts';
import { fingerprintLabel, inputsLabel, siteLabel, tupleLabel } from './labels.ts';

/** What would make the image pass for one that the site has built. */
const blank = Object.fromEntries([siteLabel, tupleLabel, fingerprintLabel, inputsLabel].map((name) => [name, '']));

/** Refuses a name that the site has for what it builds. Throws a `Failure` `usage`. */
export function checkKeptName({ name: site }: Pick<Site, 'name'>, name: string): void {
  const prefix = `zentoo/${site}/`;
  if (!name.replace(/^(?:index\.)?docker\.io\//, '').startsWith(prefix)) return;
  throw new Failure(
    'usage',
    `failed to keep the root as ${name}: names that begin with ${prefix} are for what is built`,
    {
      hint: 'give it another name: --keep NAME',
    },
  );
}

/** Refuses a name that an image has already: nothing is overwritten. Throws a `Failure` `commit-failed`. */
export async function checkNameIsFree({ engine }: Pick<BuildContext, 'engine'>, name: string): Promise<void> {
  if ((await engine.inspectImage(name)) === undefined) return;
  throw new Failure('commit-failed', `failed to keep the root as ${name}: there is an image of that name`, {
    hint: `give it another name, or remove that one: docker rmi ${name}`,
  });
}

/** Stops a root's container and commits it under a name of the user's, as an image that the site has no part in. */
export async function keepRoot(
  context: BuildContext,
  container: BuildContainer,
  { name, base }: { readonly name: string; readonly base: Base },
): Promise<void> {
  await stopBuildContainer(context.engine, container);
  const hasTag = /:[^/]*$/.test(name);
  const hint = 'what was emerged in it is in the store; run it again';
  await commitRoot(context, container, { name: hasTag ? name : `${name}:latest`, base, labels: blank, hint });
}
