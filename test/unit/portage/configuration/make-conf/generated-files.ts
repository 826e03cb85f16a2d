import fc from 'fast-check';

/** A file of an /etc/portage: its text, its bytes, or the target of a symbolic link. */
export type ConfigurationFile = string | { readonly base64: string } | { readonly link: string };

/** The files of an /etc/portage by their paths. */
export type ConfigurationFiles = Readonly<Record<string, ConfigurationFile>>;

/** A generated /etc/portage, and the construct that it has for certain. */
export interface GeneratedConfiguration {
  readonly construct: string;
  readonly files: ConfigurationFiles;
}

const name = fc.constantFrom('A', 'B', 'CFLAGS', 'USE', 'FEATURES', '_x', '__local', 'KNOWN', 'é');
const word = fc.constantFrom('x', '-O2', 'a/b', 'x:y', '~amd64', '*', '-j4', '%', '{a}', '@FREE', 'http://x/y?z', '5');
const plain = fc.array(word, { maxLength: 4 }).map((words) => words.join(' '));
const variable = fc.oneof(
  name.map((other) => `\${${other}}`),
  name.map((other) => `$${other}`),
  fc.constantFrom('$NONE', '${NONE}', '$A$B', '${A}${A}', 'x$A_y', '$5', '${5}'),
);
/** Characters of which each means something to one of the two readers of a value. */
const anything = fc
  .array(
    fc.constantFrom('"', "'", '\\', '$', '{', '}', 'A', ' ', '\n', '#', '=', '(', '`', '\t', 'é', '\u00a0', '+', '%'),
    {
      maxLength: 8,
    },
  )
  .map((characters) => characters.join(''));
const escape = fc.constantFrom('\\"', '\\\\', '\\$', '\\n', "\\'", '\\\\$A', '\\\\"', '\\\\\\$A', '\\`', '\\ ', '\\#');
const assigned = (value: fc.Arbitrary<string>) =>
  fc
    .tuple(name, fc.constantFrom('=', '=', '=', ' = ', '\t=', '= '), value)
    .map(([variableName, equals, text]) => `${variableName}${equals}${text}`);
const quoted = (...parts: readonly fc.Arbitrary<string>[]) =>
  fc.array(fc.oneof(plain, ...parts), { minLength: 1, maxLength: 4 }).map((texts) => `"${texts.join(' ')}"`);
const certain = (part: fc.Arbitrary<string>) => fc.tuple(plain, part, plain).map((texts) => `"${texts.join(' ')}"`);

/** A line that Portage accepts. */
const line = fc.oneof(
  { weight: 4, arbitrary: assigned(quoted(variable)) },
  assigned(word),
  assigned(plain.map((text) => `'${text}'`)),
  plain.map((text) => `# ${text}`),
  fc.constant(''),
);

/** One line or several lines with a construct. */
const constructs: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'a comment': fc.oneof(
    anything.map((text) => `#${text.replaceAll('\n', '')}`),
    assigned(word).map((text) => `${text}# why`),
    assigned(word).map((text) => `${text} # "why`),
    fc.constant('A= # nothing\nB=1'),
  ),
  'a value of several lines': assigned(
    certain(fc.constantFrom('\n', '\\\n', '\n\n\t', '\\\n  x', ' \\\n\n#no comment\n')),
  ),
  'a continued bare value': assigned(fc.constantFrom('x\\\ny', '\\\nx', 'x\\ y', '\\"x\\"', 'x\\')),
  'a variable': assigned(certain(variable)),
  'a variable in single quotes': assigned(variable.map((text) => `'${text}'`)),
  'a command': assigned(certain(fc.constantFrom('$(nproc)', '-j$(nproc)', '`nproc`', '$((1+1))', '$(cat "x")'))),
  'another expansion': assigned(
    certain(fc.constantFrom('${A:-x}', '${', '${}', '$ ', '$-', '${A-', '$', '${A', '${#A}')),
  ),
  'an addition': assigned(word).map((text) => text.replace(/[ \t]*=/, '+=')),
  'quotes in quotes': assigned(
    fc.constantFrom(
      `"a 'b' c"`,
      `'a "b" c'`,
      `"a \\"b\\" c"`,
      `"a"'b'"c"`,
      `"'$A'"`,
      `"'$A \\$A"`,
      `"\\"'$A'\\""`,
      `x"y"z`,
    ),
  ),
  'an escape': assigned(certain(escape)),
  'an unclosed quote': assigned(plain.map((text) => `"${text}`)),
  'an unclosed single quote': assigned(plain.map((text) => `'${text}`)),
  'no value': fc.oneof(assigned(fc.constant('')), assigned(fc.constant('""')), assigned(fc.constant("''"))),
  'an export': assigned(word).map((text) => `export ${text}`),
  'a word that is no assignment': fc.constantFrom(
    'A',
    'A B',
    'if true; then',
    '. file',
    'A=x y',
    'export',
    'A "=" x',
    '2A=x',
  ),
  'a bare special character': assigned(fc.constantFrom('x=y', '<x', '[x]', 'x|y', '(x)', 'é', 'xé', '>=', 'x^y', '!x')),
  'any characters': assigned(anything.map((text) => `"${text}`).map((text) => `${text}"`)),
  'any bare characters': assigned(anything),
};

