import { splitCpv } from '../cpv.ts';

/** A package in the list of `emerge --pretend`, with the action of emerge for it. */
export interface PretendedPackage {
  /** The origin: sources (`ebuild`) or a `binary` package; an `installed` package would be left or removed. */
  readonly kind: 'ebuild' | 'binary' | 'installed';
  readonly action: 'merge' | 'uninstall' | 'nomerge';
  /** `category/name-version` */
  readonly cpv: string;
  /** The build id of the binary package, if there are several of this version. */
  readonly buildId: number | undefined;
  readonly slot: string;
  /** The subslot; equal to the slot if the ebuild defines no subslot. */
  readonly subslot: string;
  /** The repository; empty if the options of emerge hide it. */
  readonly repository: string;
  readonly change: 'new' | 'new-slot' | 'upgrade' | 'downgrade' | 'reinstall' | 'none';
  /** Whether a dependency or an option forces a rebuild (`r`). */
  readonly forced: boolean;
  /** Whether the package asks questions while it is merged. */
  readonly interactive: boolean;
  /** A source must be downloaded by hand (`restricted`), was downloaded (`satisfied`), or a binary package is `remote`. */
  readonly fetch: 'restricted' | 'satisfied' | 'remote' | undefined;
  /** The mask that the configuration of the package lifts. */
  readonly mask: 'package.mask' | 'missing keyword' | 'testing keyword' | undefined;
  /** The versions that the package replaces; if it is the first in its slot, the versions in other slots. */
  readonly previous: readonly PretendedVersion[];
  readonly use: readonly PretendedUse[];
  /** The size, as emerge prints it: `123 KiB`. */
  readonly download: string | undefined;
  /** The root in which the package would be installed; undefined for `/`. */
  readonly root: string | undefined;
  /** The depth in a tree; 0 in a list. */
  readonly depth: number;
}

/** A version that is installed. */
export interface PretendedVersion {
  readonly version: string;
  readonly slot: string;
  readonly subslot: string;
  readonly repository: string;
}

/** The flags of one variable: `USE`, or one of USE_EXPAND. */
export interface PretendedUse {
  readonly variable: string;
  readonly flags: readonly PretendedFlag[];
}

/** A USE flag of a package. */
export interface PretendedFlag {
  readonly name: string;
  readonly enabled: boolean;
  /** Whether emerge prints the flag in parentheses: the profile forces or masks the flag, or the flag no longer exists. */
  readonly fixed: boolean;
  /** Whether the flag has another value in the installed version (`*`). */
  readonly changed: boolean;
  /**
   * Whether only the new version or only the installed version has the flag (`%`). A flag that only the installed version has
   * is disabled and `fixed`.
   */
  readonly inOneOnly: boolean;
}

