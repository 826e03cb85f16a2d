import { randomBytes } from 'node:crypto';
import { EngineRefusal } from '../../engine/refusal.ts';
import type { ImageId } from '../../engine/identifiers.ts';
import { Failure } from '../../failure.ts';
import { userInstructions, type Base } from '../../container/base-image.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { commitOnce } from '../../container/commit-once.ts';
import { splitLabels } from '../../engine/image-labels.ts';

const command = ['/bin/bash'];

/** The name and the labels of a root's image. */
export interface RootImage {
  /** `name:tag`. If another image has the name, the name moves to the new image. */
  readonly name: string;
  readonly base: Base;
  readonly labels: Readonly<Record<string, string>>;
  /** The hint for the user if the engine refuses the commit. */
  readonly hint?: string;
}

/**
 * Commits the stopped container of a root under a temporary name, and then gives the image its own name. If the engine's answer
 * to the commit is lost, the temporary name proves that the image is the new one, not the image that had the name before.
 */
export async function commitRoot(session: ContainerSession, { name, base, labels, hint }: RootImage): Promise<ImageId> {
  const { engine, signal } = session;
  signal.throwIfAborted();
  const temporary = `${name.slice(0, name.lastIndexOf(':'))}:making-${randomBytes(6).toString('hex')}`;
  const changes = [
    `ENTRYPOINT ${JSON.stringify(base.image?.entrypoint ?? [])}`,
    `CMD ${JSON.stringify(command)}`,
    ...userInstructions(base.image),
  ];
  const own = splitLabels(labels, base.image?.labels);
  try {
    const id = await commitOnce(session, { name: temporary, changes, labels: own }, hint);
    signal.throwIfAborted();
    await engine.tagImage(id, name);
    return id;
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Failure('tag-failed', `failed to name the image ${name}: ${error.message}`, { cause: error });
  } finally {
    await engine.removeImage(temporary).catch(() => undefined);
  }
}
