import { abbreviate } from '../../abbreviate.ts';
import { didYouMean, nameDistance } from '../../nearest-name.ts';
import type { TuplePart } from '../site-document.ts';

/** The existing names of one part; undefined if they are unknown, so that any name may exist. */
export type KnownNames = readonly string[] | undefined;

/** The existing names of each part of a tuple. */
export interface TupleNames {
  readonly cpu: KnownNames;
  readonly portage: KnownNames;
  readonly buildhooks: KnownNames;
  /** The sets of a portage branch: its own sets and the shared sets. */
  readonly packages: (portage: string) => KnownNames;
}

/** A way to split the name of a tuple into its parts. */
export type TupleReading = Readonly<Record<TuplePart, string>>;

/** The parts in the order of a tuple's name, with their names in messages. */
export const tupleParts: readonly (readonly [TuplePart, string])[] = [
  ['cpu', 'cpu'],
  ['portage', 'portage branch'],
  ['buildhooks', 'buildhooks branch'],
  ['packages', 'package set'],
];

/** All ways to read `<cpu>-<portage>-<buildhooks>-<packages>` with existing names, which may contain hyphens. */
export function readTupleName(text: string, names: TupleNames): readonly TupleReading[] {
  return prefixes(text, names.cpu).flatMap(([cpu, afterCpu]) =>
    prefixes(afterCpu, names.portage).flatMap(([portage, afterPortage]) =>
      prefixes(afterPortage, names.buildhooks).flatMap(([buildhooks, packages]) =>
        isPossibleName(packages, names.packages(portage)) ? [{ cpu, portage, buildhooks, packages }] : [],
      ),
    ),
  );
}

/** Whether a name exists, or may exist because the names are unknown. */
export function isPossibleName(name: string, names: KnownNames): boolean {
  return names?.includes(name) ?? name !== '';
}

/** The names that a text begins with, each with the rest after the hyphen. */
function prefixes(text: string, known: KnownNames): readonly (readonly [name: string, rest: string])[] {
  const words = text.split('-');
  const names = known ?? words.slice(0, mostWords).map((_, index) => words.slice(0, index + 1).join('-'));
  return names
    .filter((name) => name !== '' && text.startsWith(`${name}-`))
    .map((name) => [name, text.slice(name.length + 1)]);
}

/** The fault of a text that cannot be read as a tuple: its offset, from 0, and the reason. */
export interface UnreadableTuple {
  readonly offset: number;
  readonly message: string;
  /** The parts of the nearest reading that exist. */
  readonly parts: Partial<TupleReading>;
}

/** The limit of words in a name: more words have too many readings to compare. */
const mostWords = 20;

/**
 * Explains why a text cannot be read as a tuple. The explanation uses the nearest reading: the one whose parts have the
 * smallest edit distance to existing names.
 */
export function explainUnreadableTuple(text: string, names: TupleNames): UnreadableTuple {
  const words = text.split('-');
  const form = '<cpu>-<portage>-<buildhooks>-<packages>';
  if (words.length < tupleParts.length || words.length > mostWords)
    return { offset: 0, message: `${abbreviate(text)} is not a tuple: it must be ${form}`, parts: {} };
  const known = namesByPart(names);
  const reading = nearestReading(words, known);
  const wrong: Omit<UnreadableTuple, 'parts'>[] = [];
  const parts: Partial<Record<TuplePart, string>> = {};
  let offset = 0;
  for (const [index, [part, called]] of tupleParts.entries()) {
    const name = reading[index] ?? '';
    const others = known[part];
    if (isPossibleName(name, others)) parts[part] = name;
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

/** A message that a name does not exist, with the nearest existing name or a list of them. `lead` is its beginning. */
export function missingName(lead: string, name: string, names: readonly string[]): string {
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  const others = names.length === 0 ? '; there are none' : `; there are: ${shown}`;
  return `${lead} ${abbreviate(name)}${didYouMean(name, names) || others}`;
}

/** The existing names of each part; the sets of all branches are together. */
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

/** Splits words into parts with the smallest total edit distance, by dynamic programming over the number of words. */
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
