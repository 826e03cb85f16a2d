import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { clientEnvironment } from './docker.js';
import { CACHE } from '../places.js';
import { runCommand } from '../process/run-command.js';
import { runInForeground } from '../process/run-in-foreground.js';

const FIRST_SIGNAL_STATUS = 128;
/** How long a container that lost its client may take to clean up, in seconds. */
const STOP_LIMIT = 60;

/**
 * Runs a container in the foreground, and removes it in any case: if a signal arrives before the docker client watches the
 * container, the client ends without it.
 * @param {import('./endpoint.js').Endpoint} engine
 * @param {readonly string[]} args of `docker run`
 * @returns {Promise<number>} the container's exit status
 */
export async function runContainer(engine, args) {
  const env = clientEnvironment(engine);
  mkdirSync(CACHE, { recursive: true });
  const idFile = join(CACHE, `run-${process.pid}.cid`);
  rmSync(idFile, { force: true });
  try {
    const status = await runInForeground('docker', ['run', '--cidfile', idFile, ...args], env);
    if (status > FIRST_SIGNAL_STATUS) await removeContainer(readId(idFile), env);
    return status;
  } finally {
    rmSync(idFile, { force: true });
  }
}

/**
 * Both commands may fail, because the container may have removed itself.
 * @param {string} id
 * @param {NodeJS.ProcessEnv} env
 */
async function removeContainer(id, env) {
  if (id === '') return;
  await runCommand('docker', ['stop', '--time', String(STOP_LIMIT), id], { env });
  await runCommand('docker', ['rm', '--force', '--volumes', id], { env });
}

/** @param {string} path */
function readId(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
