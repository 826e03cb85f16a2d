import type { Place } from '../failure.ts';
import type { Diagnostics } from './diagnostics.ts';
import { readPortageBranch, type ReadPortageBranch } from './portage-branch.ts';
import type { ReadSet } from './package-set.ts';
import {
  explainMisreading,
  missingName,
  namesByPart,
  readTupleName,
  tupleParts,
  type TupleNames,
  type TupleReading,
} from './read-tuple-name.ts';
import type { SiteDocument, TuplePart } from './site-document.ts';
import type { Output, Stage, Tuple } from './site.ts';
import type { SiteRepository } from './site-repository.ts';
import { checkNestedSets } from './nested-sets.ts';
import schema from './site.schema.json' with { type: 'json' };

/** What tuples are put together from. */
export interface TupleMaterial {
  readonly document: SiteDocument;
  readonly portage: SiteRepository;
  readonly buildhooks: SiteRepository;
  readonly names: TupleNames;
  readonly sharedSets: ReadonlyMap<string, ReadSet>;
}

/** A tuple as it is written somewhere: what its parts are called, and where. */
interface WrittenTuple {
  readonly place: Place;
  readonly placeOf: (part: TuplePart) => Place;
  readonly parts: TupleReading;
  readonly cross: boolean;
  readonly outputs: readonly Output[];
}

/** The names of parts are parts of an image's name, which has neither capital letters nor slashes. */
const partName = new RegExp(schema.definitions.name.pattern, 'u');

/** An image's name has at most 255 characters, and `zentoo/`, the site's name and `/` come before the tuple's. */
const longestName = 255;

/** The tuples, and the portage branches that they name, as far as these could be read. */
export interface ReadTuples {
  readonly tuples: readonly Tuple[];
  readonly branches: readonly ReadPortageBranch[];
}

/** Reads the tuples of config/tuples (undefined: there is no such file) and those that site.yaml has in their long form. */
export function readTuples(text: string | undefined, material: TupleMaterial, diagnostics: Diagnostics): ReadTuples {
  const { document, names } = material;
  const written = [
    ...readTupleLines(text ?? '', document.outputs, names, diagnostics),
    ...document.tuples.flatMap((tuple) => {
      const known = namesByPart(names);
      const unknown = tupleParts.filter(([part]) => !known[part].includes(tuple.parts[part]));
      for (const [part, called] of unknown)
        diagnostics.add(tuple.placeOf(part), missingName(`there is no ${called}`, tuple.parts[part], known[part]));
      return unknown.length > 0 ? [] : [{ ...tuple, outputs: tuple.outputs ?? document.outputs }];
    }),
  ];
  const assemble = new TupleAssembly(material, diagnostics);
  const tuples = written.flatMap((tuple) => assemble.assemble(tuple) ?? []);
  return { tuples, branches: assemble.branches };
}

