import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAptConfiguration } from '../../setup/images/apt-configuration.js';
import { ensureDebootstrap, unmountBelow } from '../../setup/images/bootstrap-debian.js';
import { Failure } from '../../setup/failure.js';
import { fingerprint } from '../../setup/images/fingerprint.js';
import { doStep } from '../../setup/process/step.js';

const RECIPE_FILE = 'made-from';

/**
 * Makes the root file system of a Debian release with an engine, unless it exists and was made from the same packages.
 * @param {string} directory what is in it but for the root stays
 * @param {import('./engines.js').EngineUnderTest} engine
 * @returns {Promise<string>} the path of the root
 * @throws {Failure} where there is no Debian mirror, or it cannot be made
 */
export async function ensureDebianRoot(directory, { name, suite, packages }) {
  const root = join(directory, 'root');
  const recipeFile = join(directory, RECIPE_FILE);
  const recipe = fingerprint([suite, packages]);
  if (existsSync(root) && existsSync(recipeFile) && readFileSync(recipeFile, 'utf8') === recipe) return root;

  const title = `make the root of ${name}`;
  const mirror = (await readAptConfiguration())?.mirror;
  if (mirror === undefined) {
    throw new Failure(title, 'there is no Debian mirror in an apt configuration of this machine', {
      hint: 'add one to /etc/apt/sources.list and run `apt-get update`',
    });
  }
  const unfinished = `${root}.unfinished`;
  const hint = `check that the Debian mirror is reachable and has ${suite}: run \`apt-get update\``;
  const work = async (/** @type {import('../../setup/process/step.js').LoggedCommand} */ run) => {
    await ensureDebootstrap(run);
    unmountBelow(unfinished);
    for (const path of [unfinished, root, recipeFile]) rmSync(path, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    try {
      await run('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, suite, unfinished, mirror]);
      rmSync(join(unfinished, 'var/cache/apt/archives'), { recursive: true });
      renameSync(unfinished, root);
      writeFileSync(recipeFile, recipe);
    } finally {
      unmountBelow(unfinished);
      rmSync(unfinished, { recursive: true, force: true });
    }
  };
  await doStep(title, 'engine-root', work, hint);
  return root;
}
