import type { Atom } from '../portage/atom.ts';
import { parsePackageArgument } from '../portage/atom.ts';
import { parseSize, parseTmpfs, type TmpfsSetting } from '../quantity.ts';
import { checkAgainstSchema } from './check-against-schema.ts';
import type { Place } from '../failure.ts';
import { startOf, type Diagnostics } from './diagnostics.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Cpu, Limits, Optimize, Output, Stage, Volumes } from './site.ts';
import schema from './site.schema.json' with { type: 'json' };

/**
 * What site.yaml says, apart from the rest of the site. Where something in it is wrong, which is a diagnostic, it is as
 * much as can be known: names are those that there are, and other values may be empty.
 */
export interface SiteDocument {
  readonly name: string;
  readonly cpus: readonly Cpu[];
  readonly stages: readonly Stage[];
  readonly outputs: readonly Output[];
  readonly volumes: Volumes;
  readonly limits: Limits;
  readonly tmpfs: TmpfsSetting;
  readonly ccache: boolean;
  readonly tuples: readonly LongTuple[];
  /** Whether there are no others than those above. */
  readonly isKnown: { readonly cpus: boolean; readonly stages: boolean; readonly tuples: boolean };
  /** Where the value at a path of keys and indices is. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
}

/** A tuple in its long form; the names are not known to exist, and those that are no names are left out. */
export interface LongTuple {
  readonly place: Place;
  readonly placeOf: (part: TuplePart) => Place;
  readonly parts: Partial<Readonly<Record<TuplePart, string>>>;
  readonly cross: boolean;
  readonly outputs: readonly Output[] | undefined;
}

export type TuplePart = 'cpu' | 'portage' | 'buildhooks' | 'packages';

/** A value of a map; it is undefined where it is not as the schema says. */
type Named<T> = Readonly<Record<string, T | undefined>>;

/** The form that the schema guarantees, of what is there at all. */
interface RawDocument {
  readonly name?: string;
  readonly cpus?: Named<Named<string>>;
  readonly stages?: Named<RawStage>;
  readonly outputs?: readonly (Output | undefined)[];
  readonly volumes?: { binpkgs?: string; distfiles?: string; trees?: Named<string> };
  readonly limits?: { memory?: string; cpus?: number; 'big-packages'?: readonly (string | undefined)[] };
  readonly tmpfs?: string;
  readonly ccache?: boolean;
  readonly tuples?: readonly (RawTuple | undefined)[];
}

interface RawStage {
  readonly image?: string;
  readonly optimize?: Optimize;
  readonly branches?: readonly (string | undefined)[];
}

interface RawTuple extends Partial<Readonly<Record<TuplePart, string>>> {
  readonly cross?: boolean;
  readonly outputs?: readonly (Output | undefined)[];
}

/** Reads the text of site.yaml, undefined if there is none; what is not as site.schema.json says is a diagnostic. */
export function readSiteDocument(text: string | undefined, file: string, diagnostics: Diagnostics): SiteDocument {
  const yaml = text === undefined ? undefined : parseYaml(text, file, diagnostics);
  const checked = yaml && checkAgainstSchema(yaml, schema, diagnostics);
  const placeOf = checked?.placeOf ?? (() => startOf(file));
  // The schema is what says so, and a test holds the two against each other.
  const raw = (checked?.value ?? {}) as RawDocument;
  const isWhole = yaml?.isWhole === true;
  const stages = Object.entries(raw.stages ?? {});
  return {
    name: raw.name ?? '',
    cpus: Object.entries(raw.cpus ?? {}).map(readCpu),
    stages: stages.map(readStage),
    outputs: defined(raw.outputs ?? ['image']),
    volumes: {
      binpkgs: raw.volumes?.binpkgs,
      distfiles: raw.volumes?.distfiles,
      trees: Object.entries(raw.volumes?.trees ?? {}).map(([repository, source = '']) => ({ repository, source })),
    },
    limits: readLimits(raw.limits ?? {}, placeOf, diagnostics),
    tmpfs: parseTmpfs(raw.tmpfs ?? 'auto') ?? 'auto',
    ccache: raw.ccache ?? false,
    tuples: (raw.tuples ?? []).flatMap((tuple, index) => {
      if (tuple === undefined) return [];
      const { cross = false, outputs, ...parts } = tuple;
      return {
        place: placeOf(['tuples', index]),
        placeOf: (part: TuplePart) => placeOf(['tuples', index, part]),
        parts,
        cross,
        outputs: outputs && defined(outputs),
      };
    }),
    isKnown: {
      cpus: isWhole && raw.cpus !== undefined,
      stages: isWhole && raw.stages !== undefined && stages.every(([, stage]) => hasAllBranches(stage)),
      tuples: isWhole && (raw.tuples !== undefined || !Object.hasOwn(raw, 'tuples')),
    },
    placeOf,
  };
}

function readCpu([name, settings]: [string, Named<string> | undefined]): Cpu {
  const { CHOST = '', CFLAGS = '', ...cpuFlags } = settings ?? {};
  const flags = Object.entries(cpuFlags).map(([variable, value = '']) => ({ variable, flags: value }));
  const sorted = flags.toSorted((a, b) => (a.variable < b.variable ? -1 : 1));
  return { name, chost: CHOST, cflags: CFLAGS, cpuFlags: sorted };
}

function readStage([name, stage]: [string, RawStage | undefined]): Stage {
  const isForOthers = stage !== undefined && !Object.hasOwn(stage, 'branches');
  return {
    name,
    image: stage?.image ?? '',
    optimize: stage?.optimize ?? 'none',
    // One that is no name keeps its place.
    branches: isForOthers ? undefined : (stage?.branches ?? []).map((branch = '') => branch),
  };
}

function hasAllBranches(stage: RawStage | undefined): boolean {
  if (stage === undefined) return false;
  return !Object.hasOwn(stage, 'branches') || stage.branches?.every((branch) => branch !== undefined) === true;
}

function defined<T>(values: readonly (T | undefined)[]): readonly T[] {
  return values.filter((value) => value !== undefined);
}

function readLimits(
  raw: NonNullable<RawDocument['limits']>,
  placeOf: SiteDocument['placeOf'],
  diagnostics: Diagnostics,
): Limits {
  const bigPackages: Atom[] = [];
  for (const [index, text] of (raw['big-packages'] ?? []).entries()) {
    if (text === undefined) continue;
    const parsed = parsePackageArgument(text);
    if (parsed.ok) bigPackages.push(parsed.value as Atom);
    else diagnostics.add(placeOf(['limits', 'big-packages', index]), `'${text}': ${parsed.reason}`);
  }
  return { memory: raw.memory === undefined ? undefined : parseSize(raw.memory), cpus: raw.cpus, bigPackages };
}
