import { chooseEndpoint, isGiven, pingEngine } from './endpoint.js';
import { Failure } from '../failure.js';
import { installEngine, isDebian } from './install-engine.js';
import { withLock } from '../process/lock.js';
import { runCommand } from '../process/run-command.js';

/** @typedef {import('./endpoint.js').Endpoint} Endpoint */
/** @typedef {import('./endpoint.js').Answer} Answer */

/** @typedef {'use' | 'install'} Decision */

const STEP = 'find a Docker engine';

/**
 * Decides about an engine from the answer of its endpoint.
 * @param {Endpoint} endpoint
 * @param {Answer} answer
 * @param {{ given: boolean, mayInstall: boolean }} circumstances whether the user named the endpoint, and whether
 * this is a Debian on which packages may be installed
 * @returns {Decision}
 * @throws {Failure} if there is no engine and none can be installed
 */
export function decideOnEngine({ url }, answer, { given, mayInstall }) {
  if (answer.answers) return 'use';
  const why = `${url} does not answer: ${answer.why}`;
  if (given)
    throw new Failure(STEP, why, {
      hint: 'start that engine, or unset DOCKER_HOST and choose the default context (docker context use default) to use the engine of this machine',
    });
  if (answer.code === 'EACCES' || answer.code === 'EPERM') {
    throw new Failure(STEP, why, { hint: 'run this as root, or as a member of the group that owns the socket' });
  }
  if (mayInstall) return 'install';
  throw new Failure(STEP, why, {
    hint: 'start Docker, or set DOCKER_HOST to an engine; set-up installs one only on Debian, as root',
  });
}

/**
 * Finds the engine. If none answers, installs and starts one on Debian, as root.
 * @returns {Promise<Endpoint>}
 */
export async function findEngine() {
  const endpoint = chooseEndpoint(process.env);
  const given = isGiven(process.env);
  const mayInstall = process.getuid?.() === 0 && isDebian();
  const decide = async () => decideOnEngine(endpoint, await pingEngine(endpoint), { given, mayInstall });
  if ((await decide()) === 'install') {
    await withLock('engine', async () => {
      // Another set-up may have started it while this one waited.
      if ((await decide()) === 'install') await installEngine(endpoint);
    });
  }
  const { status } = await runCommand('docker', ['--version']);
  if (status === 0) return endpoint;
  throw new Failure(STEP, `${endpoint.url} answers, but there is no docker command`, {
    hint: 'install the Docker client (Debian: docker.io, and docker-cli where there is such a package)',
  });
}
