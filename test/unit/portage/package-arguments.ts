import fc from 'fast-check';
import { anyString } from '../../support/any-string.ts';

/** Texts to try a parser of atoms with: well-formed atoms, near-misses made of them, and noise. */

const word = fc.string({ unit: fc.constantFrom(...'abzAZ019_'), minLength: 1, maxLength: 4 });
const numeral = fc.oneof(fc.nat(12).map(String), fc.constantFrom('0', '00', '01', '20240101', '9999'));

const version = fc
  .record({
    numbers: fc.array(numeral, { minLength: 1, maxLength: 3 }),
    letter: fc.constantFrom('', '', '', 'a', 'z'),
    suffixes: fc.array(fc.constantFrom('_alpha', '_beta2', '_pre', '_pre1', '_rc3', '_p', '_p20240101'), {
      maxLength: 2,
    }),
    revision: fc.constantFrom('', '', '', '-r0', '-r1', '-r12', '-r01'),
  })
  .map(({ numbers, letter, suffixes, revision }) => numbers.join('.') + letter + suffixes.join('') + revision);

const category = fc.oneof(fc.constantFrom('net-misc', 'dev-lang', 'virtual', 'x11-libs', 'cat.e_g+ory'), word);

/** Names that cannot be taken for a name and a version, and such as almost can. */
const packageName = fc.oneof(
  fc.constantFrom('curl', 'gtk+', 'font-adobe-100dpi', 'a-1xy', 'a-r1', 'libstdc++-v3', '0ad', '1', '_x', 'a-', 'a--b'),
  word.map((text) => `a${text}`),
);

const slot = fc.oneof(
  fc.constantFrom(':0', ':=', ':*', ':0=', ':0/1.2', ':0/1.2=', ':3.12', ':_a', ':stable/5+b-c='),
  word.map((text) => `:${text}`),
);
const repository = fc.oneof(
  fc.constantFrom('::gentoo', '::guru', '::_x-1'),
  word.map((text) => `::${text}`),
);

const flagNames = ['ssl', 'X', 'python_targets_python3-12', 'c++', 'a@b', '0'];
const useDependencies = fc
  .uniqueArray(fc.constantFrom(...flagNames), { minLength: 1, maxLength: 3 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) =>
        fc
          .tuple(
            fc.constantFrom(['', ''], ['-', ''], ['', '?'], ['!', '?'], ['', '='], ['!', '=']),
            fc.constantFrom('', '', '(+)', '(-)'),
          )
          .map(([[prefix, suffix], fallback]) => `${prefix}${name}${fallback}${suffix}`),
      ),
    ),
  )
  .map((dependencies) => `[${dependencies.join(',')}]`);

const optional = (part: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof(fc.constant(''), part);

const name = fc.tuple(optional(category.map((text) => `${text}/`)), packageName).map((parts) => parts.join(''));
const versionedName = fc.oneof(
  fc
    .tuple(fc.constantFrom('<', '<=', '=', '~', '>=', '>'), name, version)
    .map(([operator, text, suffix]) => `${operator}${text}-${suffix}`),
  fc.tuple(name, version).map(([text, suffix]) => `=${text}-${suffix}*`),
  fc.tuple(name, version, fc.nat(20)).map(([text, suffix, build]) => `=${text}-${suffix}-${build}`),
);

/** Atoms that a person might write, all of them valid. */
export const validAtom = fc
  .tuple(fc.oneof(name, versionedName), optional(slot), optional(repository), optional(useDependencies))
  .map((parts) => parts.join(''));

/** What the syntax is made of: an edit with one of these is likelier to hit a rule than one with any character. */
const fragment = fc.constantFrom(
  ...'aZ09_+-./:=~<>!*[](),?@ \n\t',
  ...['::', '[]', '(+)', '(-)', '-1', '-r1', '-1.0', '_p', '_rc1', '>=', '!!', 'ssl', ':0', 'é', '１', '\u0000'],
  ...['/a', 'a/', '.ebuild', '.tbz2', '../', './', ';', '$(', ',ssl', ',-ssl(+)', '-0', '-01'],
);

type Edit = (text: string) => string;
const edit: fc.Arbitrary<Edit> = fc
  .tuple(fc.nat(999), fc.nat(3), fc.constantFrom('insert', 'delete', 'replace'), fragment)
  .map(([position, length, kind, text]) => (original) => {
    const at = position % (original.length + 1);
    const rest = original.slice(kind === 'insert' ? at : at + 1 + length);
    return original.slice(0, at) + (kind === 'delete' ? '' : text) + rest;
  });

/** Valid atoms after one to three edits: most are invalid, by little. */
export const nearMiss = fc
  .tuple(validAtom, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([text, edits]) => edits.reduce((edited, change) => change(edited), text));

/** Names and versions strung together, for the rule where a name ends. */
export const hyphenated = fc
  .tuple(
    fc.constantFrom('', '=', '<', '~', '>=', '=c/', 'c/'),
    fc.array(fc.constantFrom('a', '1', '2', '0', '01', '1.0', 'r1', '1a', '1_p', 'b_p1', '', '+', '_'), {
      minLength: 1,
      maxLength: 5,
    }),
    fc.constantFrom('', '', '*', ':0'),
  )
  .map(([operator, tokens, tail]) => operator + tokens.join('-') + tail);

const dependency = fc
  .tuple(
    fc.constantFrom('', '-', '!'),
    fc.constantFrom('ssl', 'ssl', 'X'),
    fc.constantFrom('', '', '(+)', '(-)'),
    fc.constantFrom('', '', '?', '='),
  )
  .map((parts) => parts.join(''));

/** Well-formed parts that do not always go together: stars, build ids, slots, and USE dependencies on the same flag. */
export const combination = fc
  .tuple(
    fc.constantFrom('c/a', '=c/a-1', '=c/a-1-2', '~c/a-1-r2', '>=a-1_p', '=a-1-r1-02'),
    fc.constantFrom('', '', '*'),
    fc.constantFrom('', '', ':0', ':0*', ':*', ':=', ':0/1=', ':0/', ':/1', ':=*'),
    fc.constantFrom('', '', '::a', '::a-b', '::a.b', '::-a', '::'),
    fc.oneof(
      fc.constant(''),
      fc.array(dependency, { maxLength: 3 }).map((dependencies) => `[${dependencies.join(',')}]`),
    ),
  )
  .map((parts) => parts.join(''));

/** Anything at all, from the syntax's own characters to all of Unicode. */
export const noise = fc.oneof(
  fc.array(fragment, { maxLength: 8 }).map((parts) => parts.join('')),
  anyString({ maxLength: 12 }),
);

/** The mixture that the parser is compared with Portage's own on; more than a third of it is valid. */
export const packageArgument = fc.oneof(
  { weight: 5, arbitrary: validAtom },
  { weight: 4, arbitrary: nearMiss },
  { weight: 2, arbitrary: hyphenated },
  { weight: 2, arbitrary: combination },
  { weight: 1, arbitrary: noise },
);
