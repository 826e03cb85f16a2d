import { atomFault } from './atom-grammar.ts';

/** A package as emerge accepts it on its command line: `net-misc/curl`, `>=dev-lang/python-3.12:3.12[sqlite]`. */
export type Atom = string & { readonly [atomBrand]: true };

/** The name of a package set, with its `@`: `@world`. */
export type SetName = string & { readonly [setNameBrand]: true };

/** An argument of emerge that is not an option: an atom or a set. */
export type PackageArgument = Atom | SetName;

declare const atomBrand: unique symbol;
declare const setNameBrand: unique symbol;

/** The result of parsing a text: the value, or the reason why the text is refused, as a clause without a full stop. */
export type ParseResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** The longest package argument that is parsed, in UTF-16 code units; the longest real atoms have about 300. */
export const longestPackageArgument = 1024;

/** The name of a set in a directory of sets has slashes: `@kde/apps`. */
const setName = /^@[A-Za-z0-9_][A-Za-z0-9_+.-]*(?:\/[A-Za-z0-9_+][A-Za-z0-9_+.-]*)*$/;

/** Suffixes by which emerge recognises a file (`_emerge/depgraph.py`, select_files). */
const fileSuffix = /\.(?:ebuild|tbz2|xpak|gpkg\.tar)$/;

/** Characters that no atom contains and that a shell would interpret. */
const shellCharacter = /[;&|$`'"\\{}#%^]/;

/** White space, and characters that are not printed: C0 and C1 controls, zero-width and directional marks, lone surrogates. */
const whiteSpace = /[\s\u0085]/;
const controlCharacter = /[\p{Cc}\p{Cf}\p{Cs}]/u;

/**
 * Parses one package argument: a set, or an atom as emerge accepts it (`_emerge.is_valid_package_atom` of Portage 3.0.83,
 * with repositories and build ids allowed). The function also refuses texts that emerge would take for an option or a
 * file, and characters that are not printed. `world` and `system` are sets, as they are to emerge.
 */
export function parsePackageArgument(text: string): ParseResult<PackageArgument> {
  const value = text === 'world' || text === 'system' ? `@${text}` : text;
  const reason = refusal(value) ?? (value.startsWith('@') ? setNameFault(value) : atomFault(value));
  return reason === undefined ? { ok: true, value: value as PackageArgument } : { ok: false, reason };
}

/**
 * Parses a package argument that this program composed of parsed parts, such as the name of a set. A refusal is a defect of
 * this program: throws an Error.
 */
export function composedArgument(text: string): PackageArgument {
  const parsed = parsePackageArgument(text);
  if (!parsed.ok) throw new Error(`the package argument ${text} is refused: ${parsed.reason}`);
  return parsed.value;
}

/** Whether a parsed package argument is a set. */
export function isSetName(argument: PackageArgument): argument is SetName {
  return argument.startsWith('@');
}

/** Tells why a text is refused before it is parsed as an atom or a set. */
function refusal(text: string): string | undefined {
  if (text === '') return 'empty: name a package like net-misc/curl or a set like @world';
  if (text.length > longestPackageArgument)
    return `too long: ${text.length} characters, and at most ${longestPackageArgument} are allowed`;
  if (text.startsWith('-')) return 'looks like an option: the name of a package does not begin with a dash';
  if (/^(?:~?\/|\.{1,2}(?:\/|$))/.test(text) || fileSuffix.test(text))
    return 'looks like a file: name the package, like net-misc/curl';
  if (whiteSpace.test(text)) return 'contains white space: give each package as a separate argument';
  if (controlCharacter.test(text)) return 'contains a control character';
  const shell = shellCharacter.exec(text);
  if (shell) return `contains ${shell[0]}, which no package name has`;
  if (text.startsWith('!')) return 'a blocker: name only packages to install';
  return undefined;
}

function setNameFault(text: string): string | undefined {
  if (setName.test(text)) return undefined;
  return text === '@'
    ? 'a set has a name, like @world'
    : 'a set name has only letters, digits and _ + . -, after its @ and each slash';
}
