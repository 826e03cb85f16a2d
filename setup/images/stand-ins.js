import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SUITE } from './apt-configuration.js';
import { bootstrapDebian, RECIPE } from './bootstrap-debian.js';
import { clientEnvironment, listImages } from '../engine/docker.js';
import { ensureImage, withTag } from './ensure-image.js';
import { Failure } from '../failure.js';
import { MODULES } from '../places.js';
import { runNpm } from '../packages/npm.js';

/** @typedef {import('../engine/endpoint.js').Endpoint} Endpoint */
/** @typedef {import('./apt-configuration.js').AptConfiguration} AptConfiguration */
/** @typedef {import('../process/step.js').LoggedCommand} LoggedCommand */

const DOCKERFILES = join(dirname(fileURLToPath(import.meta.url)), 'stand-ins');
const NPM = 'npm@11';

/**
 * A Debian image without data of this machine: neither its certificates nor the addresses of its mirrors.
 * @param {Endpoint} engine
 * @param {string} name
 * @param {() => string} chooseMirror called only if the image has to be made; throws if this machine cannot make it
 * @returns {Promise<string>} its name
 */
export async function makeDebian(engine, name, chooseMirror) {
  await ensureImage(engine, {
    name,
    inputs: [SUITE, RECIPE],
    make: (run, tag) => {
      const mirror = chooseMirror();
      return inTemporaryDirectory(async (directory) => {
        const archive = await bootstrapDebian(run, directory, mirror);
        await run('docker', ['import', '--change', 'CMD ["bash"]', archive, tag], { env: clientEnvironment(engine) });
      });
    },
  });
  return name;
}

/**
 * A base image with this machine's access to its registries: certificates, apt sources, addresses for npm and pip. Settings are
 * in files, because an image that is built on it would inherit variables.
 * @param {Endpoint} engine
 * @param {string} name
 * @param {string} base
 * @param {{ certificates: readonly string[], apt: AptConfiguration | undefined }} host
 * @returns {Promise<string>} its name
 */
export async function addHostSettings(engine, name, base, host) {
  const files = listSettings(host, process.env);
  await makeFrom(engine, { name, base, recipe: 'host-settings', inputs: files }, (root) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  });
  return name;
}

/**
 * @param {{ certificates: readonly string[], apt: AptConfiguration | undefined }} host
 * @param {NodeJS.ProcessEnv} env
 * @returns {Record<string, string>} texts by path
 */
export function listSettings({ certificates, apt }, env) {
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  /** @type {Record<string, string>} */
  const files = {};
  certificates.forEach((text, n) => (files[`usr/local/share/ca-certificates/host-${n + 1}.crt`] = text));
  const npm = certificates.length > 0 ? [`cafile=${bundle}`] : [];
  const pip = certificates.length > 0 ? [`cert = ${bundle}`] : [];
  if (env['npm_config_registry']) npm.push(`registry=${env['npm_config_registry']}`);
  if (env['PIP_INDEX_URL']) pip.push(`index-url = ${env['PIP_INDEX_URL']}`);
  files['usr/local/etc/npmrc'] = npm.map((line) => `${line}\n`).join('');
  files['etc/pip.conf'] = ['[global]', ...pip].map((line) => `${line}\n`).join('');
  if (apt !== undefined) {
    files['etc/apt/sources.list'] = apt.sources;
    // The official image has its sources in this file: it must not add other mirrors.
    files['etc/apt/sources.list.d/debian.sources'] = '';
    files['etc/apt/apt.conf.d/80-host'] = apt.settings;
  }
  return files;
}

/**
 * A Debian image with Node at the path of the official image.
 * @param {Endpoint} engine
 * @param {string} name
 * @param {string} base
 * @param {{ npm: boolean }} with_ whether the image needs npm: for builds, not for runs
 * @returns {Promise<string>} its name
 */
export async function makeNode(engine, name, base, { npm }) {
  const node = findNodePackage();
  await makeFrom(engine, { name, base, recipe: 'node', inputs: [node.version, npm ? NPM : ''] }, async (root, run) => {
    mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
    copyFileSync(node.program, join(root, 'usr/local/bin/node'));
    chmodSync(join(root, 'usr/local/bin/node'), 0o755);
    if (npm) await addNpm(root, run);
  });
  return name;
}

/**
 * An image with Debian's HAProxy, of a release whose HAProxy streams the body of a request (3.0.11 does, 2.6 does not).
 * @param {Endpoint} engine
 * @param {string} name
 * @param {string} base a Debian with a way to its mirrors
 * @returns {Promise<string>} its name
 */
export async function makeHaproxy(engine, name, base) {
  await makeFrom(engine, { name, base, recipe: 'haproxy', inputs: [] }, () => {});
  return name;
}

/**
 * @param {string} root
 * @param {LoggedCommand} run
 */
async function addNpm(root, run) {
  const modules = join(root, 'usr/local/lib/node_modules');
  mkdirSync(modules, { recursive: true });
  const { status, stdout, stderr } = await runNpm(['pack', '--silent', NPM], modules);
  const archive = stdout.trim().split('\n').at(-1) ?? '';
  if (status !== 0)
    throw new Failure(`fetch ${NPM}`, stderr.trim(), { hint: 'check that the npm registry is reachable' });
  await run('tar', ['-xf', archive, '--no-same-owner', '--transform', 's,^package,npm,'], { cwd: modules });
  rmSync(join(modules, archive));
  for (const name of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
    chmodSync(join(modules, `npm/bin/${name}-cli.js`), 0o755);
  }
}

/** @returns {{ program: string, version: string }} the Node that came with the dependencies */
function findNodePackage() {
  const directory = join(MODULES, `node-${process.platform}-${process.arch}`);
  try {
    const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    return { program: join(directory, 'bin/node'), version };
  } catch {
    throw new Failure('make a Node image', `the dependencies have no Node for ${process.platform} ${process.arch}`, {
      hint: 'make the registry reachable that has the official image, or load it with `docker load`',
    });
  }
}

/**
 * @param {Endpoint} engine
 * @param {{ name: string, base: string, recipe: string, inputs: unknown }} what
 * @param {(root: string, run: LoggedCommand) => void | Promise<void>} fill writes the files that are added to the base into a
 * directory
 */
async function makeFrom(engine, { name, base, recipe, inputs }, fill) {
  const dockerfile = join(DOCKERFILES, recipe, 'Dockerfile');
  const id = (await listImages(engine)).get(withTag(base)) ?? base;
  await ensureImage(engine, {
    name,
    inputs: [id, readFileSync(dockerfile, 'utf8'), inputs],
    make: (run, tag) =>
      inTemporaryDirectory(async (directory) => {
        const root = join(directory, 'root');
        mkdirSync(root);
        await fill(root, run);
        copyFileSync(dockerfile, join(directory, 'Dockerfile'));
        const args = ['build', '--force-rm', '--tag', tag, '--build-arg', `BASE=${base}`, directory];
        await run('docker', args, { env: clientEnvironment(engine) });
      }),
  });
}

/**
 * @template T
 * @param {(directory: string) => Promise<T>} work
 */
async function inTemporaryDirectory(work) {
  // /tmp is not used, because it may be mounted noexec or be small.
  const directory = mkdtempSync('/var/tmp/gentoo-builder-');
  // All users of the image must be able to read the copied files.
  chmodSync(directory, 0o755);
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
