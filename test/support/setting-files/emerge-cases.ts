import fc from 'fast-check';
import { emergeOptions, isValueOf, type EmergeOption } from '../../../src/portage/emerge-options.ts';
import { readEmergeWords } from '../../../src/portage/emerge-words.ts';
import { splitShellWords } from '../../../src/portage/shell-words.ts';

/** Words that some option takes for its value. */
const candidates = ['y', 'n', '4', '0.5', 'rdeps', 'text'] as const;

/** Our options of emerge, as the program in the ministage prints emerge's own. */
export function ourEmergeOptions() {
  const described = emergeOptions.map((option) => ({
    name: option.name,
    short: option.short ?? null,
    values:
      option.value === 'none' || option.value === 'required'
        ? option.value
        : candidates.filter((word) => isValueOf(option, word)),
  }));
  return described.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

const special: Readonly<Record<string, string>> = {
  ...{ '--merge-wait-scope': 'deep', '--reinstall': 'changed-use', '--sync-submodule': 'glsa' },
  ...{ '--root-deps': 'rdeps', '--circular-deps-report': 'json', '--deep': '2', '--jobs-tmpdir-require-free-gb': '3' },
  '--load-average': '1.5',
};

const anOption = fc.constantFrom(...emergeOptions);
const valueFor = ({ name }: EmergeOption) =>
  special[name] === undefined ? fc.constantFrom('y', 'n') : fc.constant(special[name]);
const ofAnyKind = anOption.chain((option) => fc.tuple(fc.constant(option), valueFor(option)));

const full = ofAnyKind.map(([{ name, value }, given]) => (value === 'required' ? `${name} ${given}` : name));
const inNextWord = ofAnyKind.map(([{ name, value }, given]) => (value === 'none' ? name : `${name} ${given}`));
const afterEquals = ofAnyKind.map(([{ name, value }, given]) => (value === 'none' ? name : `${name}=${given}`));
const abbreviated = fc
  .tuple(ofAnyKind, fc.nat({ max: 12 }), fc.constantFrom(' ', '='))
  .map(([[{ name, value }, given], shorter, between]) => {
    const written = name.slice(0, Math.max(4, name.length - shorter));
    return value === 'none' ? written : `${written}${between}${given}`;
  });
const bundle = fc
  .tuple(
    fc.array(fc.constantFrom(...'1BdefFnNoOprStuUavkbgqwWAKGDj'), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('', '', ' y', ' n', ' 4', '4', 'l2.5', 'Xa/b', 'X a/b'),
  )
  .map(([letters, end]) => `-${letters.join('')}${end}`);
const quoted = fc
  .tuple(fc.constantFrom('"', "'", '\\'), fc.constantFrom('--pretend', '--exclude=a b', '-pv', '--ask', 'x\\y', '$x'))
  .map(([quote, word]) => (quote === '\\' ? `${quote}${word.replaceAll(' ', '\\ ')}` : `${quote}${word}${quote}`));

const lines = (word: fc.Arbitrary<string>) =>
  fc
    .array(fc.array(fc.oneof(word, word, fc.constantFrom('a/b', '@world')), { minLength: 1, maxLength: 4 }), {
      minLength: 20,
      maxLength: 20,
    })
    .map((made) => ({ options: made.map((words) => words.join(' ')).join('\n') }));

/** The constructs of the words of emerge's command line; one line of a file for each command. */
export const emergeConstructs = {
  'full names': lines(full),
  'values in the next word': lines(inNextWord),
  'values after =': lines(afterEquals),
  abbreviations: lines(abbreviated),
  bundles: lines(bundle),
  quotes: lines(quoted),
  all: lines(fc.oneof(full, inNextWord, afterEquals, abbreviated, bundle, quoted)),
};

const sameDestination: Readonly<Record<string, string>> = { '--cols': '--columns', '--skip-first': '--skipfirst' };

/** The options of a line with their last values, in the order of their names; undefined if emerge fails. */
export function readEmergeLine(line: string): readonly (readonly [string, string])[] | undefined {
  const split = splitShellWords(line);
  if ('fault' in split) return undefined;
  const { given, ambiguous } = readEmergeWords(split.words);
  if (ambiguous.length > 0) return undefined;
  const last = new Map(given.map(({ name, value }) => [sameDestination[name] ?? name, value ?? 'True']));
  // This option alone has a default, so that Portage's parser does not tell whether it was given.
  last.delete('--regex-search-auto');
  return [...last].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
