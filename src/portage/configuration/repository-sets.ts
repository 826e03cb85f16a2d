import { iniValue, parseIniFiles } from './ini-sections.ts';

/** A source of sets: one set with a name, or a directory with one file for each set. */
export type SetSource = {
  /** The index of the last text that has a part of the source. */
  readonly text: number;
} & (
  | {
      readonly type: 'set';
      readonly name: string;
      /** The path of the set's file; undefined if no file lists the set's packages. It may contain `${repository:NAME}`, too. */
      readonly path: string | undefined;
    }
  | {
      readonly type: 'directory';
      /** The path of the directory. It may contain `${repository:NAME}`, the location of a repository. */
      readonly path: string;
      /** The name of the set of a file; `${name}` and `$name` stand for the file's name. */
      readonly pattern: string;
    }
);

/**
 * The classes of Portage that make one set from a section, by their names in the module portage._sets. Each class has the option that
 * the section needs; undefined if it needs none.
 */
const classes: ReadonlyMap<string, string | undefined> = new Map([
  ...(['files.StaticFileSet', 'files.ConfigFileSet'] as const).map((name) => [name, 'filename'] as const),
  ...(['dbapi.OwnerSet', 'libs.LibraryFileConsumerSet'] as const).map((name) => [name, 'files'] as const),
  ...([
    ['dbapi.CategorySet', 'category'],
    ['dbapi.VariableSet', 'variable'],
    ['shell.CommandOutputSet', 'command'],
  ] as const),
  ...`base.DummyPackageSet files.WorldSelectedSet files.WorldSelectedPackagesSet files.WorldSelectedSetsSet
    ProfilePackageSet.ProfilePackageSet profiles.PackagesSystemSet libs.PreservedLibraryConsumerSet
    security.SecuritySet security.NewGlsaSet security.AffectedSet security.NewAffectedSet
    dbapi.EverythingSet dbapi.SubslotChangedSet dbapi.DowngradeSet dbapi.UnavailableSet dbapi.AgeSet dbapi.DateSet
    dbapi.RebuiltBinaries dbapi.ChangedDepsSet`
    .split(/\s+/)
    .map((name) => [name, undefined] as const),
]);

const ofFiles = 'files.StaticFileSet';

/** The variables that Portage defines for interpolation, if the system is not a prefix and builds for itself. */
const roots = '[DEFAULT]\nEPREFIX =\nEROOT = /\nPORTAGE_CONFIGROOT = /\nROOT = /\n';

/**
 * Parses all files that define sets, in the order in which Portage reads them with one parser (`SetConfig` in
 * portage/_sets/__init__.py): a section may have parts in several files, and later keys override earlier ones. The result
 * lacks sections from which Portage makes no set, and sections that derive sets from installed packages: the names of such sets contain
 * a slash, and the names of a user's sets do not. It also lacks directories without a path, for which Portage takes the user's own.
 */
export function parseSetsConf(texts: readonly string[]): readonly SetSource[] {
  const sections = parseIniFiles([roots, ...texts]);
  if (sections === undefined) return [];
  const parsed = texts.map((text) => parseIniFiles([text]));
  return [...sections.keys()]
    .filter((section) => section !== 'DEFAULT')
    .flatMap((section): readonly SetSource[] => {
      const value = (key: string) => iniValue(sections, section, key);
      const text = parsed.findLastIndex((one) => one?.has(section) ?? false);
      const named = (value('class') ?? ofFiles).replace(/^portage\._?sets\./, '');
      const directory = value('directory');
      if (named === ofFiles && !isSwitch(value('greedy') ?? 'no')) return [];
      if (!/^(?:1|yes|true|on)$/i.test(value('multiset') ?? '')) {
        const needed = classes.get(named);
        const isSet = classes.has(named) && (needed === undefined || value(needed) !== undefined);
        const path = named === ofFiles ? value('filename') : undefined;
        return isSet ? [{ type: 'set', text, name: value('name') ?? section, path }] : [];
      }
      const pattern = value('name_pattern') ?? '${name}';
      if (named !== ofFiles || directory === undefined || !/\$name|\$\{name\}/.test(pattern)) return [];
      return [{ type: 'directory', text, path: directory, pattern }];
    });
}

/** Whether Portage accepts a text as the value of a switch. */
function isSwitch(text: string): boolean {
  return /^(?:1|yes|on|true|0|no|off|false)$/i.test(text);
}

/** The name of the set that is defined by a file in a directory of sets. */
export function nameSetOfFile(pattern: string, file: string): string {
  return pattern.replaceAll('${name}', () => file).replaceAll('$name', () => file);
}
