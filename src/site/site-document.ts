import type { Atom } from '../portage/atom.ts';
import { parsePackageArgument } from '../portage/atom.ts';
import { parseSize } from '../quantity.ts';
import { checkAgainstSchema, type CheckedDocument } from './check-against-schema.ts';
import type { Place } from '../failure.ts';
import type { Diagnostics } from './diagnostics.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Cpu, Limits, Output, Stage, Volumes } from './site.ts';
import schema from './site.schema.json' with { type: 'json' };

/** What site.yaml says, apart from the rest of the site. */
export interface SiteDocument {
  readonly name: string;
  readonly cpus: readonly Cpu[];
  readonly stages: readonly Stage[];
  readonly outputs: readonly Output[];
  readonly volumes: Volumes;
  readonly limits: Limits;
  readonly tuples: readonly LongTuple[];
  /** Where the branch of a stage is named. */
  readonly placeOfBranch: (stage: string, index: number) => Place;
  /** Where a stage begins. */
  readonly placeOfStage: (stage: string) => Place;
  /** Where the volume of a repository is named. */
  readonly placeOfTree: (repository: string) => Place;
}

/** A tuple in its long form; the names are not known to exist. */
export interface LongTuple {
  readonly place: Place;
  readonly placeOf: (part: TuplePart) => Place;
  readonly parts: Readonly<Record<TuplePart, string>>;
  readonly cross: boolean;
  readonly outputs: readonly Output[] | undefined;
}

export type TuplePart = 'cpu' | 'portage' | 'buildhooks' | 'packages';

/** The form that the schema guarantees. */
interface RawDocument {
  readonly name: string;
  readonly cpus: Readonly<Record<string, Readonly<Record<string, string>> & { CHOST: string; CFLAGS: string }>>;
  readonly stages: Readonly<Record<string, Partial<Stage> & { image: string }>>;
  readonly outputs?: readonly Output[];
  readonly volumes?: { binpkgs?: string; distfiles?: string; trees?: Readonly<Record<string, string>> };
  readonly limits?: { memory?: string; cpus?: number; 'big-packages'?: readonly string[] };
  readonly tuples?: readonly (Readonly<Record<TuplePart, string>> & { cross?: boolean; outputs?: readonly Output[] })[];
}

/** Reads the text of site.yaml; undefined, with all diagnostics, if it is not as site.schema.json says. */
export function readSiteDocument(text: string, file: string, diagnostics: Diagnostics): SiteDocument | undefined {
  const yaml = parseYaml(text, file, diagnostics);
  const checked = yaml && checkAgainstSchema(yaml, schema, diagnostics);
  if (checked === undefined) return undefined;
  // The schema is what says so, and a test holds the two against each other.
  const raw = checked.value as RawDocument;
  return {
    name: raw.name,
    cpus: Object.entries(raw.cpus).map(([name, { CHOST, CFLAGS, ...cpuFlags }]) => ({
      name,
      chost: CHOST,
      cflags: CFLAGS,
      cpuFlags: Object.entries(cpuFlags)
        .map(([variable, flags]) => ({ variable, flags }))
        .toSorted((a, b) => (a.variable < b.variable ? -1 : 1)),
    })),
    stages: Object.entries(raw.stages).map(([name, { image, optimize = 'none', branches }]) => ({
      name,
      image,
      optimize,
      branches,
    })),
    outputs: raw.outputs ?? ['image'],
    volumes: {
      binpkgs: raw.volumes?.binpkgs,
      distfiles: raw.volumes?.distfiles,
      trees: Object.entries(raw.volumes?.trees ?? {}).map(([repository, source]) => ({ repository, source })),
    },
    limits: readLimits(raw.limits ?? {}, checked, diagnostics),
    tuples: (raw.tuples ?? []).map(({ cross = false, outputs, ...parts }, index) => ({
      place: checked.placeOf(['tuples', index]),
      placeOf: (part) => checked.placeOf(['tuples', index, part]),
      parts,
      cross,
      outputs,
    })),
    placeOfBranch: (stage, index) => checked.placeOf(['stages', stage, 'branches', index]),
    placeOfStage: (stage) => checked.placeOf(['stages', stage]),
    placeOfTree: (repository) => checked.placeOf(['volumes', 'trees', repository]),
  };
}

function readLimits(
  raw: NonNullable<RawDocument['limits']>,
  checked: CheckedDocument,
  diagnostics: Diagnostics,
): Limits {
  const bigPackages: Atom[] = [];
  for (const [index, text] of (raw['big-packages'] ?? []).entries()) {
    const parsed = parsePackageArgument(text);
    if (parsed.ok) bigPackages.push(parsed.value as Atom);
    else diagnostics.add(checked.placeOf(['limits', 'big-packages', index]), `'${text}': ${parsed.reason}`);
  }
  return { memory: raw.memory === undefined ? undefined : parseSize(raw.memory), cpus: raw.cpus, bigPackages };
}