const text = (part: fc.Arbitrary<string>) =>
  fc
    .tuple(fc.array(line, { maxLength: 4 }), part, fc.array(line, { maxLength: 4 }), fc.constantFrom('\n', '\n', ''))
    .map(([before, middle, after, end]) => `${[...before, middle, ...after].join('\n')}${end}`);

const sourced = fc.constantFrom<ConfigurationFiles>(
  { 'make.conf': 'A=1\nsource more\nB="$A"\n', more: 'A="${A} 2"\nC=3' },
  { 'make.conf': 'source /etc/portage/dir/more', 'dir/more': 'A=1\nsource ../last\n', last: 'B="$A"\n' },
  { 'make.conf': 'DIR=/etc/portage\nsource "${DIR}/more"\n', more: 'A="$DIR"\n' },
  {
    'make.conf': 'source more.link\n',
    'more.link': { link: 'dir/more' },
    'dir/more': 'A=1\nsource other\n',
    other: 'B=2\n',
  },
  { 'make.conf': 'A=1\nsource none\nB=2\n' },
  { 'make.conf': 'source more\nA=1\n', more: 'source last', last: 'B=1\n' },
  { 'make.conf': 'A=source more\nB=2\n', more: '"3"\n' },
  { 'make.conf': 'source ""\n' },
  { 'make.conf': 'A=1\nsource more # why\nB=2\n', more: 'C="open\n' },
);
const directory = fc.constantFrom<ConfigurationFiles>(
  { 'make.conf/20-b': 'A="$A b"\n', 'make.conf/10-a': 'A="a"\n' },
  { 'make.conf/sub/x': 'A=1\n', 'make.conf/sub.conf': 'B="$A"\n', 'make.conf/a/b/c': 'A=2\n' },
  { 'make.conf/x': 'A=1\nsource y.inc\n', 'make.conf/y.inc': 'A="$A 2"\n' },
  { 'make.conf/Z': 'A=Z\n', 'make.conf/a': 'A="${A}a"\n', 'make.conf/é': 'A="${A}e"\n' },
);
const hidden = fc.constantFrom<ConfigurationFiles>(
  { 'make.conf/.x.swp': 'A=1\n', 'make.conf/x~': 'A=2\n', 'make.conf/x': 'B=3\n', 'make.conf/#x#': 'C=4\n' },
  { 'make.conf/._cfg0000_x': 'A=1\n', 'make.conf/x': 'B=1\n', 'make.conf/.git/x': 'A=1\n', 'make.conf/CVS/x': 'A=1\n' },
  { 'make.conf/x.bak': 'A=1\n', 'make.conf/x': 'A=2\n', 'make.conf/d~/x': 'A=3\n', 'make.conf/.d/x': 'A=4\n' },
  { 'make.conf/CVS': 'A=1\n', 'make.conf/RCS/x': 'A=2\n' },
);
const linked = fc.constantFrom<ConfigurationFiles>(
  {
    'make.conf': { link: 'hosts/desk' },
    'hosts/desk': 'A=1\nsource common\n',
    common: 'B=2\n',
    'hosts/common': 'B=3\n',
  },
  { 'make.conf': { link: 'conf.d' }, 'conf.d/a': 'A=1\n', 'conf.d/b': { link: '../other' }, other: 'A="$A 2"\n' },
  { 'make.conf/a': { link: '/etc/portage/other' }, 'make.conf/b': { link: 'none' }, other: 'A=1\n' },
  { 'make.conf/a': { link: '../dir' }, 'dir/x': 'A=1\n', 'dir/.y': 'A=2\n' },
);

/** Returns an arbitrary of configurations that have one construct for certain, by the name of the construct. */
export const configurations: Readonly<Record<string, fc.Arbitrary<ConfigurationFiles>>> = {
  ...Object.fromEntries(
    Object.entries(constructs).map(([construct, part]) => [
      construct,
      text(part).map((made) => ({ 'make.conf': made })),
    ]),
  ),
  'CR LF': text(line).map((made) => ({ 'make.conf': made.replaceAll('\n', '\r\n') })),
  'a BOM': text(line).map((made) => ({ 'make.conf': `\uFEFF${made}` })),
  'a source': sourced,
  'a directory': directory,
  'hidden and backup files': hidden,
  links: linked,
};

/** Generates `count` configurations in which each construct is equally frequent; equal seeds generate equal ones. */
export function generateConfigurations(count: number, seed: number): readonly GeneratedConfiguration[] {
  const all = Object.entries(configurations);
  const each = Math.ceil(count / all.length);
  return all.flatMap(([construct, files]) =>
    fc.sample(files, { seed, numRuns: each }).map((made) => ({ construct, files: made })),
  );
}
