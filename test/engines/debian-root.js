import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAptConfiguration } from '../../setup/apt-configuration.js';
import { ensureDebootstrap, unmountBelow } from '../../setup/bootstrap-debian.js';
import { Failure } from '../../setup/failure.js';
import { fingerprint } from '../../setup/fingerprint.js';
import { doStep } from '../../setup/step.js';

/** The Debian release that the engine is taken from. */
const SUITE = 'trixie';
/** procps: the engine asks ps for the processes of a container. The client is for a look at the engine from within. */
const INCLUDED = ['ca-certificates', 'docker-cli', 'docker.io', 'iptables', 'procps'];
const RECIPE_FILE = 'made-from';

/**
 * Makes the root file system of a Debian that has a newer engine, where it is missing or was made otherwise.
 * @param {string} directory what is in it but for the root stays
 * @returns {Promise<string>} the path of the root
 * @throws {Failure} where there is no Debian mirror, or it cannot be made
 */
export async function ensureDebianRoot(directory) {
  const root = join(directory, 'root');
  const recipeFile = join(directory, RECIPE_FILE);
  const recipe = fingerprint([SUITE, INCLUDED]);
  if (existsSync(root) && existsSync(recipeFile) && readFileSync(recipeFile, 'utf8') === recipe) return root;

  const title = `make a Debian ${SUITE} with its engine`;
  const mirror = (await readAptConfiguration())?.mirror;
  if (mirror === undefined) {
    throw new Failure(title, 'there is no Debian mirror in an apt configuration of this machine', {
      hint: 'add one to /etc/apt/sources.list and run `apt-get update`',
    });
  }
  const unfinished = `${root}.unfinished`;
  const hint = `is the Debian mirror reachable, and does it have ${SUITE}? \`apt-get update\` says more`;
  const work = async (/** @type {import('../../setup/step.js').LoggedCommand} */ run) => {
    await ensureDebootstrap(run);
    unmountBelow(unfinished);
    for (const path of [unfinished, root, recipeFile]) rmSync(path, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    try {
      await run('debootstrap', ['--variant=minbase', `--include=${INCLUDED.join(',')}`, SUITE, unfinished, mirror]);
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
