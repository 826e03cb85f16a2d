import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SUITE } from './apt-configuration.js';
import { runCommand } from '../process/run-command.js';

/** @typedef {import('../process/step.js').LoggedCommand} LoggedCommand */

const INCLUDED = ['ca-certificates'];

/** Paths that a slim image leaves out, also of packages that are installed later. */
const WITHOUT = ['doc', 'groff', 'info', 'linda', 'lintian', 'locale', 'man'].map((name) => `/usr/share/${name}`);
const DOCUMENTS = '/usr/share/doc';
const DPKG_RULES = [
  ...WITHOUT.map((path) => `path-exclude ${path}/*`),
  'path-include /usr/share/doc/*/copyright',
  'path-include /usr/share/locale/locale.alias',
];

/** Files of a fresh system that are left out of the image: caches, logs, and files that identify one machine. */
const LEFT_OUT = [
  './dev/*',
  './proc/*',
  './sys/*',
  './tmp/*',
  './etc/apt/sources.list',
  './etc/hostname',
  './etc/resolv.conf',
  './var/cache/apt/archives/*.deb',
  './var/cache/apt/*.bin',
  './var/cache/ldconfig/*',
  './var/lib/apt/lists/*_*',
  './var/log/*.log',
  './var/log/apt/*',
];

/** All inputs of the image except the state of the mirror. */
export const RECIPE = { INCLUDED, DPKG_RULES, LEFT_OUT };

/**
 * Makes the root file system of a slim Debian.
 * @param {LoggedCommand} run
 * @param {string} directory an empty directory for the result
 * @param {string} mirror
 * @returns {Promise<string>} the path of its tar archive
 */
export async function bootstrapDebian(run, directory, mirror) {
  await ensureDebootstrap(run);
  const root = join(directory, 'debian');
  const options = ['--variant=minbase', `--include=${INCLUDED.join(',')}`];
  try {
    await run('debootstrap', [...options, SUITE, root, mirror]);
  } finally {
    unmountBelow(root);
  }
  slim(root);
  const archive = join(directory, 'debian.tar');
  const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  await run('tar', ['--create', '--numeric-owner', '--file', archive, ...excluded, '--directory', root, '.']);
  return archive;
}

/**
 * Installs debootstrap if it is missing.
 * @param {LoggedCommand} run
 */
export async function ensureDebootstrap(run) {
  if ((await runCommand('debootstrap', ['--version'])).status === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  await run('apt-get', ['install', '--yes', '--no-install-recommends', 'debootstrap', 'debian-archive-keyring'], {
    env,
  });
}

/** @param {string} root */
function slim(root) {
  writeFileSync(join(root, 'etc/dpkg/dpkg.cfg.d/docker'), DPKG_RULES.map((line) => `${line}\n`).join(''));
  for (const path of WITHOUT.filter((path) => path !== DOCUMENTS))
    rmSync(join(root, path), { recursive: true, force: true });
  keepLicences(join(root, DOCUMENTS));
}

/**
 * Removes the documents of packages except the licences, whose terms require that they stay.
 * @param {string} directory
 */
export function keepLicences(directory) {
  // The recursion of readdir is not used, because in Node 24.21 it follows symbolic links out of the directory; in Node 20 it
  // does not.
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) keepLicences(path);
    else if (entry.name !== 'copyright') rmSync(path);
  }
}

/**
 * Unmounts the file systems that an interrupted bootstrap left mounted, because a removal of the directory would delete their
 * files.
 * @param {string} root
 */
export function unmountBelow(root) {
  const points = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((point) => point.startsWith(`${root}/`));
  // runCommand is not used, because an interruption would end the clean-up as well.
  for (const point of points.reverse()) spawnSync('umount', ['--lazy', point]);
}
