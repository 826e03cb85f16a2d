import { clientEnvironment, listImages, tagImage, untagImage } from './docker.js';
import { fingerprint, readContext } from './fingerprint.js';
import { throwIfInterrupted } from './interruption.js';
import { doStep } from './step.js';

/** @typedef {import('./docker.js').Endpoint} Endpoint */
/** @typedef {import('./step.js').LoggedCommand} LoggedCommand */

/**
 * How an image is made.
 * @typedef {object} Recipe
 * @property {string} name
 * @property {readonly unknown[]} inputs all that decides what comes out
 * @property {(run: LoggedCommand, tag: string) => Promise<void>} make makes the image under the tag
 */

/**
 * An image made by `docker build`.
 * @typedef {object} Build
 * @property {string} name
 * @property {string} context the directory of its context and Dockerfile
 * @property {Record<string, string>} args build arguments; one that names a local image stands for its contents
 */

const PREFIX = 'fingerprint-';
/** A host's proxy settings: builders know these arguments, and keep them out of the image. */
const PROXY_ARGUMENTS = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/**
 * Makes an image where it is missing or made from something else than it would be now. A second tag of the image carries
 * the fingerprint of what it was made from: nothing about it is in the image itself, which may be published.
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
  if (id === undefined) throw new Error(`${tag} was made and is not there`);
  return id;
}

/**
 * Whether a name is the one that an image has from its fingerprint.
 * @param {string} name with its tag
 */
export function isFingerprint(name) {
  return name.includes(`:${PREFIX}`);
}

/**
 * An image of somebody else's that has the name is kept under another tag: somebody may have made his gentoo-base himself.
 * @param {Endpoint} engine
 * @param {string} name
 * @param {import('./docker.js').Images} images
 */
async function keepReplaced(engine, name, images) {
  const replaced = findReplaced(images, name);
  if (replaced === undefined) return;
  await tagImage(engine, replaced, `${name}:replaced`);
  process.stderr.write(`${name} was another image, which is ${name}:replaced now\n`);
}

/**
 * The image that has a name without having been made under it here.
 * @param {ReadonlyMap<string, string>} images ids by their names with tags
 * @param {string} name
 * @returns {string | undefined} its id
 */
export function findReplaced(images, name) {
  const id = images.get(`${name}:latest`);
  const isOurs = [...images].some(([tag, other]) => other === id && tag.startsWith(`${name}:${PREFIX}`));
  return isOurs ? undefined : id;
}

/**
 * The tags that earlier fingerprints gave an image.
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
 * @returns {string} with `latest` where it has no tag
 */
export function withTag(name) {
  return /:[^/]+$/.test(name) ? name : `${name}:latest`;
}
