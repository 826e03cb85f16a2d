import type { Container } from '../../engine/containers.ts';
import type { Engine } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';

/** The name of the image of this program. */
const imageName = 'gentoo-builder';

/**
 * The name of the image of node proxies: this program's own image, by its id, or by its digest in a registry. With a tag, each node would
 * ask a registry first. Throws `swarm-refused` if the registry does not have this very image.
 */
export async function proxyImage(
  engine: Pick<Engine, 'inspectImage'>,
  self: Pick<Container, 'image'>,
  registry: string | undefined,
): Promise<string> {
  if (registry === undefined) return self.image;
  const image = await engine.inspectImage(self.image);
  const repository = `${registry}/${imageName}`;
  const digest = image?.digests.find((one) => one.startsWith(`${repository}@`));
  if (digest !== undefined) return digest;
  throw new Failure('swarm-refused', `failed to use the registry ${registry}: this image was not pushed there`, {
    hint: `docker tag ${imageName} ${repository} && docker push ${repository}`,
  });
}
