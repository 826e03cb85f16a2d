import { atomFault } from './atom-grammar.ts';

/** A package as emerge accepts it on its command line: `net-misc/curl`, `>=dev-lang/python-3.12:3.12[sqlite]`. */
export type Atom = string & { readonly [atomBrand]: true };

/** The name of a package set, with its `@`: `@world`. */
export type SetName = string & { readonly [setNameBrand]: true };

/** What may be named on the command line: an atom or a set. */
export type PackageArgument = Atom | SetName;

declare const atomBrand: unique symbol;
declare const setNameBrand: unique symbol;

/** What parsing a text gave: the value, or why there is none, as a clause without a full stop. */
export type ParseResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** The longest package argument that is looked at, in UTF-16 code units; the longest real atoms have about 300. */
export const longestPackageArgument = 1024;

const setName = /^@[A-Za-z0-9_][A-Za-z0-9_+.-]*$/;

/** What emerge takes as a file, whatever stands before it (`_emerge/depgraph.py`, select_files). */
const fileSuffix = /\.(?:ebuild|tbz2|xpak|gpkg\.tar)$/;

/** Characters that no atom has and that a shell would act on. */
const shellCharacter = /[;&|$`'"\\{}#%^]/;

/** White space, and what is not printed: C0 and C1 controls, zero-width and directional marks, lone surrogates. */
const whiteSpace = /[\s\u0085]/;
const controlCharacter = /[\p{Cc}\p{Cf}\p{Cs}]/u;

/**
 * One package argument: an atom as `emerge` itself accepts it (`_emerge.is_valid_package_atom` of Portage 3.0.83 with
 * repositories and build ids allowed), or a set. Refused besides what Portage refuses: whatever emerge would take for
 * an option or a file, and characters that are not printed. `world` and `system` are sets to emerge, and so here.
 */
export function parsePackageArgument(text: string): ParseResult<PackageArgument> {
  const value = text === 'world' || text === 'system' ? `@${text}` : text;
  const reason = refusal(value) ?? (value.startsWith('@') ? setNameFault(value) : atomFault(value));
  return reason === undefined ? { ok: true, value: value as PackageArgument } : { ok: false, reason };
}

/** Whether a parsed package argument is a set. */
export function isSetName(argument: PackageArgument): argument is SetName {
  return argument.startsWith('@');
}

/** Why a text is not even looked at as an atom or a set. */
function refusal(text: string): string | undefined {
  if (text === '') return 'empty: name a package like net-misc/curl or a set like @world';
  if (text.length > longestPackageArgument)
    return `too long: ${text.length} characters, and at most ${longestPackageArgument} are allowed`;
  if (text.startsWith('-')) return 'looks like an option: pass options with --emerge-option';
  if (/^(?:~?\/|\.{1,2}(?:\/|$))/.test(text) || fileSuffix.test(text))
    return 'looks like a file: name the package, like net-misc/curl';
  if (whiteSpace.test(text)) return 'contains white space: give each package as an argument of its own';
  if (controlCharacter.test(text)) return 'contains a control character';
  const shell = shellCharacter.exec(text);
  if (shell) return `contains ${shell[0]}, which no package name has`;
  if (text.startsWith('!')) return 'a blocker: name only what is to be installed';
  return undefined;
}

function setNameFault(text: string): string | undefined {
  if (setName.test(text)) return undefined;
  return text === '@'
    ? 'a set has a name, like @world'
    : 'a set name has only letters, digits and _ + . -, after its @';
}
