import { abbreviate } from '../abbreviate.ts';
import { didYouMean, editDistance } from './nearest-name.ts';
import type { TuplePart } from './site-document.ts';

/** The names that there are for the parts of a tuple. */
export interface TupleNames {
  readonly cpu: readonly string[];
  readonly portage: readonly string[];
  readonly buildhooks: readonly string[];
  /** The sets that a portage branch has, its own and the shared ones. */
  readonly packages: (portage: string) => readonly string[];
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
        names.packages(portage).includes(packages) ? [{ cpu, portage, buildhooks, packages }] : [],
      ),
    ),
  );
}

/** The names that a text begins with, each with what follows its hyphen. */
function prefixes(text: string, names: readonly string[]): readonly (readonly [name: string, rest: string])[] {
  return names.filter((name) => text.startsWith(`${name}-`)).map((name) => [name, text.slice(name.length + 1)]);
}

/** What is wrong with a text that has no reading: where in it, counted from 0, and why. */
export interface Misreading {
  readonly offset: number;
  readonly message: string;
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
    return { offset: 0, message: `${abbreviate(text)} is no tuple: it should be ${form}` };
  const known = namesByPart(names);
  const reading = nearestReading(words, known);
  const wrong: Misreading[] = [];
  let offset = 0;
  for (const [index, [part, called]] of tupleParts.entries()) {
    const name = reading[index] ?? '';
    if (!known[part].includes(name))
      wrong.push({ offset, message: missingName(`there is no ${called}`, name, known[part]) });
    offset += name.length + 1;
  }
  const [first] = wrong;
  if (first) return { offset: first.offset, message: wrong.map(({ message }) => message).join('; and ') };
  const [, portage = '', , packages = ''] = reading;
  return {
    offset: offset - packages.length - 1,
    message: missingName(`the branch '${portage}' has no package set`, packages, names.packages(portage)),
  };
}

/** That there is no such name (`lead` says of what), with the nearest one or with those that there are. */
export function missingName(lead: string, name: string, names: readonly string[]): string {
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  const others = names.length === 0 ? '; there is none at all' : `; there are: ${shown}`;
  return `${lead} ${abbreviate(name)}${didYouMean(name, names) || others}`;
}

/** The names of each part; those of sets whatever branch has them. */
export function namesByPart(names: TupleNames): Readonly<Record<TuplePart, readonly string[]>> {
  const packages = new Set(names.portage.flatMap((portage) => names.packages(portage)));
  return { cpu: names.cpu, portage: names.portage, buildhooks: names.buildhooks, packages: [...packages] };
}

/** How the words are best shared out among the parts: for every number of words, the cheapest way that ends there. */
function nearestReading(
  words: readonly string[],
  known: Readonly<Record<TuplePart, readonly string[]>>,
): readonly string[] {
  let best = new Map<number, { cost: number; texts: readonly string[] }>([[0, { cost: 0, texts: [] }]]);
  for (const [part] of tupleParts) {
    const next: typeof best = new Map();
    for (const [start, { cost, texts }] of best) {
      for (let end = start + 1; end <= words.length; end += 1) {
        const text = words.slice(start, end).join('-');
        const total = cost + Math.min(text.length, ...known[part].map((name) => editDistance(text, name)));
        if (total < (next.get(end)?.cost ?? Infinity)) next.set(end, { cost: total, texts: [...texts, text] });
      }
    }
    best = next;
  }
  return best.get(words.length)?.texts ?? [];
}
