import type { CommitRequest, Images, Image } from '../engine/images.ts';
import { EngineRefusal } from '../engine/refusal.ts';
import type { ImageId } from '../engine/identifiers.ts';
import { Failure } from '../failure.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { userInstructions } from '../container/base-image.ts';
import { commitOnce } from '../container/commit-once.ts';
import { splitLabels } from '../engine/image-labels.ts';
import type { BuildRequest } from './build-request.ts';
import type { Preconditions } from './check-preconditions.ts';
import { builderFormatLabel } from '../container/tree.ts';
import { fingerprintLabel, imageFormat } from './find-unchanged.ts';
import { packageVersion } from './merged-packages.ts';
import { reserveImageName } from './reserve-image-name.ts';

/** The label with the packages of an image, `category/name-version` separated by spaces. */
export const packagesLabel = 'gentoo-builder.packages';

const volumes = ['/usr/portage', '/var/tmp/portage'];
const command = ['/bin/bash'];

/** The longest title in bytes. */
const longestTitle = 4096;

/** A committed image and its names. */
export interface CommittedImage {
  readonly id: ImageId;
  readonly name: string;
  readonly tags: readonly string[];
}

/** The facts about an image from which its labels are made. */
export interface ImageFacts {
  readonly request: BuildRequest;
  readonly ready: Preconditions;
  readonly packages: readonly string[];
  /** The digest of the image's inputs (`build-fingerprint.ts`); undefined if an input is unknown. */
  readonly fingerprint: string | undefined;
  /** The time of the build; by default the current time. */
  readonly created?: Date;
}

/**
 * Commits the stopped container as `gentoo-<id>` and adds the tags that the user asked for. If the run is aborted during the
 * commit, the image is removed again.
 */
export async function commitImage(session: ContainerSession, facts: ImageFacts): Promise<CommittedImage> {
  const { engine, signal } = session;
  signal.throwIfAborted();
  const name = await reserveImageName(engine, session.id);
  const id = await commitOnce(session, { name, ...imageSettings(facts) });
  if (signal.aborted) await engine.removeImage(name);
  signal.throwIfAborted();
  return addTags(engine, { id, name }, facts.request.tags);
}

/** Adds the tags that the user asked for to an image. */
export async function addTags(
  engine: Images,
  { id, name }: Pick<CommittedImage, 'id' | 'name'>,
  tags: readonly string[],
): Promise<CommittedImage> {
  for (const tag of tags) {
    try {
      await engine.tagImage(id, tag);
    } catch (error) {
      if (!(error instanceof EngineRefusal)) throw error;
      throw new Failure('tag-failed', `failed to tag ${name} as ${tag}: ${error.message}`, {
        hint: `the image exists; tag it by hand: docker tag ${name} ${tag}`,
        cause: error,
      });
    }
  }
  return { id, name, tags };
}

/**
 * The Dockerfile instructions of the commit and the labels. The instructions restore the entrypoint of the base, because the build
 * container had another one. The labels are those of the OCI image specification ("Annotations"), the packages, the fingerprint,
 * and the format of the last two.
 */
export function imageSettings({
  request,
  ready,
  packages,
  fingerprint,
  created = new Date(),
}: ImageFacts): Required<Pick<CommitRequest, 'changes' | 'labels'>> {
  const { base } = ready;
  const title = titleOf(request.packages);
  const labels = {
    'org.opencontainers.image.title': title,
    'org.opencontainers.image.version': imageVersion(request, packages, created),
    'org.opencontainers.image.created': created.toISOString(),
    'org.opencontainers.image.base.name': base.name,
    ...baseDigest(base.image),
    [packagesLabel]: packages.join(' '),
    [builderFormatLabel]: String(imageFormat),
    ...fingerprintIn(fingerprint, base.image),
  };
  const changes = [
    ...volumes.map((path) => `VOLUME ${path}`),
    `ENTRYPOINT ${JSON.stringify(base.image?.entrypoint ?? [])}`,
    `CMD ${JSON.stringify(command)}`,
    ...userInstructions(base.image),
  ];
  return { changes, labels: splitLabels(labels, base.image?.labels) };
}

/** The packages that were asked for; of many packages the first ones, because a title that programs show has to fit one label. */
function titleOf(packages: readonly string[]): string {
  const whole = packages.join(' ');
  if (Buffer.byteLength(whole) <= longestTitle) return whole;
  const first: string[] = [];
  for (const name of packages) {
    if (Buffer.byteLength([...first, name].join(' ')) > longestTitle) break;
    first.push(name);
  }
  return `${first.join(' ')} and ${packages.length - first.length} more`.trimStart();
}

/** The version of the package if the user asked for one package, else the date. */
function imageVersion(request: BuildRequest, packages: readonly string[], created: Date): string {
  const [only, ...others] = request.packages;
  const version = only !== undefined && others.length === 0 ? packageVersion(only, packages) : undefined;
  return version ?? created.toISOString().slice(0, 10).replaceAll('-', '');
}

/** The fingerprint label. Without a fingerprint, it blanks the label that the image would inherit from the base. */
function fingerprintIn(fingerprint: string | undefined, base: Image | undefined): Record<string, string> {
  const isInherited = base?.labels[fingerprintLabel] !== undefined;
  return fingerprint !== undefined || isInherited ? { [fingerprintLabel]: fingerprint ?? '' } : {};
}

function baseDigest(image: Image | undefined): Record<string, string> {
  const digest = image?.digests[0]?.split('@')[1];
  return digest === undefined ? {} : { 'org.opencontainers.image.base.digest': digest };
}
