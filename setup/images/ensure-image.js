import { clientEnvironment, listImages, tagImage, untagImage } from '../engine/docker.js';
import { fingerprint, readContext } from './fingerprint.js';
import { throwIfInterrupted } from '../process/interruption.js';
import { doStep } from '../process/step.js';

/** @typedef {import('../engine/docker.js').Endpoint} Endpoint */
/** @typedef {import('../process/step.js').LoggedCommand} LoggedCommand */

/**
 * The way to make an image.
 * @typedef {object} Recipe
 * @property {string} name
 * @property {readonly unknown[]} inputs all inputs of the image
 * @property {(run: LoggedCommand, tag: string) => Promise<void>} make makes the image with the tag
 */

/**
 * An image made by `docker build`.
 * @typedef {object} Build
 * @property {string} name
 * @property {string} context the directory with its context and Dockerfile
 * @property {Record<string, string>} args build arguments; an argument that names a local image counts by the image's contents
 */

const PREFIX = 'fingerprint-';
/** Proxy settings of the host. Builders know these arguments and keep them out of the image. */
const PROXY_ARGUMENTS = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/**
 * Makes an image if it is missing or its inputs have changed. A second tag of the image holds the fingerprint of the inputs.
 * The image itself, which may be published, does not hold it.
 * @param {Endpoint} engine
 * @param {Recipe} recipe
 * @returns {Promise<string>} the image's id
 */
export async function ensureImage(engine, { name, inputs, make }) {
  const tag = `${name}:${PREFIX}${fingerprint(inputs)}`;
  const images = await listImages(engine);
  const found = images.get(tag);
  if (found !== undefined && images.get(`${name}:latest`) === found) return found;
  if (found !== undefined) {
    await keepReplaced(engine, name, images);
    await tagImage(engine, tag, name);
    return found;
  }
  await doStep(`make image ${name}`, name, (run) => make(run, tag));
  throwIfInterrupted(`make image ${name}`);
  await keepReplaced(engine, name, images);
  await tagImage(engine, tag, name);
  for (const old of findSuperseded(images.keys(), tag)) await untagImage(engine, old);
  const id = (await listImages(engine)).get(tag);
  if (id === undefined) throw new Error(`the engine lost the image ${tag} right after its build`);
  return id;
}

/**
 * Whether the tag of a name is a fingerprint.
 * @param {string} name the name with its tag
 */
export function isFingerprint(name) {
  return name.includes(`:${PREFIX}`);
}

/**
 * Keeps an image of the user's that has the name, with another tag: users may have made their own gentoo-base.
 * @param {Endpoint} engine
 * @param {string} name
 * @param {import('../engine/docker.js').Images} images
 */
async function keepReplaced(engine, name, images) {
  const replaced = findReplaced(images, name);
  if (replaced === undefined) return;
  await tagImage(engine, replaced, `${name}:replaced`);
  process.stderr.write(`another image had the name ${name}; its name is ${name}:replaced now\n`);
}

/**
 * Finds the image that has a name and was not made here.
 * @param {ReadonlyMap<string, string>} images image ids by name with tag
 * @param {string} name
 * @returns {string | undefined} its id
 */
export function findReplaced(images, name) {
  const id = images.get(`${name}:latest`);
  const isOurs = [...images].some(([tag, other]) => other === id && tag.startsWith(`${name}:${PREFIX}`));
  return isOurs ? undefined : id;
}

/**
 * Lists the tags of an image's earlier fingerprints.
 * @param {Iterable<string>} names
 * @param {string} current
 * @returns {string[]}
 */
export function findSuperseded(names, current) {
  const prefix = current.slice(0, current.indexOf(':') + 1) + PREFIX;
  return [...names].filter((name) => name.startsWith(prefix) && name !== current);
}

/**
 * @param {Endpoint} engine
 * @param {Build} build
 * @returns {Promise<string>} the image's id
 */
export async function ensureBuild(engine, { name, context, args }) {
  const images = await listImages(engine);
  const given = Object.entries(args).map(([key, value]) => [key, images.get(withTag(value)) ?? value]);
  return ensureImage(engine, {
    name,
    inputs: [given, readContext(context)],
    make: (run, tag) => {
      const proxies = PROXY_ARGUMENTS.filter((key) => process.env[key] !== undefined);
      const all = [...proxies, ...Object.entries(args).map(([key, value]) => `${key}=${value}`)];
      const options = all.flatMap((arg) => ['--build-arg', arg]);
      // --force-rm: the legacy builder would leave the container of a failed step.
      const command = ['build', '--force-rm', '--tag', tag, ...options, context];
      return run('docker', command, { env: clientEnvironment(engine) });
    },
  });
}

/**
 * @param {string} name
 * @returns {string} with `latest` if it has no tag
 */
export function withTag(name) {
  return /:[^/]+$/.test(name) ? name : `${name}:latest`;
}
