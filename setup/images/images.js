import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAptConfiguration } from './apt-configuration.js';
import { ensureBuild } from './ensure-image.js';
import { PROJECT } from '../places.js';

/** @typedef {import('../engine/endpoint.js').Endpoint} Endpoint */
/** @typedef {import('./base-images.js').Bases} Bases */

/** @typedef {'gentoo-builder' | 'gentoo-base' | 'gentoo-ministage' | 'gentoo-ministage-faults'} ImageName */

/** The default stage of builds. */
export const MINISTAGE = 'gentoo-ministage';

/** @type {Record<ImageName, (engine: Endpoint, bases: Bases) => Promise<string>>} */
const MAKERS = {
  'gentoo-builder': async (engine, bases) =>
    ensureBuild(engine, {
      name: 'gentoo-builder',
      context: PROJECT,
      args: await builderBuildArguments(bases),
    }),
  'gentoo-ministage': async (engine, bases) =>
    ensureBuild(engine, {
      name: MINISTAGE,
      context: join(PROJECT, 'ministage'),
      args: await ministageBuildArguments(bases),
    }),
  'gentoo-base': async (engine, bases) => {
    await ensureProjectImage(engine, bases, MINISTAGE);
    return ensureBuild(engine, {
      name: 'gentoo-base',
      context: join(PROJECT, 'gentoo-base'),
      args: { STAGE: MINISTAGE },
    });
  },
  'gentoo-ministage-faults': async (engine, bases) => {
    await ensureProjectImage(engine, bases, MINISTAGE);
    return ensureBuild(engine, {
      name: 'gentoo-ministage-faults',
      context: join(PROJECT, 'test/support/faults'),
      args: { MINISTAGE },
    });
  },
};

/**
 * The build arguments of the image gentoo-builder on this machine.
 * @param {Bases} bases
 * @returns {Promise<Record<string, string>>}
 */
export async function builderBuildArguments(bases) {
  return {
    BUILD_IMAGE: await bases.get('node-build'),
    RUNTIME_IMAGE: await bases.get('node-runtime'),
    VERSION: JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).version,
  };
}

/**
 * The build arguments of the ministage on this machine.
 * @param {Bases} bases
 * @returns {Promise<Record<string, string>>}
 */
export async function ministageBuildArguments(bases) {
  const debian = await bases.get('debian');
  // A stand-in already has this machine's mirrors.
  const mirror = bases.isOfficial(debian) ? (await readAptConfiguration())?.mirror : undefined;
  return { DEBIAN_IMAGE: debian, ...(mirror === undefined ? {} : { DEBIAN_MIRROR: mirror }) };
}

/**
 * Makes one of the project's images and its bases, if they are missing or out of date.
 * @param {Endpoint} engine
 * @param {Bases} bases
 * @param {ImageName} name
 * @returns {Promise<string>} the id of the image
 */
export function ensureProjectImage(engine, bases, name) {
  return MAKERS[name](engine, bases);
}
