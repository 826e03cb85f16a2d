import { splitCpv } from './cpv.ts';

/** One line of a list of emerge's: what would be done with a package, and what it would be. */
export interface PretendedPackage {
  /** What it is made from: sources, or a binary package; `installed` is what is there, and would be left or removed. */
  readonly kind: 'ebuild' | 'binary' | 'installed';
  readonly action: 'merge' | 'uninstall' | 'nomerge';
  /** `category/name-version` */
  readonly cpv: string;
  /** Which of several binary packages of this version. */
  readonly buildId: number | undefined;
  readonly slot: string;
  /** The slot itself where the ebuild has none. */
  readonly subslot: string;
  /** Empty where emerge was told not to say it. */
  readonly repository: string;
  readonly change: 'new' | 'new-slot' | 'upgrade' | 'downgrade' | 'reinstall' | 'none';
  /** Merged again because a dependency or an option asks for it (`r`). */
  readonly forced: boolean;
  /** Asks questions while it is merged. */
  readonly interactive: boolean;
  /** A source that has to be got by hand, is there already, or a binary package that comes from another host. */
  readonly fetch: 'restricted' | 'satisfied' | 'remote' | undefined;
  /** Why it would be refused, were it not asked for as it is. */
  readonly mask: 'package.mask' | 'missing keyword' | 'testing keyword' | undefined;
  /** What it replaces, or what is in other slots where it is the first in its own. */
  readonly previous: readonly PretendedVersion[];
  readonly use: readonly PretendedUse[];
  /** As emerge writes it: `123 KiB`. */
  readonly download: string | undefined;
  /** Where it would be installed, if not in `/`. */
  readonly root: string | undefined;
  /** How deep it stands in a tree; 0 in a list. */
  readonly depth: number;
}

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

export interface PretendedFlag {
  readonly name: string;
  readonly enabled: boolean;
  /** In parentheses: forced or masked by the profile, or gone. */
  readonly fixed: boolean;
  /** `*`: otherwise than in what is installed. */
  readonly changed: boolean;
  /** `%`: what is installed does not have the flag, or only that has it (then it is not enabled, and fixed). */
  readonly inOneOnly: boolean;
}

// I, N or r, S or R, f F or g, U, D, and with --verbose the mask; PkgAttrDisplay in _emerge/resolver/output_helpers.py.
const merged = /^\[(ebuild|binary) ([I ])([Nr ])([SR ])([fFg ])([U ])([D ])([#*~ ]?)\] ( *)(.+)$/;
const left = /^\[(nomerge|uninstall) +\] ( *)(.+)$/;
const said =
  /^(\S+)(?: +\[([^\]]*)\])?(?: +\[([^\]]*)\])? *(?:to (\/\S*) *)?((?:[A-Z][A-Z0-9_]*="[^"]*" *)*)(\d[\d.,' \u00A0\u202F]* [KMGk]?i?B)? *(?:\[[\d?](?:=>[\d?])?\])?$/;
const masks = { '#': 'package.mask', '*': 'missing keyword', '~': 'testing keyword' } as const;
const fetches = { F: 'restricted', f: 'satisfied', g: 'remote' } as const;

/**
 * Reads a line of the list that `emerge --pretend --verbose` prints, with `--columns` and `--tree` or without, as
 * `_emerge/resolver/output.py` of Portage 3.0 writes it; undefined if it is no such line, or not altogether understood.
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
      fetch: fetches[fetch as keyof typeof fetches],
      mask: masks[mask as keyof typeof masks],
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
  const inColumns = first !== undefined && splitCpv(name.replace(/:.*$/s, '')) === undefined;
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

/** `1.0:0/1::gentoo`; a slot is written where one of the versions shown has another than 0. */
function parsePlace(text: string): PretendedVersion {
  const [, version = '', slot = '0', subslot = slot, repository = ''] =
    /^([^:]*)(?::([^:/]+)(?:\/([^:]+))?)?(?:::(.*))?$/.exec(text) ?? [];
  return { version, slot, subslot, repository };
}

/** `name-1.0-2` is the second build of `name-1.0`: no package's name ends in what looks like a version (PMS). */
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

/** The flags that are on, as packages record them: `ssl`, `python_targets_python3_12`. */
export function enabledFlags(use: readonly PretendedUse[]): readonly string[] {
  return use.flatMap(({ variable, flags }) =>
    flags.flatMap(({ name, enabled }) => {
      const full = variable === 'USE' ? name : `${variable.toLowerCase()}_${name}`;
      return enabled ? [full] : [];
    }),
  );
}
