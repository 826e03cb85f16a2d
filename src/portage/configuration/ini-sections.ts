import { textLines, splitWords, strip } from './python-text.ts';

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

/** A reference in a value that Python's `configparser` refuses. */
export interface InterpolationFault {
  /** The index of the text, and the line in it, from 1. */
  readonly index: number;
  readonly line: number;
  readonly message: string;
}

/**
 * The first `%` in a value that is neither `%%` nor `%(key)s` with a key of the section; undefined if there is none or if a file is
 * damaged. Python's `configparser` raises an error when the value is read (BasicInterpolation), also through other values.
 */
export function findInterpolationFault(texts: readonly string[]): InterpolationFault | undefined {
  const sections = parseIniFiles(texts);
  for (const [section, values] of sections ?? []) {
    if (section === 'DEFAULT') continue;
    const checked = new Set<string>();
    for (const key of new Set([...values.keys(), ...(sections?.get('DEFAULT')?.keys() ?? [])])) {
      const fault = sections && referenceFault(sections, { section, key, depth: 1, checked });
      if (fault) return { ...findLine(texts, fault), message: fault.message };
      if (sections && iniValue(sections, section, key) === undefined)
        return {
          ...findLine(texts, { section: values.has(key) ? section : 'DEFAULT', key, offset: 0 }),
          message: `${key} has more than ${mostCharacters} characters when its references are replaced`,
        };
    }
  }
  return undefined;
}

/** The limit of a value with its references replaced: values that refer to each other several times grow to billions of characters. */
const mostCharacters = 64 * 1024;

/** The section and the key that have a wrong reference, and the line of the value, from 0. */
interface ReferenceFault {
  readonly section: string;
  readonly key: string;
  readonly offset: number;
  readonly message: string;
}

/** The number of values that Python follows: `MAX_INTERPOLATION_DEPTH`. */
const mostReferences = 10;

function referenceFault(
  sections: IniSections,
  at: { readonly section: string; readonly key: string; readonly depth: number; readonly checked: Set<string> },
): ReferenceFault | undefined {
  const { section, key, depth, checked } = at;
  // Each value is checked once at each depth, however often it is referred to.
  if (checked.has(`${depth} ${key}`)) return undefined;
  checked.add(`${depth} ${key}`);
  const own = sections.get(section)?.get(key);
  const raw = own ?? sections.get('DEFAULT')?.get(key) ?? '';
  for (const { 0: whole, 1: written, index } of raw.matchAll(/%(?:%|\(([^)]{1,1000})\)s)?/g)) {
    const name = written?.toLowerCase();
    const refuse = (message: string): ReferenceFault => ({
      ...{ section: own === undefined ? 'DEFAULT' : section, key, message },
      offset: raw.slice(0, index).split('\n').length - 1,
    });
    if (whole === '%') return refuse(`a % in ${key} is neither %% nor %(KEY)s: write %% for a percent sign`);
    if (name === undefined) continue;
    const value = sections.get(section)?.get(name) ?? sections.get('DEFAULT')?.get(name);
    if (value === undefined) return refuse(`${whole} in ${key} names a key that [${section}] does not have`);
    if (!value.includes('%')) continue;
    if (depth >= mostReferences) return refuse(`${whole} in ${key} leads to more than ${mostReferences} other values`);
    const fault = referenceFault(sections, { ...at, key: name, depth: depth + 1 });
    if (fault) return fault;
  }
  return undefined;
}

/** The position of a line of a value, in the last text that sets the value. */
function findLine(
  texts: readonly string[],
  { section, key, offset }: Omit<ReferenceFault, 'message'>,
): { index: number; line: number } {
  for (const [index, text] of [...texts.entries()].toReversed()) {
    const lines = new Map<string, number[]>();
    readIniFile(text, new Map(), lines);
    const line = lines.get(`${section}]${key}`)?.[offset];
    if (line !== undefined) return { index, line };
  }
  return { index: 0, line: 1 };
}

/**
 * The value of a key in a section, or else in `DEFAULT`, with `%(key)s` and `%%` replaced; undefined if there is no such key, or if the
 * value grows too long.
 */
export function iniValue(sections: IniSections, section: string, key: string): string | undefined {
  let length = 0;
  const expand = (name: string, depth: number): string | undefined => {
    const raw = sections.get(section)?.get(name) ?? sections.get('DEFAULT')?.get(name);
    if (raw === undefined || depth > 9) return undefined;
    length += raw.length + 1;
    if (length > mostCharacters) return '';
    return raw.replaceAll(/%(?:%|\(([^)]{0,1000})\)s)/g, (whole, other: string | undefined) =>
      other === undefined ? '%' : (expand(other.toLowerCase(), depth + 1) ?? whole),
    );
  };
  const value = expand(key, 0);
  return length > mostCharacters ? undefined : value;
}

/**
 * Adds a file to `sections`, and the numbers of the lines of each value to `lines`, by `SECTION]KEY`. Returns the number of the first
 * damaged line. A file must not define a section or a key twice.
 */
function readIniFile(
  text: string,
  sections: Map<string, Map<string, string>>,
  lines = new Map<string, number[]>(),
): number | undefined {
  const seen = new Set<string>();
  let section: string | undefined;
  let key: string | undefined;
  let indentation = 0;
  for (const [index, line] of textLines(text).entries()) {
    const content = strip(line);
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const indent = splitWords(line)[0]?.index ?? 0;
    const values = section === undefined ? undefined : sections.get(section);
    if (values && key !== undefined && indent > indentation) {
      values.set(key, `${values.get(key) ?? ''}\n${content}`);
      lines.get(`${section}]${key}`)?.push(index + 1);
      continue;
    }
    indentation = indent;
    const header = /^\[(.+)\]/s.exec(content)?.[1];
    if (header !== undefined) {
      if (header !== 'DEFAULT' && seen.has(header)) return index + 1;
      seen.add(header);
      section = header;
      key = undefined;
      if (!sections.has(header)) sections.set(header, new Map());
      continue;
    }
    const delimiter = content.search(/[=:]/);
    key = strip(content.slice(0, Math.max(delimiter, 0))).toLowerCase();
    const name = `${section}]${key}`;
    if (!values || delimiter < 1 || seen.has(name)) return index + 1;
    seen.add(name);
    values.set(key, strip(content.slice(delimiter + 1)));
    lines.set(name, [index + 1]);
  }
  return undefined;
}
