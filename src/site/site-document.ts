import { parse } from 'valibot';
import type { Atom } from '../portage/atom.ts';
import { isSetName, parsePackageArgument } from '../portage/atom.ts';
import { parseSize, parseTmpfs, type TmpfsSetting } from '../quantity.ts';
import { checkAgainstSchema } from './check-against-schema.ts';
import type { Place } from '../failure.ts';
import { startOf, type Diagnostics } from './diagnostics.ts';
import { parseYaml } from './parse-yaml.ts';
import type { OutputName } from '../output-name.ts';
import { rawDocument, type RawDocument, type RawStage } from './raw-document.ts';
import type { Cpu, Limits, SiteEngine, Stage, SiteVolumes, SwarmSettings } from './site.ts';
import { loadJsonSchema } from './json-schema.ts';
import schema from './site.schema.json' with { type: 'json' };

const siteSchema = loadJsonSchema(schema);

/**
 * The content of site.yaml, independent of the rest of the site. Faults of site.yaml are reported as diagnostics: the lists
 * then have the entries that could be read, and other values may be empty.
 */
export interface SiteDocument {
  readonly name: string;
  readonly id: string | undefined;
  readonly cpus: readonly Cpu[];
  readonly stages: readonly Stage[];
  readonly outputs: readonly OutputName[];
  readonly volumes: SiteVolumes;
  readonly limits: Limits;
  readonly tmpfs: TmpfsSetting;
  readonly ccache: boolean;
  readonly engines: readonly SiteEngine[];
  readonly swarm: SwarmSettings | undefined;
  readonly tuples: readonly LongTuple[];
  /** Whether each of these lists is complete: false if a fault of site.yaml may hide an entry. */
  readonly isKnown: { readonly cpus: boolean; readonly stages: boolean; readonly tuples: boolean };
  /** The position of the value at a path of keys and indices. */
  readonly placeOf: (path: readonly (string | number)[]) => Place;
}

/** A tuple in its long form. The names may not exist; invalid names are left out. */
export interface LongTuple {
  readonly place: Place;
  readonly placeOf: (part: TuplePart) => Place;
  readonly parts: Readonly<Partial<Record<TuplePart, string | undefined>>>;
  readonly cross: boolean;
  readonly outputs: readonly OutputName[] | undefined;
}

/** The parts of a tuple's name. */
export type TuplePart = 'cpu' | 'portage' | 'buildhooks' | 'packages';

/** Reads site.yaml from its text; `text` is undefined if there is no such file. Reports each violation of site.schema.json. */
export function readSiteDocument(text: string | undefined, file: string, diagnostics: Diagnostics): SiteDocument {
  const yaml = text === undefined ? undefined : parseYaml(text, file, diagnostics);
  const checked = yaml && checkAgainstSchema(yaml, siteSchema, diagnostics);
  const placeOf = checked?.placeOf ?? (() => startOf(file));
  // A document of another form passed the check by a defect of this program.
  const raw = parse(rawDocument, checked?.value ?? {});
  const isWhole = yaml?.isWhole === true;
  const stages = raw.stages ?? [];
  return {
    name: raw.name ?? '',
    id: raw.id,
    cpus: (raw.cpus ?? []).map(readCpu),
    stages: stages.map(readStage),
    outputs: defined(raw.outputs ?? ['image']),
    volumes: {
      binpkgs: raw.volumes?.binpkgs,
      distfiles: raw.volumes?.distfiles,
      trees: (raw.volumes?.trees ?? []).map(([repository, source = '']) => ({ repository, source })),
    },
    limits: readLimits(raw.limits ?? {}, placeOf, diagnostics),
    tmpfs: parseTmpfs(raw.tmpfs ?? 'auto') ?? 'auto',
    ccache: raw.ccache ?? false,
    engines: defined(raw.engines ?? []).flatMap(readEngine),
    swarm: readSwarm(raw.swarm),
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

function readCpu([name, settings]: NonNullable<RawDocument['cpus']>[number]): Cpu {
  const { CHOST = '', CFLAGS = '', ...cpuFlags } = Object.fromEntries(settings ?? []);
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
    // An invalid name keeps its index, so that each name is found at its position.
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

function readEngine(raw: NonNullable<NonNullable<RawDocument['engines']>[number]>): readonly SiteEngine[] {
  const { address, jobs } = typeof raw === 'string' ? { address: raw, jobs: undefined } : raw;
  return address === undefined ? [] : [{ address, jobs }];
}

function readSwarm(raw: RawDocument['swarm']): SwarmSettings | undefined {
  if (raw === undefined || raw === false) return undefined;
  const { registry, encrypted = false } = raw === true ? {} : raw;
  return { registry, encrypted };
}

function readLimits(
  raw: Partial<NonNullable<RawDocument['limits']>>,
  placeOf: SiteDocument['placeOf'],
  diagnostics: Diagnostics,
): Limits {
  const bigPackages: Atom[] = [];
  for (const [index, text] of (raw['big-packages'] ?? []).entries()) {
    if (text === undefined) continue;
    const parsed = parsePackageArgument(text);
    if (parsed.ok && !isSetName(parsed.value)) bigPackages.push(parsed.value);
    else {
      const reason = parsed.ok ? 'a set is not a package' : parsed.reason;
      diagnostics.add(placeOf(['limits', 'big-packages', index]), `'${text}': ${reason}`);
    }
  }
  return { memory: raw.memory === undefined ? undefined : parseSize(raw.memory), cpus: raw.cpus, bigPackages };
}
