import { readAptConfiguration } from './apt-configuration.js';
import { findHostCertificates } from './certificates.js';
import { listImages, pullImage } from '../engine/docker.js';
import { Failure } from '../failure.js';
import { addHostSettings, makeDebian, makeHaproxy, makeNode } from './stand-ins.js';

/** @typedef {import('../engine/endpoint.js').Endpoint} Endpoint */

/** @typedef {'debian' | 'node-build' | 'node-runtime' | 'haproxy'} BaseKind */

/**
 * The base images of the Dockerfiles on this machine.
 * @typedef {object} Bases
 * @property {(kind: BaseKind) => Promise<string>} get makes sure that the image exists, and returns its name
 * @property {(name: string) => boolean} isOfficial whether the image comes from a registry
 * @property {() => boolean} madeHere whether stand-ins replace images that no registry provided
 */

const OFFICIAL_DEBIAN = 'debian:bookworm-slim';
const OFFICIAL_NODE = 'node:24-bookworm-slim';
const OFFICIAL_HAPROXY = 'haproxy:lts-alpine';

const DEBIAN = 'gentoo-builder-debian';
const PLAIN_DEBIAN = 'gentoo-builder-debian-plain';
const NODE = 'gentoo-builder-node';
const RUNTIME = 'gentoo-builder-node-runtime';
const HAPROXY = 'gentoo-builder-haproxy';

/**
 * @param {Endpoint} engine
 * @returns {Bases}
 */
export function findBases(engine) {
  const certificates = findHostCertificates(process.env);
  const apt = once(readAptConfiguration);
  /** @type {string | undefined} why no registry answers, once that is known */
  let unreachable;
  let madeHere = false;

  const obtain = async (/** @type {string} */ official, /** @type {string} */ standIn) => {
    const choice = chooseBase(await listImages(engine), official, standIn, unreachable);
    if (choice === 'pull') {
      unreachable = await announcePull(engine, official);
      if (unreachable === undefined) return official;
    }
    if (choice === 'official') return official;
    madeHere = true;
    return undefined;
  };
  const officialDebian = once(() => obtain(OFFICIAL_DEBIAN, PLAIN_DEBIAN));
  const officialNode = once(() => obtain(OFFICIAL_NODE, RUNTIME));
  const makePlain = once(async () => {
    const configuration = await apt();
    return makeDebian(engine, PLAIN_DEBIAN, () => {
      const blocked = whyNoDebootstrap(configuration !== undefined);
      if (blocked !== undefined) throw noBase(unreachable, blocked);
      return configuration?.mirror ?? '';
    });
  });
  const withSettings = async (/** @type {string} */ name, /** @type {string} */ base) =>
    addHostSettings(engine, name, base, { certificates, apt: await apt() });
  const debian = once(async () => {
    const official = await officialDebian();
    if (official !== undefined && certificates.length === 0) return official;
    return withSettings(DEBIAN, official ?? (await makePlain()));
  });
  const nodeBuild = once(async () => {
    const official = await officialNode();
    if (official !== undefined) return certificates.length === 0 ? official : withSettings(NODE, official);
    return makeNode(engine, NODE, await withSettings(DEBIAN, await makePlain()), { npm: true });
  });
  const nodeRuntime = once(
    async () => (await officialNode()) ?? makeNode(engine, RUNTIME, await makePlain(), { npm: false }),
  );
  const haproxy = once(async () => {
    const official = await obtain(OFFICIAL_HAPROXY, HAPROXY);
    return official ?? makeHaproxy(engine, HAPROXY, await debian());
  });

  const kinds = { debian, 'node-build': nodeBuild, 'node-runtime': nodeRuntime, haproxy };
  return { get: (kind) => kinds[kind](), isOfficial, madeHere: () => madeHere };
}

/** @param {string} name */
function isOfficial(name) {
  return name === OFFICIAL_DEBIAN || name === OFFICIAL_NODE;
}

/**
 * @param {import('../engine/docker.js').Images} images the engine's images
 * @param {string} official
 * @param {string} standIn
 * @param {string | undefined} unreachable why no registry answers, if known
 * @returns {'official' | 'stand-in' | 'pull'}
 */
export function chooseBase(images, official, standIn, unreachable) {
  if (images.has(official)) return 'official';
  // An image that was made here is not pulled again: a machine without a registry would wait at every start.
  if (unreachable !== undefined || images.has(`${standIn}:latest`)) return 'stand-in';
  return 'pull';
}

/**
 * @param {Endpoint} engine
 * @param {string} name
 */
async function announcePull(engine, name) {
  process.stderr.write(`pull ${name} ...`);
  const begin = performance.now();
  const why = await pullImage(engine, name);
  const seconds = `${((performance.now() - begin) / 1000).toFixed(1)} s`;
  process.stderr.write(why === undefined ? ` ${seconds}\n` : ` not possible (${why}): making a stand-in\n`);
  return why;
}

/**
 * @param {boolean} hasMirror
 * @returns {string | undefined} why this machine cannot make a Debian image
 */
function whyNoDebootstrap(hasMirror) {
  if (process.getuid?.() !== 0) return 'only root can make it';
  return hasMirror ? undefined : 'there is no Debian mirror in an apt configuration of this machine';
}

/**
 * @param {string | undefined} unreachable
 * @param {string} blocked
 */
function noBase(unreachable, blocked) {
  const why = `no registry gave it (${unreachable ?? 'not asked again'}), and it cannot be made here: ${blocked}`;
  return new Failure(`get the base image ${OFFICIAL_DEBIAN}`, why, {
    hint:
      `make the registry reachable, load ${OFFICIAL_DEBIAN} and ${OFFICIAL_NODE} with \`docker load\`, ` +
      'or run this command once as root on Debian: it makes the images for all users of the engine',
  });
}

/**
 * @template T
 * @param {() => Promise<T>} work
 * @returns {() => Promise<T>} the same work, done at most once
 */
function once(work) {
  /** @type {Promise<T> | undefined} */
  let done;
  return () => (done ??= work());
}
