import { accessSync, constants, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.js';
import { throwIfInterrupted } from '../process/interruption.js';
import { withLock } from '../process/lock.js';
import { MODULES, PROJECT } from '../places.js';
import { runNpm } from './npm.js';
import { lastLines } from '../process/step.js';

/**
 * The part of a lock file's entry that set-up reads.
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

/** @typedef {{ packages?: Record<string, LockedPackage> }} LockFile */

/** The major version of Node that the program and its tests need. */
const NODE_MAJOR = 24;

/** After some errors, npm prints all its options. */
const NPM_USAGE = /^npm (?:error|ERR!) Clean install a project/m;

/**
 * Installs the locked dependencies if they are missing or differ from the lock file.
 * @returns {Promise<void>}
 */
export function installDependencies() {
  return withLock(`dependencies ${PROJECT}`, async () => {
    const locked = readLockFile(join(PROJECT, 'package-lock.json'));
    if (locked === undefined) throw new Failure('install dependencies', 'package-lock.json cannot be read');
    const installed = readLockFile(join(MODULES, '.package-lock.json'));
    if (installed !== undefined && areInstalled(locked, installed, process)) return;
    await runNpmCi();
  });
}

/**
 * Whether npm's record of installed packages matches the lock file on this platform.
 * @param {LockFile} locked
 * @param {LockFile} installed
 * @param {{ platform: string, arch: string }} machine
 */
export function areInstalled(locked, installed, machine) {
  const wanted = Object.entries(locked.packages ?? {}).filter(([path]) => path !== '');
  const present = installed.packages ?? {};
  const names = new Set(wanted.map(([path]) => path));
  if (Object.keys(present).some((path) => !names.has(path))) return false;
  return wanted.every(([path, { version, integrity, optional, os, cpu, libc }]) => {
    const found = present[path];
    if (found !== undefined) return found.version === version && found.integrity === integrity;
    if (optional !== true) return false;
    // A package for another platform is left out. npm itself finds out the C library.
    return libc !== undefined || (os ?? cpu) === undefined || !fits(os, machine.platform) || !fits(cpu, machine.arch);
  });
}

/**
 * @param {string[] | undefined} allowed
 * @param {string} actual
 */
function fits(allowed, actual) {
  return allowed === undefined || allowed.includes(actual);
}

/** The exit status of a command that does not exist. */
const NOT_FOUND = 127;

/**
 * @param {string} path
 * @returns {LockFile | undefined}
 */
function readLockFile(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function runNpmCi() {
  process.stderr.write('install dependencies ...');
  const begin = performance.now();
  // The packages need a newer Node than the host's, and contain it.
  const included = ['--include=dev', '--include=optional', '--engine-strict=false'];
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', ...included];
  const { status, stdout, stderr } = await runNpm(['ci', ...options], PROJECT);
  process.stderr.write(status === 0 ? ` ${((performance.now() - begin) / 1000).toFixed(1)} s\n` : ' failed\n');
  throwIfInterrupted('install dependencies');
  if (status === 0) return;
  const [said = ''] = (stdout + stderr).split(NPM_USAGE);
  throw new Failure('install dependencies', `npm ci ended with status ${status}\n${lastLines(said)}`, {
    hint:
      status === NOT_FOUND
        ? 'install npm: Debian has it in the package npm'
        : 'check that the npm registry is reachable: run `npm ci`',
  });
}

/**
 * The Node that runs the project: the Node of the dependencies, or else the host's if it is new enough.
 * @returns {string} the path of the program
 * @throws {Failure} if neither can be used
 */
export function findNode() {
  const own = join(MODULES, '.bin', 'node');
  try {
    accessSync(own, constants.X_OK);
    return own;
  } catch {
    if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return process.execPath;
    throw new Failure('find Node', `this is Node ${process.versions.node}, and ${NODE_MAJOR} or later is needed`, {
      hint: `install Node ${NODE_MAJOR}: on ${process.platform} ${process.arch} the dependencies do not bring one`,
    });
  }
}
