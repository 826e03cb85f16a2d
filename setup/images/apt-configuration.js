import { runCommand } from '../process/run-command.js';

/** The Debian release for stand-ins that are made on this machine. */
export const SUITE = 'bookworm';

/**
 * This machine's source of Debian packages, for the release SUITE.
 * @typedef {object} AptConfiguration
 * @property {string} mirror
 * @property {string} sources the text of a sources.list
 * @property {string} settings the text of an apt.conf
 */

/**
 * The settings that apt needs to reach the same mirrors in the same way. A proxy's address is left out, because it may contain
 * a password.
 */
const SETTINGS = /^Acquire::Check-(Valid-Until|Date) "[^"]*";$/;
const TARGET_FORMAT = '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)';

/**
 * Reads apt's configuration; undefined if there is no apt or no Debian mirror in the configuration.
 * @returns {Promise<AptConfiguration | undefined>}
 */
export async function readAptConfiguration() {
  const targets = await runCommand('apt-get', ['indextargets', '--format', TARGET_FORMAT, 'Created-By: Packages']);
  const dump = await runCommand('apt-config', ['dump']);
  if (targets.status !== 0 || dump.status !== 0) return undefined;
  return parseAptConfiguration(targets.stdout, dump.stdout);
}

/**
 * @param {string} targets lines of address, release, component and origin (which apt does not know before its first update)
 * @param {string} dump of `apt-config dump`
 * @returns {AptConfiguration | undefined}
 */
export function parseAptConfiguration(targets, dump) {
  const debian = targets
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([address, release, component, origin]) => {
      if (!address || !release || component !== 'main' || !/^https?:\/\//.test(address)) return [];
      const known = origin !== undefined && origin !== '' && !origin.startsWith('$(');
      if (known ? origin !== 'Debian' : !/\/debian(-security)?\/?$/.test(address)) return [];
      return [{ address: address.replace(/\/+$/, ''), kind: /-[a-z-]+$/.exec(release)?.[0] ?? '' }];
    });
  const mirror = debian.find(({ kind }) => kind === '')?.address;
  if (mirror === undefined) return undefined;
  const security = debian.find(({ kind }) => kind === '-security')?.address;
  const sources = [`deb ${mirror} ${SUITE} main`, `deb ${mirror} ${SUITE}-updates main`];
  if (security !== undefined) sources.push(`deb ${security} ${SUITE}-security main`);
  const settings = dump.split('\n').filter((line) => SETTINGS.test(line));
  return { mirror, sources: toText(sources), settings: toText(settings) };
}

/** @param {readonly string[]} lines */
function toText(lines) {
  return lines.map((line) => `${line}\n`).join('');
}
