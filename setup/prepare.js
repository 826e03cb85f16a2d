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
 * Sets this machine up: dependencies, an engine, and the images that are asked for. What is there and up to date is left
 * as it is, and takes no line.
 * @param {{ images: readonly import('./images.js').ImageName[] }} what
 * @returns {Promise<Prepared>}
 * @throws {import('./failure.js').Failure}
 */
export async function prepare({ images }) {
  await installDependencies();
  const engine = await findEngine();
  return withLock(`images ${engine.url}`, async () => {
    // Another set-up may have made some while this one waited.
    forgetImages();
    const bases = findBases(engine);
    for (const name of images) await ensureProjectImage(engine, bases, name);
    return { engine, hasRegistry: !bases.madeHere() };
  });
}
