import type { Place } from '../../failure.ts';
import type { Diagnostics } from '../diagnostics.ts';
import { readPortageBranch, type ParsedPortageBranch } from './portage-branch.ts';
import type { ParsedSet } from './package-set.ts';
import {
  explainUnreadableTuple,
  isPossibleName,
  missingName,
  namesByPart,
  readTupleName,
  tupleParts,
  type KnownNames,
  type TupleNames,
  type TupleReading,
} from './read-tuple-name.ts';
import type { SiteDocument, TuplePart } from '../site-document.ts';
import type { OutputName } from '../../output-name.ts';
import type { Stage, Tuple } from '../site.ts';
import type { SiteRepository } from './site-repository.ts';
import { checkNestedSets } from './nested-sets.ts';
import schema from '../site.schema.json' with { type: 'json' };

/** The parts of a site from which its tuples are made. */
export interface TupleMaterial {
  readonly document: SiteDocument;
  /** config/portage; undefined if it cannot be read. */
  readonly portage: SiteRepository | undefined;
  /** config/buildhooks; undefined if it cannot be read. */
  readonly buildhooks: SiteRepository | undefined;
  readonly names: TupleNames;
  readonly sharedSets: ReadonlyMap<string, ParsedSet>;
}

/** A tuple as written in a file: the names of its existing parts, and their positions. */
interface WrittenTuple {
  readonly place: Place;
  readonly placeOf: (part: TuplePart) => Place;
  readonly parts: Partial<TupleReading>;
  readonly cross: boolean;
  readonly outputs: readonly OutputName[];
}

/** A valid name of a part: it becomes a part of an image's name, without capital letters and slashes. */
const partName = new RegExp(schema.definitions.name.pattern, 'u');

/** The maximum length of an image's name, which is `zentoo/<site>/<tuple>`. */
const longestName = 255;

/** The tuples, and their portage branches that could be read. */
export interface ParsedTuples {
  readonly tuples: readonly Tuple[];
  readonly branches: readonly ParsedPortageBranch[];
}

/** Reads the tuples of config/tuples (`text`; undefined if there is no such file) and of site.yaml. */
export function readTuples(text: string | undefined, material: TupleMaterial, diagnostics: Diagnostics): ParsedTuples {
  const { document, names } = material;
  const written = [
    ...readTupleLines(text ?? '', document.outputs, names, diagnostics),
    ...document.tuples.flatMap((tuple) => {
      const known = namesByPart(names);
      const parts: Partial<Record<TuplePart, string>> = {};
      for (const [part, called] of tupleParts) {
        const name = tuple.parts[part];
        if (name === undefined) continue;
        if (isPossibleName(name, known[part])) parts[part] = name;
        else diagnostics.add(tuple.placeOf(part), missingName(`there is no ${called}`, name, known[part] ?? []));
      }
      return [{ ...tuple, parts, outputs: tuple.outputs ?? document.outputs }];
    }),
  ];
  const assemble = new TupleAssembly(material, diagnostics);
  const tuples = written.flatMap((tuple) => assemble.assemble(tuple) ?? []);
  return { tuples, branches: assemble.branches };
}

