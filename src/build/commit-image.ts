import { EngineRefusal, type Engine, type Image, type ImageId } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import { commitOnce, labelInstructions } from './commit-once.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import type { BuildContext } from './context.ts';
import { fingerprintLabel } from './find-unchanged.ts';
import { packageVersion } from './merged-packages.ts';
import { reserveImageName } from './reserve-image-name.ts';

/** The label with the packages of an image and their versions, `category/name-version` with spaces between. */
export const packagesLabel = 'gentoo-builder.packages';

const volumes = ['/usr/portage', '/var/tmp/portage'];
const command = ['/bin/bash'];

/** An image that was committed. */
export interface CommittedImage {
  readonly id: ImageId;
  readonly name: string;
  readonly tags: readonly string[];
}

/** What a commit is told about the image. */
export interface ImageFacts {
  readonly request: BuildRequest;
  readonly ready: Preconditions;
  readonly packages: readonly string[];
  /** Names what the image was made of; undefined if that cannot be told. */
  readonly fingerprint: string | undefined;
  /** Now, unless it is said. */
  readonly created?: Date;
}

/**
 * Commits the stopped container under a name of its own and adds the names that were asked for. A run that was aborted
 * meanwhile has its image removed again.
 */
export async function commitImage(
  context: BuildContext,
  container: BuildContainer,
  facts: ImageFacts,
): Promise<CommittedImage> {
  const { engine, signal } = context;
  signal.throwIfAborted();
  const name = await reserveImageName(engine, container.id);
  const id = await commitOnce(context, container, name, commitChanges(facts));
  if (signal.aborted) await engine.removeImage(name);
  signal.throwIfAborted();
  return addTags(engine, { id, name }, facts.request.tags);
}

/** Gives an image that has a name of its own the others that were asked for. */
export async function addTags(
  engine: Engine,
  { id, name }: Pick<CommittedImage, 'id' | 'name'>,
  tags: readonly string[],
): Promise<CommittedImage> {
  for (const tag of tags) {
    try {
      await engine.tagImage(id, tag);
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      throw new Failure('tag-failed', `failed to tag ${name} as ${tag}: ${error.message}`, {
        hint: `the image is there: docker tag ${name} ${tag}`,
        cause: error,
      });
    }
  }
  return { id, name, tags };
}

/**
 * The Dockerfile instructions of the commit. The entrypoint is the base's own: the build container had another one.
 * Labels are those of the image specification ("Annotations") and one with the packages.
 */
export function commitChanges({
  request,
  ready,
  packages,
  fingerprint,
  created = new Date(),
}: ImageFacts): readonly string[] {
  const { base } = ready;
  const title = request.packages.join(' ');
  const labels = {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.version': imageVersion(request, packages, created),
    'org.opencontainers.image.created': created.toISOString(),
    'org.opencontainers.image.base.name': base.name,
    ...baseDigest(base.image),
    [packagesLabel]: packages.join(' '),
    ...fingerprintIn(fingerprint, base.image),
  };
  return [
    ...volumes.map((path) => `VOLUME ${path}`),
    `ENTRYPOINT ${JSON.stringify(base.image?.entrypoint ?? [])}`,
    `CMD ${JSON.stringify(command)}`,
    ...labelInstructions(labels),
  ];
}

/** The version of the one package that was asked for, or the day for an image of several. */
function imageVersion(request: BuildRequest, packages: readonly string[], created: Date): string {
  const [only, ...others] = request.packages;
  const version = only !== undefined && others.length === 0 ? packageVersion(only, packages) : undefined;
  return version ?? created.toISOString().slice(0, 10).replaceAll('-', '');
}

/** The base's own is inherited unless it is blanked. */
function fingerprintIn(fingerprint: string | undefined, base: Image | undefined): Record<string, string> {
  const isInherited = base?.labels[fingerprintLabel] !== undefined;
  return fingerprint !== undefined || isInherited ? { [fingerprintLabel]: fingerprint ?? '' } : {};
}

function baseDigest(image: Image | undefined): Record<string, string> {
  const digest = image?.digests[0]?.split('@')[1];
  return digest === undefined ? {} : { 'org.opencontainers.image.base.digest': digest };
}
