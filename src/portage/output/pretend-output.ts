import { stripEscapes } from './emerge-output.ts';
import { parsePretendedPackage, type PretendedPackage } from './pretend-package.ts';

/** The parsed output of `emerge --pretend --verbose`. */
export interface Pretended {
  /**
   * The packages in the order in which emerge would merge or remove them, without the packages that a tree only shows
   * (`nomerge`).
   */
  readonly packages: readonly PretendedPackage[];
  readonly blockers: readonly PretendedBlocker[];
  /** The binary packages that emerge ignores, for packages that it would merge. */
  readonly ignored: readonly IgnoredBinary[];
  /** The packages that emerge rebuilds because a package that they are linked with changes. */
  readonly rebuilds: readonly { readonly cause: string; readonly cpv: string }[];
  /** The lines that emerge proposes for the configuration. */
  readonly suggestions: readonly Suggestion[];
  /** The line `Total: ...`, as printed. */
  readonly total: string | undefined;
  /** All other lines, without empty lines and lines that emerge always prints. */
  readonly messages: readonly string[];
}

/** A blocker between packages. */
export interface PretendedBlocker {
  /** The blocked atom. */
  readonly blocked: string;
  /** `hard blocking app-misc/other-1.0`, as printed. */
  readonly description: string;
  /** Whether emerge resolves the blocker itself. */
  readonly satisfied: boolean;
}

/** A binary package that exists and does not fit. */
export interface IgnoredBinary {
  readonly cpv: string;
  readonly why: 'use' | 'dependencies' | 'patches';
  /** The flags that differ, as in the binary package: `ssl`, `-ipv6`. */
  readonly flags: readonly string[];
}

/** A line that emerge proposes for a file of /etc/portage. */
export interface Suggestion {
  /** The name of the file: `package.use`, `package.accept_keywords`, `package.unmask` or `package.license`; portage(5). */
  readonly file: string;
  readonly line: string;
  /** The packages that need the line, from the nearest to the requested package. */
  readonly requiredBy: readonly string[];
}

// eslint-disable-next-line no-control-regex -- the pattern looks for control characters
const controlCharacters = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g;

type Draft = {
  -readonly [Part in keyof Pretended]: Pretended[Part] extends readonly (infer T)[] ? T[] : Pretended[Part];
};

/** Reads one line of a part of the output. Returns false if the line does not belong to the part: the part has ended. */
type Read = (line: string, draft: Draft) => boolean;

/**
 * Parses the output of `emerge --pretend --verbose`, both streams. The format of the lines is from `_emerge/resolver/output.py`
 * and `_emerge/depgraph.py` (`display_problems`) of Portage 3.0.83. emerge tells why it ignores a binary package only without
 * the option `--binpkg-respect-use`, and never if the package was linked with another version of a library.
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

/** Lines that emerge always prints. */
const alwaysPrinted =
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
  else if (line !== '' && !alwaysPrinted.test(line)) draft.messages.push(line);
  return true;
};

/** Returns the reader for a line that begins a part of the output; undefined if the line does not begin a part. */
function beginPart(line: string, draft: Draft): Read | undefined {
  const why = /^!!! The following binary packages have been ignored due to (.+):$/.exec(line)?.[1];
  if (why === 'non matching USE') return readIgnored('use');
  if (why === 'changed dependencies') return readIgnored('dependencies');
  if (why === 'user patches') return readIgnored('patches');
  if (line === 'Performing Global Updates') return readUpdates;
  if (/^Messages for package [^\s:]+\S*:$/.test(line)) return readUnsourced();
  if (line === 'The following packages are causing rebuilds:') return readRebuilds();
  if (/^The following .+ changes are necessary to proceed:$/.test(line)) return readSuggestions(line, draft);
  return /^NOTE: The --(?:binpkg-[a-z-]+=n|autounmask-keep-masks) option will prevent/.test(line)
    ? readNote
    : undefined;
}

/** Skips a paragraph about options of emerge, which the user does not choose. */
const readNote: Read = (line) => /^ {2,}\S/.test(line);

/** Skips the marks of package moves (`portage/_global_updates.py`). A new container applies them again, and nobody can act on them. */
const readUpdates: Read = (line) =>
  /^(?:\(Could take a couple of minutes|  [.sp]=|\/.*\/profiles\/updates\/|[.@#*%sS]+$|$)/.test(line);

/**
 * Reads the messages about an ebuild that Portage cannot source (a failed `depend` phase) as one message: Portage chooses another
 * version, so this is no failure by itself.
 */
function readUnsourced(): Read {
  let cpv: string | undefined;
  let isTold = false;
  return (line, draft) => {
    if (line === '' || line.startsWith('Messages for package ')) return true;
    if (!line.startsWith(' *')) return false;
    cpv ??= /^ \* ERROR: (\S+?)(?:::\S+)? failed \(depend phase\):$/.exec(line)?.[1];
    const message = /^ \* {3}(\S.*)/.exec(line)?.[1];
    if (cpv === undefined) draft.messages.push(line);
    else if (message !== undefined && !isTold) {
      draft.messages.push(`Portage passes over ${cpv}, because it cannot read the ebuild: ${message}`);
      isTold = true;
    }
    return true;
  };
}

function readIgnored(why: IgnoredBinary['why']): Read {
  return (line, draft) => {
    if (line === '') return true;
    const [, cpv, flags = ''] =
      /^ {4,5}=?([^\s:]+)(?::[^\s-]+)?(?:::\S+)?((?: (?!#|for )\S+)*)(?: (?:# )?for \/\S*)?$/.exec(line) ?? [];
    if (cpv === undefined) return false;
    // With user patches, emerge lists builds: `name-1.0-2`.
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
