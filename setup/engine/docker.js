import { Failure } from '../failure.js';
import { runCommand } from '../process/run-command.js';

/** @typedef {import('./endpoint.js').Endpoint} Endpoint */
/** @typedef {ReadonlyMap<string, string>} Images ids by name and tag */

/** The milliseconds without an answer after which a registry counts as unreachable. */
const REGISTRY_LIMIT = 20_000;

/**
 * The environment that makes the docker command use the found engine.
 * @param {Endpoint} engine
 * @returns {NodeJS.ProcessEnv}
 */
export function clientEnvironment({ url }) {
  // Without DOCKER_HOST the command would use its context, which may name another engine.
  return { ...process.env, DOCKER_HOST: url };
}

/** What an engine said last, until something changes: the command takes a while to start. @type {Map<string, Images>} */
const listed = new Map();

/**
 * Every image that has a name.
 * @param {Endpoint} engine
 * @returns {Promise<Images>}
 */
export async function listImages(engine) {
  const known = listed.get(engine.url);
  if (known !== undefined) return known;
  const args = ['image', 'ls', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}'];
  const { status, stdout, stderr } = await docker(engine, args);
  if (status !== 0) throw new Failure('list the images of the engine', stderr.trim());
  // Podman's service puts a registry's name before those of local images.
  const lines = stdout.split('\n').map((line) => line.replace(/^localhost\/|^docker\.io\/library\//, '').split(' '));
  const images = new Map(lines.flatMap(([name, id]) => (name && id ? [[name, id]] : [])));
  listed.set(engine.url, images);
  return images;
}

/** Call it after images have changed: the next request lists them again. */
export function forgetImages() {
  listed.clear();
}

/**
 * @param {Endpoint} engine
 * @param {string} image
 * @param {string} name
 */
export async function tagImage(engine, image, name) {
  forgetImages();
  const { status, stderr } = await docker(engine, ['tag', image, name]);
  if (status !== 0) throw new Failure(`tag ${image} as ${name}`, stderr.trim());
}

/**
 * Removes a name of an image, and the image if it has no other name. An image that a container uses stays.
 * @param {Endpoint} engine
 * @param {string} name
 */
export async function untagImage(engine, name) {
  forgetImages();
  await docker(engine, ['rmi', name]);
}

/**
 * Pulls an image from its registry.
 * @param {Endpoint} engine
 * @param {string} name
 * @returns {Promise<string | undefined>} the reason if the pull failed; undefined after a pull
 */
export async function pullImage(engine, name) {
  forgetImages();
  const { status, stdout, stderr } = await runCommand('docker', ['pull', name], {
    env: clientEnvironment(engine),
    silenceLimit: REGISTRY_LIMIT,
  });
  if (status === 0) return undefined;
  if (stdout === '' && stderr === '') return `no answer within ${REGISTRY_LIMIT / 1000} s`;
  return (
    stderr
      .trim()
      .replace(/^Error response from daemon: /, '')
      .split('\n')
      .at(-1) ?? `docker pull ended with status ${status}`
  );
}

/**
 * @param {Endpoint} engine
 * @param {readonly string[]} args
 */
function docker(engine, args) {
  return runCommand('docker', args, { env: clientEnvironment(engine) });
}
