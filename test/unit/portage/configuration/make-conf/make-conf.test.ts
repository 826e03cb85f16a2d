import { describe, expect, test } from 'vitest';
import { readMakeConf } from '../../../../../src/portage/configuration/make-conf.ts';

const path = '/etc/portage/make.conf';

function read(texts: readonly string[], sources: Readonly<Record<string, string>> = {}) {
  const files = texts.map((text) => ({ path, text }));
  const readSource = (name: string) => {
    const text = sources[name];
    return name.startsWith('/outside/') ? 'unknown' : text === undefined ? undefined : { text };
  };
  const { variables, faults, notes } = readMakeConf(files, { readSource });
  const show = ({ place, message }: (typeof faults)[number]) =>
    `${place.file.replace(path, '')}:${place.line}:${place.column}: ${message}`;
  const values = Object.fromEntries([...variables].map(([name, { value }]) => [name, value]));
  return { values, faults: faults.map(show), notes: notes.map(show), variables };
}

describe('the variables of a make.conf', () => {
  test.each<[string, Record<string, string>]>([
    ['A=1\nB_2=x\n_c=y', { A: '1', B_2: 'x', _c: 'y' }],
    ['  A = "1 2"\t# why\n\n\t B=\t\'3\'', { A: '1 2', B: '3' }],
    ['export  A=1\nexportB=2', { A: '1', exportB: '2' }],
    ['A="1"\'2\'3\\ 4', { A: '123 4' }],
    ['A="a \\"b\\" \\$c \\\\"', { A: 'a "b" $c \\' }],
    ['A="one \\\n two"', { A: 'one  two' }],
    ['A="one\n two"', { A: 'one  two' }],
    ['A="one\r\n two"\r\nB=2\rC=3', { A: 'one  two', B: '2', C: '3' }],
    ['A=1\nB="$A ${A} $A_ x${NONE}y"', { A: '1', B: '1 1  xy' }],
    ["A=1\nB='$A'\nC=\"'$A'\"", { A: '1', B: '1', C: "'$A'" }],
    ['A=$\nB=""\nC="x$"', { A: '$', B: '', C: 'x$' }],
    ['A=1# no comment', { A: '1' }],
    ['A=1 B=2', { A: '1', B: '2' }],
    ['A=\n"1"\nB = # why\n 2', { A: '1', B: '2' }],
    ['A="${ROOT}x${EPREFIX}"', { A: '/x' }],
    ['A="\\n\\`\\x"', { A: '\\n\\`\\x' }],
    ['é="x"', { é: 'x' }],
    ['', {}],
  ])('%j', (text, values) => {
    expect(read([text])).toMatchObject({ values, faults: [], notes: [] });
  });

  test('are overridden by later files, which see the values of earlier files', () => {
    expect(read(['A=1\nB=2', 'A="$A 3"']).values).toEqual({ A: '1 3', B: '2' });
  });

  test('have the position of the last assignment', () => {
    const { variables } = read(['A=1\n\n export A=2\nsource more\n'], { '/etc/portage/more': '\n  B=3' });
    expect(variables.get('A')?.place).toEqual({ file: path, line: 3, column: 9 });
    expect(variables.get('B')?.place).toEqual({ file: '/etc/portage/more', line: 2, column: 3 });
  });
});

describe('case 2.4: a value that Portage takes for empty', () => {
  test.each([
    ['MAKEOPTS="-j$(nproc)"', '$(nproc)'],
    ['MAKEOPTS="${JOBS:--j4} x"', '${JOBS:--j4}'],
    ['MAKEOPTS="a $ b"', '$'],
    ['MAKEOPTS="${}"', '${}'],
    ['MAKEOPTS="${A"', '${A'],
    [`MAKEOPTS="$(${'x'.repeat(50)})"`, `$(${'x'.repeat(37)}…`],
  ])('%s has a note', (text, words) => {
    expect(read([`A=1\n  ${text}\nB=2`])).toEqual({
      values: { A: '1', MAKEOPTS: '', B: '2' },
      faults: [],
      notes: [
        `:2:3: Portage runs no commands and knows only $NAME and \${NAME}: because of ${words}, MAKEOPTS is empty`,
      ],
      variables: expect.anything() as unknown,
    });
  });
});

