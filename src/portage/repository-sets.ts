import { iniValue, parseIniFiles } from './ini-sections.ts';

/** Where sets of an ebuild repository come from: one of this name, or a file each in a directory. */
export type SetSource =
  | { readonly type: 'set'; readonly name: string }
  | {
      readonly type: 'directory';
      /** May have `${repository:NAME}` in it, for where that repository is. */
      readonly path: string;
      /** What the set of a file is called, with `${name}` or `$name` for the file's name. */
      readonly pattern: string;
    };

/**
 * What the `sets.conf` of an ebuild repository defines (`SetConfig._parse` in portage/_sets/__init__.py). Sections that make
 * sets of what is installed are left out: the names of these have a slash, and no set of a user has one.
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

/** The name of the set that a file in such a directory makes. */
export function nameSetOfFile(pattern: string, file: string): string {
  return pattern.replaceAll('${name}', () => file).replaceAll('$name', () => file);
}
