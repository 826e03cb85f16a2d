import { posix } from 'node:path';
import {
  findInterpolationFault,
  iniValue,
  parseIniFiles,
  type InterpolationFault,
  type IniSections,
} from './ini-sections.ts';

/** An ebuild repository in the configuration of a base's Portage; see portage(5), repos.conf. */
export interface Repository {
  readonly name: string;
  /** The absolute path of the repository in the base. */
  readonly location: string;
  /** The sync type: `rsync`, `git`, `webrsync`, ...; empty if the repository is not synced. */
  readonly syncType: string;
  readonly syncUri: string;
  /** Whether `emerge --sync` without a name syncs the repository. */
  readonly autoSync: boolean;
}

/** The default location of the main repository since 2018, and the location before. */
const repositoryLocations = ['/var/db/repos/gentoo', '/usr/portage'] as const;

/** The configuration of a base's Portage: the texts of its files, in the order in which Portage reads them. */
export interface PortageConfiguration {
  /** The file in /usr/share/portage/config, then /etc/portage/repos.conf: a file, or the files in a directory. */
  readonly reposConf: readonly string[];
  /** PORTDIR in make.globals or make.conf: the old layout sets it there. */
  readonly portdir: string | undefined;
}

/** The variables that Portage defines for interpolation, if the system is not a prefix and builds for itself. */
const roots = '[DEFAULT]\nEPREFIX =\nEROOT = /\nPORTAGE_CONFIGROOT = /\nROOT = /\n';

/** The sections of all files; undefined if a file is damaged or a value has a wrong reference. */
function readSections(texts: readonly string[]): IniSections | undefined {
  const all = [roots, ...texts];
  return findInterpolationFault(all) === undefined ? parseIniFiles(all) : undefined;
}

/** The first reference (`%(key)s`) in `repos.conf` for which Portage ignores all of it. */
export function findReferenceFault(texts: readonly string[]): InterpolationFault | undefined {
  const fault = findInterpolationFault([roots, ...texts]);
  return fault && { ...fault, index: fault.index - 1 };
}

/** The main repository in `repos.conf`; undefined if there is none (portage.repository.config). */
export function parseReposConf(texts: readonly string[]): Repository | undefined {
  const sections = readSections(texts);
  const name = sections && iniValue(sections, 'DEFAULT', 'main-repo');
  if (!sections || name === undefined || !sections.has(name)) return undefined;
  return readRepository(sections, name);
}

/**
 * All repositories in `repos.conf`, sorted by name; undefined if a file is damaged, because Portage then ignores all files.
 * Portage ignores a repository without an absolute location; here its location is empty.
 */
export function parseRepositories(texts: readonly string[]): readonly Repository[] | undefined {
  const sections = readSections(texts);
  if (sections === undefined) return undefined;
  const names = [...sections.keys()].filter((name) => name !== 'DEFAULT');
  return names.toSorted().map((name) => readRepository(sections, name));
}

/**
 * The names of the repositories in the order in which Portage reads their files, by priority and then by name
 * (`RepoConfigLoader.__init__` in portage/repository/config.py). The main repository comes before those without a priority.
 */
export function repositoryOrder(texts: readonly string[]): readonly string[] {
  const sections: IniSections = readSections(texts) ?? new Map<string, ReadonlyMap<string, string>>();
  const main = iniValue(sections, 'DEFAULT', 'main-repo');
  const priority = (name: string): number => {
    const written = Number.parseInt(iniValue(sections, name, 'priority') ?? '', 10);
    return Number.isNaN(written) ? (name === main ? -1000 : 0) : written;
  };
  const names = [...sections.keys()].filter((name) => name !== 'DEFAULT').toSorted();
  return names.toSorted((a, b) => priority(a) - priority(b));
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
 * The relevant part of the `repos.conf` in /usr/share/portage/config, which Portage reads before the files in /etc/portage
 * (`load_repository_config` in portage/repository/config.py).
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
 * The main repository of a base's Portage. If PORTDIR is set, it overrides only the location in `repos.conf`. A base
 * without any `repos.conf` has the old layout.
 */
export function mainRepositoryOf(configuration: PortageConfiguration): Repository {
  const configured = parseReposConf(configuration.reposConf);
  const portdir = normalizePath(configuration.portdir ?? '');
  const [newLocation, oldLocation] = repositoryLocations;
  const location = portdir || configured?.location || (configuration.reposConf.length > 0 ? newLocation : oldLocation);
  return { name: 'gentoo', syncType: '', syncUri: '', autoSync: true, ...configured, location };
}

/** Normalizes an absolute path: no double or trailing slashes, no `.` and `..`. Returns an empty text for any other text. */
export function normalizePath(path: string): string {
  const trimmed = path.trim();
  if (!trimmed.startsWith('/')) return '';
  return posix
    .normalize(trimmed)
    .replace(/^\/+/, '/')
    .replace(/(?<=.)\/$/, '');
}
