import { findBases } from './images/base-images.js';
import { installDependencies } from './packages/dependencies.js';
import { forgetImages } from './engine/docker.js';
import { findEngine } from './engine/engine.js';
import { ensureProjectImage } from './images/images.js';
import { withLock } from './process/lock.js';

/**
 * The facilities of a machine after set-up.
 * @typedef {object} Prepared
 * @property {import('./engine/endpoint.js').Endpoint} engine
 * @property {boolean} hasRegistry whether an image has ever come from a registry
 */

/**
 * Sets this machine up: dependencies, an engine, and the images that are asked for, the project's and those to build on. Parts
 * that are up to date stay as they are, and print no line.
 * @param {{ images: readonly import('./images/images.js').ImageName[], bases?: readonly import('./images/base-images.js').BaseKind[] }} what
 * @returns {Promise<Prepared>}
 * @throws {import('./failure.js').Failure}
 */
export async function prepare({ images, bases: kinds = [] }) {
  await installDependencies();
  const engine = await findEngine();
  return withLock(`images ${engine.url}`, async () => {
    // Another set-up may have made images while this one waited.
    forgetImages();
    const bases = findBases(engine);
    for (const name of images) await ensureProjectImage(engine, bases, name);
    for (const kind of kinds) await bases.get(kind);
    return { engine, hasRegistry: !bases.madeHere() };
  });
}
