import { abbreviate } from '../abbreviate.ts';
import { didYouMean, nameDistance } from './nearest-name.ts';
import type { TuplePart } from './site-document.ts';

/** The names of one part that there are; undefined where they are not known, and any name may be one of them. */
export type KnownNames = readonly string[] | undefined;

/** The names that there are for the parts of a tuple. */
export interface TupleNames {
  readonly cpu: KnownNames;
  readonly portage: KnownNames;
  readonly buildhooks: KnownNames;
  /** The sets that a portage branch has, its own and the shared ones. */
  readonly packages: (portage: string) => KnownNames;
}

export type TupleReading = Readonly<Record<TuplePart, string>>;

/** The parts in the order in which a tuple names them, with how they are called in messages. */
export const tupleParts: readonly (readonly [TuplePart, string])[] = [
  ['cpu', 'cpu'],
  ['portage', 'portage branch'],
  ['buildhooks', 'buildhooks branch'],
  ['packages', 'package set'],
];

/** Every way to read `<cpu>-<portage>-<buildhooks>-<packages>` with names that exist; they may have hyphens. */
export function readTupleName(text: string, names: TupleNames): readonly TupleReading[] {
  return prefixes(text, names.cpu).flatMap(([cpu, afterCpu]) =>
    prefixes(afterCpu, names.portage).flatMap(([portage, afterPortage]) =>
      prefixes(afterPortage, names.buildhooks).flatMap(([buildhooks, packages]) =>
        mayBe(packages, names.packages(portage)) ? [{ cpu, portage, buildhooks, packages }] : [],
      ),
    ),
  );
}

/** Whether there is such a name, for all that is known. */
export function mayBe(name: string, names: KnownNames): boolean {
  return names?.includes(name) ?? name !== '';
}

/** The names that a text begins with, each with what follows its hyphen. */
function prefixes(text: string, known: KnownNames): readonly (readonly [name: string, rest: string])[] {
  const words = text.split('-');
  const names = known ?? words.slice(0, mostWords).map((_, index) => words.slice(0, index + 1).join('-'));
  return names
    .filter((name) => name !== '' && text.startsWith(`${name}-`))
    .map((name) => [name, text.slice(name.length + 1)]);
}

/** What is wrong with a text that has no reading: where in it, counted from 0, and why. */
export interface Misreading {
  readonly offset: number;
  readonly message: string;
  /** The parts of the nearest reading that exist. */
  readonly parts: Partial<TupleReading>;
}

/** More hyphens than a text with this many make too many readings to compare; no name is suggested for those. */
const mostWords = 20;

/**
 * Explains why a text has no reading, by the reading that comes nearest: that whose parts take the fewest edits to become
 * names that exist.
 */
export function explainMisreading(text: string, names: TupleNames): Misreading {
  const words = text.split('-');
  const form = '<cpu>-<portage>-<buildhooks>-<packages>';
  if (words.length < tupleParts.length || words.length > mostWords)
    return { offset: 0, message: `${abbreviate(text)} is no tuple: it should be ${form}`, parts: {} };
  const known = namesByPart(names);
  const reading = nearestReading(words, known);
  const wrong: Omit<Misreading, 'parts'>[] = [];
  const parts: Partial<Record<TuplePart, string>> = {};
  let offset = 0;
  for (const [index, [part, called]] of tupleParts.entries()) {
    const name = reading[index] ?? '';
    const others = known[part];
    if (mayBe(name, others)) parts[part] = name;
    else wrong.push({ offset, message: missingName(`there is no ${called}`, name, others ?? []) });
    offset += name.length + 1;
  }
  const [first] = wrong;
  if (first) return { offset: first.offset, message: wrong.map(({ message }) => message).join('; and '), parts };
  const { packages = '', ...others } = parts;
  const { portage = '' } = parts;
  return {
    offset: offset - packages.length - 1,
    message: missingName(`the branch '${portage}' has no package set`, packages, names.packages(portage) ?? []),
    parts: others,
  };
}

/** That there is no such name (`lead` says of what), with the nearest one or with those that there are. */
export function missingName(lead: string, name: string, names: readonly string[]): string {
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  const others = names.length === 0 ? '; there is none at all' : `; there are: ${shown}`;
  return `${lead} ${abbreviate(name)}${didYouMean(name, names) || others}`;
}

/** The names of each part; those of sets whatever branch has them. */
export function namesByPart({
  cpu,
  portage,
  buildhooks,
  packages,
}: TupleNames): Readonly<Record<TuplePart, KnownNames>> {
  const sets = portage?.map((branch) => packages(branch));
  const areKnown = sets?.every((names) => names !== undefined) === true;
  return {
    cpu,
    portage,
    buildhooks,
    packages: areKnown ? [...new Set(sets.flatMap((names) => names ?? []))] : undefined,
  };
}

/** How the words are best shared out among the parts: for every number of words, the cheapest way that ends there. */
function nearestReading(words: readonly string[], known: Readonly<Record<TuplePart, KnownNames>>): readonly string[] {
  let best = new Map<number, { cost: number; texts: readonly string[] }>([[0, { cost: 0, texts: [] }]]);
  for (const [part] of tupleParts) {
    const next: typeof best = new Map();
    for (const [start, { cost, texts }] of best) {
      for (let end = start + 1; end <= words.length; end += 1) {
        const text = words.slice(start, end).join('-');
        const names = known[part] ?? [text];
        const total = cost + Math.min(text.length, ...names.map((name) => nameDistance(text, name)));
        if (total < (next.get(end)?.cost ?? Infinity)) next.set(end, { cost: total, texts: [...texts, text] });
      }
    }
    best = next;
  }
  return best.get(words.length)?.texts ?? [];
}
