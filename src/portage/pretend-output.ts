import { stripEscapes } from './emerge-output.ts';
import { parsePretendedPackage, type PretendedPackage } from './pretend-package.ts';

/** What `emerge --pretend --verbose` said it would do. */
export interface Pretended {
  /** In the order in which they would be merged or removed, what is only shown in a tree (`nomerge`) left out. */
  readonly packages: readonly PretendedPackage[];
  readonly blockers: readonly PretendedBlocker[];
  /** Binary packages of what is merged that were not taken. */
  readonly ignored: readonly IgnoredBinary[];
  /** What is merged again because a package that it was linked with changes. */
  readonly rebuilds: readonly { readonly cause: string; readonly cpv: string }[];
  /** What the configuration would have to have. */
  readonly suggestions: readonly Suggestion[];
  /** `Total: ...`, as it was printed. */
  readonly total: string | undefined;
  /** All other lines, without empty ones and what is printed each time. */
  readonly messages: readonly string[];
}

export interface PretendedBlocker {
  /** The atom that is blocked. */
  readonly blocked: string;
  /** `hard blocking app-misc/other-1.0`, as it was printed. */
  readonly description: string;
  /** Whether emerge deals with it itself. */
  readonly satisfied: boolean;
}

/** A binary package that was there and did not fit. */
export interface IgnoredBinary {
  readonly cpv: string;
  readonly why: 'use' | 'dependencies' | 'patches';
  /** Of the flags that differ, what the binary package was built with: `ssl`, `-ipv6`. */
  readonly flags: readonly string[];
}

/** A line that emerge proposes for a file of /etc/portage. */
export interface Suggestion {
  /** portage(5): `package.use`, `package.accept_keywords`, `package.unmask`, `package.license`. */
  readonly file: string;
  readonly line: string;
  /** Who needs it, from the nearest to what was asked for. */
  readonly requiredBy: readonly string[];
}

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacters = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g;

type Draft = {
  -readonly [Part in keyof Pretended]: Pretended[Part] extends readonly (infer T)[] ? T[] : Pretended[Part];
};

/** Reads one line of a part of the output; false if it does not belong there, which ends the part. */
type Read = (line: string, draft: Draft) => boolean;

/**
 * Reads what `emerge --pretend --verbose` printed, both streams. The lines are those of `_emerge/resolver/output.py` and
 * `_emerge/depgraph.py` (`display_problems`) of Portage 3.0.83. Why a binary package was not taken is said only without
 * `--binpkg-respect-use`, whose default cannot be spelt, and not where it was linked with another version of a library.
 */
export function parsePretendOutput(lines: readonly string[]): Pretended {
  const draft: Draft = {
    ...{ packages: [], blockers: [], ignored: [], rebuilds: [], suggestions: [], total: undefined, messages: [] },
  };
  let read: Read = readOther;
  for (const raw of lines) {
    const line = stripEscapes(raw).replaceAll(controlCharacters, '').trimEnd();
    const part = beginPart(line, draft);
    if (part) read = part;
    else if (!read(line, draft)) {
      read = readOther;
      readOther(line, draft);
    }
  }
  return draft;
}

/** What is printed whatever is merged. */
const ritual =
  /^(?:These are the packages that would be merged.*:|Calculating dependencies\b.*|[ .]*done!|Dependency resolution took .*)$/;

const blocks = /^\[blocks ([bB]) *\] *(\S+)(?: \((.+)\))?$/;

const readOther: Read = (line, draft) => {
  const blocker = blocks.exec(line);
  const merged = parsePretendedPackage(line);
  if (blocker) {
    const [, mark, blocked = '', description = ''] = blocker;
    draft.blockers.push({ blocked, description, satisfied: mark === 'b' });
  } else if (merged) {
    if (merged.action !== 'nomerge') draft.packages.push(merged);
  } else if (line.startsWith('Total: ') && draft.total === undefined) draft.total = line;
  else if (line !== '' && !ritual.test(line)) draft.messages.push(line);
  return true;
};

/** The part that a line begins, if it does. */
function beginPart(line: string, draft: Draft): Read | undefined {
  const why = /^!!! The following binary packages have been ignored due to (.+):$/.exec(line)?.[1];
  if (why === 'non matching USE') return readIgnored('use');
  if (why === 'changed dependencies') return readIgnored('dependencies');
  if (why === 'user patches') return readIgnored('patches');
  if (line === 'The following packages are causing rebuilds:') return readRebuilds();
  if (/^The following .+ changes are necessary to proceed:$/.test(line)) return readSuggestions(line, draft);
  return /^NOTE: The --(?:binpkg-[a-z-]+=n|autounmask-keep-masks) option will prevent/.test(line)
    ? readNote
    : undefined;
}

/** A paragraph on options of emerge, which are not the reader's to choose. */
const readNote: Read = (line) => line !== '';

function readIgnored(why: IgnoredBinary['why']): Read {
  return (line, draft) => {
    if (line === '') return true;
    const [, cpv, flags = ''] =
      /^ {4,5}=?([^\s:]+)(?::[^\s-]+)?(?:::\S+)?((?: (?!#|for )\S+)*)(?: (?:# )?for \/\S*)?$/.exec(line) ?? [];
    if (cpv === undefined) return false;
    // Of user patches it is builds that are listed: `name-1.0-2`.
    const name = why === 'patches' ? cpv.replace(/^(.+-\d[^-]*(?:-r\d+)?)-\d+$/, '$1') : cpv;
    draft.ignored.push({ cpv: name, why, flags: flags.split(' ').filter((flag) => flag !== '') });
    return true;
  };
}

function readRebuilds(): Read {
  let cause = '';
  return (line, draft) => {
    if (line === '') return true;
    const [, named, causes] = /^ {2,4}\(([^\s,:]+):[^,]*, [^)]+\)( causes rebuilds for:)?$/.exec(line) ?? [];
    if (named === undefined || (causes === undefined && cause === '')) return false;
    if (causes === undefined) draft.rebuilds.push({ cause, cpv: named });
    else cause = named;
    return true;
  };
}

function readSuggestions(heading: string, draft: Draft): Read {
  let file = '';
  let requiredBy: string[] = [];
  return (line) => {
    const named = /^ \(see "([^"]+)" in the portage\(5\) man page for more details\)$/.exec(line)?.[1];
    if (named !== undefined) file = named;
    else if (line.startsWith('# required by ')) requiredBy.push(line.slice('# required by '.length));
    else if (/^(?:>=|=|<=|~)?[\w@*+][^\s]*\/\S+/.test(line)) {
      draft.suggestions.push({ file, line, requiredBy });
      requiredBy = [];
    } else if (!line.startsWith('#')) return false;
    if (file === '') draft.messages.push(heading);
    return true;
  };
}