function readTupleLines(
  text: string,
  outputs: readonly Output[],
  names: TupleNames,
  diagnostics: Diagnostics,
): readonly WrittenTuple[] {
  return text.split('\n').flatMap((line, index) => {
    const [first, second] = [...line.replace(/#.*$/s, '').matchAll(/\S+/g)];
    if (first === undefined) return [];
    const place = { file: tuplesFile, line: index + 1, column: first.index + 1 };
    if (second !== undefined) {
      diagnostics.add({ ...place, column: second.index + 1 }, 'a line has one tuple: put this into a line of its own');
      return [];
    }
    const readings = readTupleName(first[0], names);
    const [parts] = readings;
    if (parts === undefined) {
      const { offset, message } = explainMisreading(first[0], names);
      diagnostics.add({ ...place, column: place.column + offset }, message);
      return [];
    }
    if (readings.length > 1) {
      diagnostics.add(
        place,
        `'${first[0]}' can be read in ${readings.length} ways: ${readings.map(showReading).join(' or ')}; ` +
          'write the one that is meant into tuples in site.yaml',
      );
      return [];
    }
    return [{ place, placeOf: () => place, parts, cross: false, outputs }];
  });
}

/** Where the tuples are, a line each. */
export const tuplesFile = 'config/tuples';

function showReading(parts: TupleReading): string {
  return `{ ${tupleParts.map(([part]) => `${part}: ${parts[part]}`).join(', ')} }`;
}

class TupleAssembly {
  readonly #material: TupleMaterial;
  readonly #diagnostics: Diagnostics;
  readonly #places = new Map<string, Place>();
  readonly #branches = new Map<string, ReadPortageBranch | undefined>();

  constructor(material: TupleMaterial, diagnostics: Diagnostics) {
    this.#material = material;
    this.#diagnostics = diagnostics;
  }

  /** A tuple of parts that exist; undefined, with diagnostics, if they do not make one. */
  assemble({ place, placeOf, parts, cross, outputs }: WrittenTuple): Tuple | undefined {
    const { document, buildhooks, sharedSets } = this.#material;
    const name = tupleParts.map(([part]) => parts[part]).join('-');
    this.#checkNames(name, parts, placeOf, place);
    const portage = this.#readBranch(parts.portage);
    const packages = portage?.sets.get(parts.packages) ?? sharedSets.get(parts.packages);
    const cpu = document.cpus.find((other) => other.name === parts.cpu);
    const stage = stageOf(parts.portage, document.stages);
    const hooks = buildhooks.useBranch(parts.buildhooks);
    if (packages)
      checkNestedSets(
        packages,
        (set) => portage?.sets.get(set) ?? sharedSets.get(set),
        this.#material.names.packages(parts.portage),
        this.#diagnostics,
      );
    else if (!this.#material.names.packages(parts.portage).includes(parts.packages))
      this.#diagnostics.add(
        placeOf('packages'),
        missingName(
          `the branch '${parts.portage}' has no package set`,
          parts.packages,
          this.#material.names.packages(parts.portage),
        ),
      );
    if (!stage)
      this.#diagnostics.add(
        placeOf('portage'),
        `no stage in site.yaml has the branch '${parts.portage}' among its branches`,
      );
    if (!cpu || !stage || !portage || !hooks || !packages) return undefined;
    return { name, cpu, portage: portage.branch, buildhooks: hooks, packages: packages.set, stage, cross, outputs };
  }

  #checkNames(name: string, parts: TupleReading, placeOf: WrittenTuple['placeOf'], place: Place): void {
    for (const [part, called] of tupleParts)
      if (!partName.test(parts[part]))
        this.#diagnostics.add(
          placeOf(part),
          `the ${called} '${parts[part]}' cannot be part of an image's name: small letters and digits, with . _ - between them`,
        );
    const longest = longestName - `zentoo/${this.#material.document.name}/`.length;
    if (name.length > longest)
      this.#diagnostics.add(
        place,
        `its name has ${name.length} characters, and an image's name has room for ${longest}`,
      );
    const before = this.#places.get(name);
    if (before) this.#diagnostics.add(place, `the tuple ${name} is in ${before.file}:${before.line} already`);
    else this.#places.set(name, place);
  }

  #readBranch(name: string): ReadPortageBranch | undefined {
    if (!this.#branches.has(name))
      this.#branches.set(name, readPortageBranch(this.#material.portage, name, this.#diagnostics));
    return this.#branches.get(name);
  }

  /** The portage branches of the tuples so far. */
  get branches(): readonly ReadPortageBranch[] {
    return [...this.#branches.values()].filter((branch) => branch !== undefined);
  }
}

/** The stage that names the branch, or the one that is for all others. */
export function stageOf(branch: string, stages: readonly Stage[]): Stage | undefined {
  return stages.find(({ branches }) => branches?.includes(branch)) ?? stages.find(({ branches }) => !branches);
}
