import { existsSync, globSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDebian } from './engine/install-engine.js';
import { withLock } from './process/lock.js';
import { CACHE, PROJECT } from './places.js';
import { runCommand } from './process/run-command.js';
import { doStep } from './process/step.js';

const FETCHED = join(CACHE, 'openssh-server');
const INSTALLED = '/usr/sbin/sshd';
const PACKAGE = 'openssh-server';

/**
 * The server of OpenSSH on this machine: the installed one, else the one that set-up fetched.
 * @returns {{ program: string, libraries: string }} its path, and the directories of its libraries that the system does not have
 */
export function findSshd() {
  if (existsSync(INSTALLED)) return { program: INSTALLED, libraries: '' };
  const libraries = globSync(join(FETCHED, 'root/{lib,usr/lib}/*-linux-*'));
  return { program: join(FETCHED, 'root', INSTALLED), libraries: libraries.join(':') };
}

/**
 * Fetches the server of OpenSSH from Debian and unpacks it beside the dependencies, on Debian and as root, where none is installed. It is
 * not installed, because the package would start a server on this machine. On other machines it does nothing.
 * @returns {Promise<void>}
 */
export function ensureSshd() {
  return withLock(`sshd ${PROJECT}`, async () => {
    if (existsSync(findSshd().program) || !isDebian() || process.getuid?.() !== 0) return;
    await doStep(
      'fetch openssh-server from Debian',
      PACKAGE,
      fetch,
      'check that a Debian mirror is reachable: run `apt-get update`',
    );
  });
}

/** @param {import('./process/step.js').LoggedCommand} run */
async function fetch(run) {
  rmSync(FETCHED, { recursive: true, force: true });
  const archives = join(FETCHED, 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { stdout: candidate } = await runCommand('apt-cache', ['show', '--no-all-versions', PACKAGE]);
  if (candidate === '') await run('apt-get', ['update'], { env });
  // apt's own user may have no access to the project's directory.
  const options = ['--option', `Dir::Cache::archives=${archives}`, '--option', 'APT::Sandbox::User=root'];
  await run('apt-get', ['install', '--yes', '--no-install-recommends', '--download-only', ...options, PACKAGE], {
    env,
  });
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb')))
    await run('dpkg-deb', ['--extract', join(archives, name), join(FETCHED, 'root')]);
  rmSync(archives, { recursive: true });
}