describe('a line at which emerge fails', () => {
  const line = 'a line is NAME="value"';
  const empty = '= has no name before it: write NAME="" for an empty value, and values with = in quotes';

  test.each<[string, readonly string[], Record<string, string>]>([
    ['A=1\nFOO+="x"\nB=2', [':2:1: Portage does not know +=: write FOO="${FOO} ..."'], { A: '1', B: '2' }],
    ['A=1\n2B=2\nC=3', [":2:1: '2B' is not the name of a variable"], { A: '1', C: '3' }],
    ['A=1\n?\nB=2', [`:2:1: 'B' follows '?' instead of =: ${line}, and a value with spaces has quotes`], { A: '1' }],
    ['A=x y', [`:1:5: no = follows 'y': ${line}`], { A: 'x' }],
    ['A="1"\nUSE="foo bar\nB=2', [':2:5: the quotation mark " is not closed'], { A: '1' }],
    ["A='b", [":1:3: the quotation mark ' is not closed"], {}],
    ['A="b\\', [':1:3: the quotation mark " is not closed'], {}],
    [
      '\uFEFFA=1',
      [':1:1: a byte order mark (BOM) stands before the first name: save the file as UTF-8 without BOM'],
      {},
    ],
    ['A=\nB=2', [':1:1: A has no value: write A="" for an empty value'], { A: 'B' }],
    ['A=1\n B= # none\n\nC="2"', [':2:2: B has no value: write B="" for an empty value'], { A: '1', B: 'C' }],
    ['=2', [`:1:1: ${empty}`], {}],
    [
      'A=$(nproc)',
      [':1:4: Portage runs no commands and knows no lists: write a value in quotes instead of ('],
      { A: '$' },
    ],
    [
      'A=`nproc`',
      [':1:9: Portage runs no commands and knows no lists: write a value in quotes instead of `'],
      { A: '`' },
    ],
    ['f() { true; }', [':1:2: Portage runs no commands and knows no lists: write a value in quotes instead of ('], {}],
    ['A=b=c', [`:1:4: ${empty}`], { A: 'b' }],
    ['A=1\nB=', [':2:1: B has no value: write B="" for an empty value'], { A: '1' }],
    [
      '. /etc/b.conf',
      [`:1:1: '/etc/b.conf' follows '.' instead of =: ${line}, and a value with spaces has quotes`],
      {},
    ],
    ['source', [':1:1: source has no file name'], {}],
    ['source ""', [':1:1: source has no file name'], {}],
    ['A=1\nsource none\nB=2', [':2:1: it sources /etc/portage/none, and there is no such file'], { A: '1', B: '2' }],
    ['source loop', ['/etc/portage/loop:1:1: it sources /etc/portage/loop again and again'], {}],
    [`${'x'.repeat(50)}`, [`:1:1: no = follows '${'x'.repeat(39)}…': ${line}`], {}],
  ])('%j', (text, faults, values) => {
    expect(read([text], { '/etc/portage/loop': 'source loop\n' })).toMatchObject({ faults, values });
  });

  test('does not hide a fault of a later file', () => {
    expect(read(['A', 'B="x']).faults).toHaveLength(2);
  });
});

describe('a sourced file', () => {
  const sources = {
    '/etc/portage/more': 'A="$A 2"\nsource dir/last # why\n',
    '/etc/portage/dir/last': 'B=3',
    '/srv/x': 'source next',
    '/srv/next': 'C=4',
  };

  test.each<[string, Record<string, string>]>([
    ['A=1\nsource more\nC="$A"', { A: '1 2', B: '3', C: '1 2' }],
    ['D=/etc\nsource "${D}/portage/dir/last"', { D: '/etc', B: '3' }],
    ['source /etc/portage/dir/last', { B: '3' }],
    // As in Portage: the last line of /srv/x has no end, so that the file that it sources is not read.
    ['source /srv/x\nA=1', { A: '1' }],
    ['source /outside/x\nA=1', { A: '1' }],
  ])('%j', (text, values) => {
    expect(read([text], sources)).toMatchObject({ values, faults: [] });
  });
});

describe('case 3.6: few lines that expand to billions', () => {
  const tooLong = 'the file and the files that it sources have more than 2097152 characters';
  const tooLarge = 'the values have more than 33554432 characters when their variables are replaced';

  test('of a variable that doubles itself are a fault', () => {
    const doubled = 'A="$A$A"\n'.repeat(60);
    expect(read([`A="0123456789"\n${doubled}B=1\n`])).toMatchObject({ faults: [`:22:1: ${tooLarge}`] });
  });

  test('of one value that has a long variable many times are a fault', () => {
    expect(read([`A="${'x'.repeat(1_000_000)}"\nB="${'$A'.repeat(1000)}"\n`]).faults).toEqual([`:2:1: ${tooLarge}`]);
  });

  test('of a variable that grows with every line are a fault', () => {
    expect(read(['A="$A 0123456789"\n'.repeat(100_000)]).faults[0]).toMatch(tooLarge);
  });

  test('of files that source the next one twice are a fault', () => {
    const names = Array.from({ length: 31 }, (_, index) => `/etc/portage/f${index}`);
    const sources = Object.fromEntries(
      names.map((name, index) => [name, `source f${index + 1}\nsource f${index + 1}\nX=1\n`]),
    );
    const { faults } = read(['source f0\nX=1\n'], { ...sources, '/etc/portage/f31': 'Y=1\n' });
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^/etc/portage/f\\d+:\\d:1: ${tooLong}$`))]);
  });

  test('of a file of 60 MB are a fault', () => {
    expect(read([`#${'x'.repeat(60_000_000)}\n`]).faults).toEqual([`:1:1: ${tooLong}`]);
  });
});
