import { iniValue, parseIniFiles } from './ini-sections.ts';

/** A source of sets in an ebuild repository: one set with a name, or a directory with one file for each set. */
export type SetSource =
  | { readonly type: 'set'; readonly name: string }
  | {
      readonly type: 'directory';
      /** The path of the directory. It may contain `${repository:NAME}`, the location of a repository. */
      readonly path: string;
      /** The name of the set of a file; `${name}` and `$name` stand for the file's name. */
      readonly pattern: string;
    };

/**
 * Parses the `sets.conf` of an ebuild repository (`SetConfig._parse` in portage/_sets/__init__.py). Sections that derive sets
 * from installed packages are left out: the names of such sets contain a slash, and the names of a user's sets do not.
 */
export function parseSetsConf(text: string): readonly SetSource[] {
  const sections = parseIniFiles([text]);
  if (sections === undefined) return [];
  return [...sections.keys()]
    .filter((section) => section !== 'DEFAULT')
    .flatMap((section): readonly SetSource[] => {
      const value = (key: string) => iniValue(sections, section, key);
      if (!/^(?:1|yes|true|on)$/i.test(value('multiset') ?? ''))
        return [{ type: 'set', name: value('name') ?? section }];
      const directory = value('directory');
      const isOfFiles = /(?:^|\.)StaticFileSet$/.test(value('class') ?? 'StaticFileSet');
      if (!isOfFiles || directory === undefined) return [];
      return [{ type: 'directory', path: directory, pattern: value('name_pattern') ?? '${name}' }];
    });
}

/** The name of the set that is defined by a file in a directory of sets. */
export function nameSetOfFile(pattern: string, file: string): string {
  return pattern.replaceAll('${name}', () => file).replaceAll('$name', () => file);
}
