import { findBases } from './base-images.js';
import { installDependencies } from './dependencies.js';
import { forgetImages } from './docker.js';
import { findEngine } from './engine.js';
import { ensureProjectImage } from './images.js';
import { withLock } from './lock.js';

/**
 * What a machine that has been set up offers.
 * @typedef {object} Prepared
 * @property {import('./endpoint.js').Endpoint} engine
 * @property {boolean} hasRegistry whether images came, or once came, from a registry
 */

/**
 * Sets this machine up: dependencies, an engine, and the images that are asked for, the project's and those to build on.
 * What is there and up to date is left as it is, and takes no line.
 * @param {{ images: readonly import('./images.js').ImageName[], bases?: readonly import('./base-images.js').BaseKind[] }} what
 * @returns {Promise<Prepared>}
 * @throws {import('./failure.js').Failure}
 */
export async function prepare({ images, bases: kinds = [] }) {
  await installDependencies();
  const engine = await findEngine();
  return withLock(`images ${engine.url}`, async () => {
    // Another set-up may have made some while this one waited.
    forgetImages();
    const bases = findBases(engine);
    for (const name of images) await ensureProjectImage(engine, bases, name);
    for (const kind of kinds) await bases.get(kind);
    return { engine, hasRegistry: !bases.madeHere() };
  });
}
