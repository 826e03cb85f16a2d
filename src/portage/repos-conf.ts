import { posix } from 'node:path';
import { iniValue, parseIniFiles, type IniSections } from './ini-sections.ts';
import { parseMakeConf } from './make-conf.ts';

/** An ebuild repository as a base's own Portage is configured to find and sync it; see portage(5), repos.conf. */
export interface Repository {
  readonly name: string;
  /** An absolute path in the base. */
  readonly location: string;
  /** `rsync`, `git`, `webrsync`, ...; empty if it is not synced. */
  readonly syncType: string;
  readonly syncUri: string;
  /** Whether a plain `emerge --sync` syncs it. */
  readonly autoSync: boolean;
}

/** Where Portage keeps its main repository since 2018, and where it did before. */
const repositoryLocations = ['/var/db/repos/gentoo', '/usr/portage'] as const;

/** What a base's Portage is configured with, as the texts of its files in the order in which Portage reads them. */
export interface PortageConfiguration {
  /** The one in /usr/share/portage/config, then /etc/portage/repos.conf: that file, or those in that directory. */
  readonly reposConf: readonly string[];
  /** make.globals, then /etc/make.conf and /etc/portage/make.conf, for what the old layout calls PORTDIR. */
  readonly makeConf: readonly string[];
}

/** What Portage itself defines for interpolation, in a system that is not a prefix and builds for itself. */
const roots = '[DEFAULT]\nEPREFIX =\nEROOT = /\nPORTAGE_CONFIGROOT = /\nROOT = /\n';

/** The main repository that `repos.conf` names, or undefined if it names none (portage.repository.config). */
export function parseReposConf(texts: readonly string[]): Repository | undefined {
  const sections = parseIniFiles([roots, ...texts]);
  const name = sections && iniValue(sections, 'DEFAULT', 'main-repo');
  if (!sections || name === undefined || !sections.has(name)) return undefined;
  return readRepository(sections, name);
}

/**
 * Every repository that `repos.conf` names, sorted by name; undefined if a file is damaged, as Portage then ignores them
 * all. A repository without an absolute location, which Portage leaves out, has an empty one here.
 */
export function parseRepositories(texts: readonly string[]): readonly Repository[] | undefined {
  const sections = parseIniFiles([roots, ...texts]);
  if (sections === undefined) return undefined;
  const names = [...sections.keys()].filter((name) => name !== 'DEFAULT');
  return names.toSorted().map((name) => readRepository(sections, name));
}

function readRepository(sections: IniSections, name: string): Repository {
  const value = (key: string): string => (iniValue(sections, name, key) ?? '').trim();
  return {
    name,
    location: normalizePath(value('location')),
    syncType: value('sync-type'),
    syncUri: value('sync-uri'),
    autoSync: ['', 'yes', 'true'].includes(value('auto-sync').toLowerCase()),
  };
}

/**
 * What of the `repos.conf` that comes with Portage, in /usr/share/portage/config, counts for these: it is read before
 * those in /etc/portage (`load_repository_config` in portage/repository/config.py).
 */
export const shippedReposConf = `[DEFAULT]
main-repo = gentoo
[gentoo]
location = /var/db/repos/gentoo
sync-type = rsync
sync-uri = rsync://rsync.gentoo.org/gentoo-portage
auto-sync = yes
`;

/**
 * Where a base's own Portage looks for its tree, and how it syncs it. PORTDIR, where it is set, overrides the location
 * in `repos.conf` and nothing else of it. A base without any `repos.conf` has the old layout.
 */
export function mainRepositoryOf(configuration: PortageConfiguration): Repository {
  const configured = parseReposConf(configuration.reposConf);
  const portdir = normalizePath(parseMakeConf(configuration.makeConf).get('PORTDIR') ?? '');
  const [newLocation, oldLocation] = repositoryLocations;
  const location = portdir || configured?.location || (configuration.reposConf.length > 0 ? newLocation : oldLocation);
  return { name: 'gentoo', syncType: '', syncUri: '', autoSync: true, ...configured, location };
}

/** An absolute path without doubled or trailing slashes, `.` and `..`; anything else is no location. */
function normalizePath(path: string): string {
  const trimmed = path.trim();
  if (!trimmed.startsWith('/')) return '';
  return posix
    .normalize(trimmed)
    .replace(/^\/+/, '/')
    .replace(/(?<=.)\/$/, '');
}
