import { randomBytes } from 'node:crypto';
import { EngineRefusal, type ImageId } from '../../engine/engine.ts';
import { Failure } from '../../failure.ts';
import type { Base } from '../base-image.ts';
import type { BuildContainer } from '../build-container.ts';
import { commitOnce, labelInstructions } from '../commit-once.ts';
import type { BuildContext } from '../context.ts';

const command = ['/bin/bash'];

/** What the image of a root is called, and what it says of itself. */
export interface RootImage {
  /** `name:tag`; moved where it is taken. */
  readonly name: string;
  readonly base: Base;
  readonly labels: Readonly<Record<string, string>>;
  /** What to do where the engine refuses it. */
  readonly hint?: string;
}

/**
 * Commits the stopped container of a root. It is committed under a name of its own and gets the one that was asked for
 * when the engine has it whole, so that a commit whose answer is lost is told from the image before.
 */
export async function commitRoot(
  { engine, signal }: BuildContext,
  container: BuildContainer,
  { name, base, labels, hint }: RootImage,
): Promise<ImageId> {
  signal.throwIfAborted();
  const passing = `${name.slice(0, name.lastIndexOf(':'))}:making-${randomBytes(6).toString('hex')}`;
  const changes = [
    `ENTRYPOINT ${JSON.stringify(base.image?.entrypoint ?? [])}`,
    `CMD ${JSON.stringify(command)}`,
    ...labelInstructions(labels),
  ];
  try {
    const id = await commitOnce({ engine }, container, passing, changes, hint);
    signal.throwIfAborted();
    await engine.tagImage(id, name);
    return id;
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error;
    throw new Failure('tag-failed', `failed to name the image ${name}: ${error.message}`, { cause: error });
  } finally {
    await engine.removeImage(passing).catch(() => undefined);
  }
}
