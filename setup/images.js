import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAptConfiguration } from './apt-configuration.js';
import { ensureBuild } from './ensure-image.js';
import { PROJECT } from './places.js';

/** @typedef {import('./endpoint.js').Endpoint} Endpoint */
/** @typedef {import('./base-images.js').Bases} Bases */

/** @typedef {'gentoo-builder' | 'gentoo-base' | 'gentoo-ministage' | 'gentoo-ministage-faults'} ImageName */

/** The stage that builds start from unless they are told otherwise. */
export const MINISTAGE = 'gentoo-ministage';

/** @type {Record<ImageName, (engine: Endpoint, bases: Bases) => Promise<string>>} */
const MAKERS = {
  'gentoo-builder': async (engine, bases) =>
    ensureBuild(engine, {
      name: 'gentoo-builder',
      context: PROJECT,
      args: {
        BUILD_IMAGE: await bases.get('node-build'),
        RUNTIME_IMAGE: await bases.get('node-runtime'),
        VERSION: JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).version,
      },
    }),
  'gentoo-ministage': async (engine, bases) => {
    const debian = await bases.get('debian');
    // A base that was made here has this machine's mirrors already.
    const mirror = bases.isOfficial(debian) ? (await readAptConfiguration())?.mirror : undefined;
    return ensureBuild(engine, {
      name: MINISTAGE,
      context: join(PROJECT, 'ministage'),
      args: { DEBIAN_IMAGE: debian, ...(mirror === undefined ? {} : { DEBIAN_MIRROR: mirror }) },
    });
  },
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
 * Makes one of the project's images where it is missing or out of date, and what it is made from.
 * @param {Endpoint} engine
 * @param {Bases} bases
 * @param {ImageName} name
 * @returns {Promise<string>} its id
 */
export function ensureProjectImage(engine, bases, name) {
  return MAKERS[name](engine, bases);
}
