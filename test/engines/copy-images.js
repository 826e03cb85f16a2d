import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { clientEnvironment, forgetImages, listImages } from '../../setup/engine/docker.js';
import { isFingerprint } from '../../setup/images/ensure-image.js';
import { doStep } from '../../setup/process/step.js';

/** @typedef {import('../../setup/engine/endpoint.js').Endpoint} Endpoint */

/**
 * Gives an engine the images that set-up made on another one: they keep their ids, by which set-up knows whether they are
 * up to date. What is not, set-up makes anew.
 * @param {Endpoint} from
 * @param {Endpoint} to
 * @param {string} directory for what is underway
 */
export async function copyImages(from, to, directory) {
  const present = await listImages(to);
  const missing = [...(await listImages(from)).keys()].filter((name) => isFingerprint(name) && !present.has(name));
  if (missing.length === 0) return;
  const archive = join(directory, 'images.tar');
  try {
    await doStep(`copy ${missing.length} images from ${from.url}`, 'copy-images', async (run) => {
      await run('docker', ['save', '--output', archive, ...missing], { env: clientEnvironment(from) });
      await run('docker', ['load', '--input', archive], { env: clientEnvironment(to) });
    });
  } finally {
    rmSync(archive, { force: true });
    forgetImages();
  }
}