// The columns are I, N or r, S or R, f F or g, U, D, and with --verbose the mask; PkgAttrDisplay in
// _emerge/resolver/output_helpers.py.
const merged = /^\[(ebuild|binary) ([I ])([Nr ])([SR ])([fFg ])([U ])([D ])([#*~ ]?)\] ( *)(.+)/;
const left = /^\[(nomerge|uninstall) +\] ( *)(.+)/;
const said =
  /^(\S+)(?: +\[([^\]]*)\])?(?: +\[([^\]]*)\])? *(?:to (\/\S*) *)?((?:[A-Z][A-Z0-9_]*="[^"]*" *)*)(\d[\d.,' \u00A0\u202F]* [KMGk]?i?B)? *(?:\[[\d?](?:=>[\d?])?\])?$/;
const masks: ReadonlyMap<string, PretendedPackage['mask']> = new Map([
  ['#', 'package.mask'],
  ['*', 'missing keyword'],
  ['~', 'testing keyword'],
]);
const fetches: ReadonlyMap<string, PretendedPackage['fetch']> = new Map([
  ['F', 'restricted'],
  ['f', 'satisfied'],
  ['g', 'remote'],
]);

/**
 * Parses a line of the list of `emerge --pretend --verbose`, with or without `--columns` and `--tree`, as
 * `_emerge/resolver/output.py` of Portage 3.0 prints it; undefined for any other line.
 */
export function parsePretendedPackage(line: string): PretendedPackage | undefined {
  const match = merged.exec(line);
  if (match) {
    const [, kind, interactive, news, place, fetch = '', update, down, mask = '', indent = '', rest = ''] = match;
    return finish(rest, indent, {
      kind: kind === 'binary' ? 'binary' : 'ebuild',
      action: 'merge',
      change: changeOf(news, place, update, down),
      forced: news === 'r',
      interactive: interactive === 'I',
      fetch: fetches.get(fetch),
      mask: masks.get(mask),
    });
  }
  const [, action, indent = '', rest = ''] = left.exec(line) ?? [];
  if (action !== 'nomerge' && action !== 'uninstall') return undefined;
  const nothing = { change: 'none', forced: false, interactive: false, fetch: undefined, mask: undefined } as const;
  return finish(rest, indent, { kind: 'installed', action, ...nothing });
}

type Marks = Pick<PretendedPackage, 'kind' | 'action' | 'change' | 'forced' | 'interactive' | 'fetch' | 'mask'>;

function finish(rest: string, indent: string, marks: Marks): PretendedPackage | undefined {
  const [, name = '', first, second, root, use = '', download] = said.exec(rest) ?? [];
  const inColumns = first !== undefined && splitCpv(name.replace(/:.*/s, '')) === undefined;
  const whole = parsePlace(inColumns ? `${name}-${first}` : name);
  const { version: cpv, ...place } = whole;
  const { name: written, buildId } = marks.kind === 'ebuild' ? { name: cpv, buildId: undefined } : splitBuildId(cpv);
  const previous = (inColumns ? second : first)?.split(', ').map(parsePlace) ?? [];
  if (!inColumns && second !== undefined) return undefined;
  if (!/^[^\s/]+\/[^\s/]+$/.test(written) || splitCpv(written) === undefined) return undefined;
  return {
    ...marks,
    cpv: written,
    buildId,
    ...place,
    previous,
    use: parseUse(use),
    download,
    root,
    depth: indent.length,
  };
}

function changeOf(news?: string, place?: string, update?: string, down?: string): PretendedPackage['change'] {
  if (news === 'N') return place === 'S' ? 'new-slot' : 'new';
  if (update === 'U') return down === 'D' ? 'downgrade' : 'upgrade';
  return place === 'R' ? 'reinstall' : 'none';
}

/** Parses `1.0:0/1::gentoo`. emerge prints the slot only if one of the versions has another slot than 0. */
function parsePlace(text: string): PretendedVersion {
  const [, version = '', slot = '0', subslot = slot, repository = ''] =
    /^([^:]*)(?::([^:/]+)(?:\/([^:]+))?)?(?:::(.*))?$/.exec(text) ?? [];
  return { version, slot, subslot, repository };
}

/** `name-1.0-2` is build 2 of `name-1.0`, because the name of a package does not end like a version (PMS). */
function splitBuildId(text: string): { readonly name: string; readonly buildId: number | undefined } {
  const [, name = text, digits] = /^(.+)-(\d+)$/.exec(text) ?? [];
  if (digits === undefined || splitCpv(name) === undefined) return { name: text, buildId: undefined };
  return { name, buildId: Number(digits) };
}

function parseUse(text: string): readonly PretendedUse[] {
  return [...text.matchAll(/([A-Z][A-Z0-9_]*)="([^"]*)"/g)].map(([, variable = '', flags = '']) => ({
    variable,
    flags: flags
      .split(' ')
      .filter((flag) => flag !== '')
      .map(parseFlag),
  }));
}

function parseFlag(text: string): PretendedFlag {
  const fixed = text.startsWith('(');
  const inside = text.replaceAll(/[()]/g, '');
  const name = inside.replace(/^-/, '').replace(/[%*]+$/, '');
  const marks = /[%*]*$/.exec(inside)?.[0] ?? '';
  return {
    name,
    enabled: !inside.startsWith('-'),
    fixed,
    changed: marks.includes('*'),
    inOneOnly: marks.includes('%'),
  };
}

/** The enabled flags, as packages record them: `ssl`, `python_targets_python3_12`. */
export function enabledFlags(use: readonly PretendedUse[]): readonly string[] {
  return use.flatMap(({ variable, flags }) =>
    flags.flatMap(({ name, enabled }) => {
      const full = variable === 'USE' ? name : `${variable.toLowerCase()}_${name}`;
      return enabled ? [full] : [];
    }),
  );
}
