/** The sections of an INI file: section, then key in lower case, then value. `DEFAULT` is a section like the others. */
export type IniSections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Parses INI files as Python's `configparser.ConfigParser` does, which Portage uses for `repos.conf`
 * (portage/util/configparser.py): whole-line comments, `=` or `:`, continuation lines, case-insensitive keys. A key in a
 * later file overrides the same key in an earlier file. {@link iniValue} interpolates. Returns undefined if a file is
 * damaged, because Portage then ignores all of them.
 */
export function parseIniFiles(texts: readonly string[]): IniSections | undefined {
  const sections = new Map<string, Map<string, string>>();
  for (const text of texts) if (readIniFile(text, sections) !== undefined) return undefined;
  return sections;
}

/** The line number, from 1, at which a file is damaged; undefined if the file is valid. */
export function findIniFault(text: string): number | undefined {
  return readIniFile(text, new Map());
}

/** The value of a key in a section, or else in `DEFAULT`, with `%(key)s` and `%%` replaced; undefined if there is no such key. */
export function iniValue(sections: IniSections, section: string, key: string, depth = 0): string | undefined {
  const raw = sections.get(section)?.get(key) ?? sections.get('DEFAULT')?.get(key);
  if (raw === undefined || depth > 9) return undefined;
  return raw.replaceAll(/%(?:%|\(([^)]*)\)s)/g, (whole, name: string | undefined) =>
    name === undefined ? '%' : (iniValue(sections, section, name.toLowerCase(), depth + 1) ?? whole),
  );
}

/** Adds a file to `sections`. Returns the number of the first damaged line. A file must not define a section or a key twice. */
function readIniFile(text: string, sections: Map<string, Map<string, string>>): number | undefined {
  const seen = new Set<string>();
  let section: string | undefined;
  let key: string | undefined;
  let indentation = 0;
  for (const [index, line] of text.split(/\r\n|[\n\r]/).entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const indent = line.length - line.trimStart().length;
    const values = section === undefined ? undefined : sections.get(section);
    if (values && key !== undefined && indent > indentation) {
      values.set(key, `${values.get(key) ?? ''}\n${content}`);
      continue;
    }
    indentation = indent;
    const header = /^\[(.+)\]/.exec(content)?.[1];
    if (header !== undefined) {
      if (header !== 'DEFAULT' && seen.has(header)) return index + 1;
      seen.add(header);
      section = header;
      key = undefined;
      if (!sections.has(header)) sections.set(header, new Map());
      continue;
    }
    const delimiter = content.search(/[=:]/);
    key = content.slice(0, Math.max(delimiter, 0)).trim().toLowerCase();
    const name = `${section}]${key}`;
    if (!values || delimiter < 1 || seen.has(name)) return index + 1;
    seen.add(name);
    values.set(key, content.slice(delimiter + 1).trim());
  }
  return undefined;
}