function readTupleLines(
  text: string,
  outputs: readonly OutputName[],
  names: TupleNames,
  diagnostics: Diagnostics,
): readonly WrittenTuple[] {
  // If neither repository can be read, any line may be a tuple.
  if (names.portage === undefined && names.buildhooks === undefined) return [];
  return text.split('\n').flatMap((line, index) => {
    const [first, second] = [...line.replace(/#.*$/s, '').matchAll(/\S+/g)];
    if (first === undefined) return [];
    const place = { file: tuplesFile, line: index + 1, column: first.index + 1 };
    if (second !== undefined) {
      diagnostics.add({ ...place, column: second.index + 1 }, 'a line has one tuple: put this one on its own line');
      return [];
    }
    const readings = readTupleName(first[0], names);
    const [parts] = readings;
    if (parts === undefined) {
      const { offset, message, parts: some } = explainUnreadableTuple(first[0], names);
      diagnostics.add({ ...place, column: place.column + offset }, message);
      return [{ place, placeOf: () => place, parts: some, cross: false, outputs }];
    }
    // If the names of a part are unknown, any word may be one of them, and there seem to be more readings than there are.
    const isCertain = [names.cpu, names.portage, names.buildhooks, names.packages(parts.portage)].every(Boolean);
    if (readings.length > 1 && isCertain) {
      diagnostics.add(
        place,
        `'${first[0]}' can be read in ${readings.length} ways: ${readings.map(showReading).join(' or ')}; ` +
          'write the intended one into tuples in site.yaml',
      );
      return [];
    }
    return [{ place, placeOf: () => place, parts, cross: false, outputs }];
  });
}

/** The file of tuples, one per line. */
export const tuplesFile = 'config/tuples';

function showReading(parts: TupleReading): string {
  return `{ ${tupleParts.map(([part]) => `${part}: ${parts[part]}`).join(', ')} }`;
}

class TupleAssembly {
  readonly #material: TupleMaterial;
  readonly #diagnostics: Diagnostics;
  readonly #places = new Map<string, Place>();
  readonly #branches = new Map<string, ParsedPortageBranch | undefined>();

  constructor(material: TupleMaterial, diagnostics: Diagnostics) {
    this.#material = material;
    this.#diagnostics = diagnostics;
  }

  /** Makes a tuple of its parts. Reports faults and returns undefined if the parts do not make a tuple. */
  assemble(written: WrittenTuple): Tuple | undefined {
    const { cross, outputs, parts } = written;
    const { document, buildhooks, names } = this.#material;
    const name = this.#checkNames(written);
    const cpu = document.cpus.find((other) => other.name === parts.cpu);
    const portage = isAmong(parts.portage, names.portage) ? this.#readBranch(parts.portage) : undefined;
    const hooks = isAmong(parts.buildhooks, names.buildhooks) ? buildhooks?.useBranch(parts.buildhooks) : undefined;
    const packages = this.#readPackages(written, portage);
    const stage = this.#findStage(written);
    if (name === undefined || !cpu || !stage || !portage || !hooks || !packages) return undefined;
    return { name, cpu, portage: portage.branch, buildhooks: hooks, packages: packages.set, stage, cross, outputs };
  }

  #readPackages({ parts, placeOf }: WrittenTuple, portage: ParsedPortageBranch | undefined): ParsedSet | undefined {
    if (parts.packages === undefined || parts.portage === undefined) return undefined;
    const { sharedSets, names } = this.#material;
    const find = (set: string) => portage?.sets.get(set) ?? sharedSets.get(set);
    const known = names.packages(parts.portage);
    const packages = find(parts.packages);
    if (packages) checkNestedSets(packages, find, known ?? [], this.#diagnostics);
    else if (known && !known.includes(parts.packages))
      this.#diagnostics.add(
        placeOf('packages'),
        missingName(`the branch '${parts.portage}' has no package set`, parts.packages, known),
      );
    return packages;
  }

  #findStage({ parts: { portage }, placeOf }: WrittenTuple): Stage | undefined {
    const { document, names } = this.#material;
    const stage = portage === undefined ? undefined : stageOf(portage, document.stages);
    if (!stage && document.isKnown.stages && isAmong(portage, names.portage))
      this.#diagnostics.add(placeOf('portage'), `no stage in site.yaml has the branch '${portage}'`);
    return stage;
  }

  /** Checks the names of the parts and of the tuple. Returns the tuple's name; undefined if a part is missing. */
  #checkNames({ parts, place, placeOf }: WrittenTuple): string | undefined {
    const known = namesByPart(this.#material.names);
    for (const [part, called] of tupleParts) {
      const name = parts[part];
      if (isAmong(name, known[part]) && !partName.test(name))
        this.#diagnostics.add(
          placeOf(part),
          `the ${called} '${name}' cannot be part of an image's name: use small letters and digits, with . _ - between them`,
        );
    }
    const names = tupleParts.flatMap(([part]) => parts[part] ?? []);
    if (names.length < tupleParts.length) return undefined;
    const name = names.join('-');
    const longest = longestName - `zentoo/${this.#material.document.name}/`.length;
    if (name.length > longest)
      this.#diagnostics.add(
        place,
        `its name has ${name.length} characters, and the image's name allows at most ${longest}`,
      );
    const before = this.#places.get(name);
    if (before) this.#diagnostics.add(place, `the tuple ${name} is already in ${before.file}:${before.line}`);
    else this.#places.set(name, place);
    return name;
  }

  #readBranch(name: string): ParsedPortageBranch | undefined {
    const { portage } = this.#material;
    if (portage && !this.#branches.has(name))
      this.#branches.set(name, readPortageBranch(portage, name, this.#diagnostics));
    return this.#branches.get(name);
  }

  /** The portage branches of all tuples so far. */
  get branches(): readonly ParsedPortageBranch[] {
    return [...this.#branches.values()].filter((branch) => branch !== undefined);
  }
}

/** Whether a name is known to exist. */
function isAmong(name: string | undefined, names: KnownNames): name is string {
  return name !== undefined && names?.includes(name) === true;
}

/** The stage that names the branch, or the one that is for all others. */
export function stageOf(branch: string, stages: readonly Stage[]): Stage | undefined {
  return stages.find(({ branches }) => branches?.includes(branch)) ?? stages.find(({ branches }) => !branches);
}
