import { emergeOptions, isValueOf, type EmergeOption } from './emerge-options.ts';

/** An option on a command line of emerge. */
export interface GivenOption {
  /** The long name. */
  readonly name: string;
  /** The value; undefined if none is given, which means yes. */
  readonly value: string | undefined;
}

/** An abbreviated option that may be several ones. emerge refuses it. */
export interface AmbiguousOption {
  readonly written: string;
  readonly names: readonly string[];
}

/** The options on a command line of emerge, in their order. */
export interface EmergeWords {
  readonly given: readonly GivenOption[];
  readonly ambiguous: readonly AmbiguousOption[];
}

/**
 * Finds the options in the words of emerge's command line as emerge does (`insert_optional_args` and `parse_opts` in
 * _emerge/main.py, with Python's argparse): abbreviations, values after `=` or in the next word, and bundles of short options.
 * Words that are not options, and options that only other versions of emerge know, are left out.
 */
export function readEmergeWords(words: readonly string[]): EmergeWords {
  const given: GivenOption[] = [];
  const ambiguous: AmbiguousOption[] = [];
  const rest = words.toReversed();
  const take = (option: EmergeOption): string | undefined =>
    isValueOf(option, rest.at(-1) ?? '-') ? rest.pop() : undefined;
  for (let word = rest.pop(); word !== undefined && word !== '--'; word = rest.pop()) {
    if (!/^--?[A-Za-z0-9]/.test(word)) continue;
    if (!word.startsWith('--')) {
      readBundle(word, { given, take });
      continue;
    }
    const written = word.replace(/=.*/s, '');
    const [option, ...others] = optionsNamed(written);
    if (option === undefined) continue;
    if (others.length > 0) ambiguous.push({ written, names: [option, ...others].map(({ name }) => name) });
    else if (word !== written) given.push({ name: option.name, value: word.slice(written.length + 1) });
    else given.push({ name: option.name, value: take(needingValue(option, written)) });
  }
  return { given, ambiguous };
}

/** The option of a name, or the options that it abbreviates. */
function optionsNamed(written: string): readonly EmergeOption[] {
  const exact = emergeOptions.find(({ name }) => name === written);
  return exact ? [exact] : emergeOptions.filter(({ name }) => name.startsWith(written));
}

/** Only an option that is written in full may be without its value: argparse, which knows abbreviations, always takes one. */
function needingValue(option: EmergeOption, written: string): EmergeOption {
  return option.value === 'none' || option.name === written ? option : { ...option, value: 'required' };
}

/** The short options that may be without their value, in the order in which emerge takes them out of a bundle. */
const bundled = Array.from('DjlaAbgGkKqvwW');

interface Reading {
  readonly given: GivenOption[];
  /** Takes the next word if it is the value of the option. */
  readonly take: (option: EmergeOption) => string | undefined;
}

/** Reads a word of short options, which may be a bundle: `-avp` is `--ask --verbose --pretend`. */
function readBundle(word: string, { given, take }: Reading): void {
  let letters = word.slice(1);
  for (;;) {
    const short = bundled.find((letter) => letters.includes(letter));
    const option = short === undefined ? undefined : optionOf(short);
    if (short === undefined || option === undefined) break;
    const rest = letters.startsWith(short) ? letters.slice(1) : letters.replaceAll(short, '');
    const isNumber = option.value !== 'y-or-n' && letters.startsWith(short) && isValueOf(option, rest);
    given.push({ name: option.name, value: isNumber ? rest : letters === short ? take(option) : undefined });
    letters = isNumber ? '' : rest;
  }
  for (const [at, letter] of Array.from(letters).entries()) {
    const option = optionOf(letter);
    if (option === undefined) return;
    const inWord = letters.slice(at + 1);
    if (option.value === 'none') given.push({ name: option.name, value: undefined });
    else given.push({ name: option.name, value: inWord === '' ? take(option) : inWord });
    if (option.value !== 'none') return;
  }
}

/** The option of a letter. Only the long --jobs may have y or n as its value. */
function optionOf(letter: string): EmergeOption | undefined {
  const option = emergeOptions.find(({ short }) => short === letter);
  return option?.value === 'count-or-y-or-n' ? { ...option, value: 'count' } : option;
}
