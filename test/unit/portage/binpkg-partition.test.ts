import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  binpkgPartition,
  parsePartitionVariables,
  partitionVariables,
  partitionVariablesCommand,
  type PartitionInput,
} from '../../../src/portage/binpkg-partition.ts';

const variables = new Map([
  ['CHOST', 'x86_64-pc-linux-gnu'],
  ['CFLAGS', '-O2 -pipe'],
  ['CPU_FLAGS_X86', 'avx2 sse4_2'],
]);
const base: PartitionInput = {
  variables,
  profile: '/var/db/repos/gentoo/profiles/default/linux/amd64/23.0',
  packageEnv: new Map(),
};
const withVariable = (name: string, value: string): PartitionInput => ({
  ...base,
  variables: new Map([...variables, [name, value]]),
});

test('the name of a partition', () => {
  expect(binpkgPartition(base)).toMatch(/^x86_64-pc-linux-gnu\/default-linux-amd64-23\.0\/[0-9a-f]{12}$/);
  expect(binpkgPartition(base)).toBe('x86_64-pc-linux-gnu/default-linux-amd64-23.0/f6766e7808cb');
});

describe('the same partition', () => {
  test.each<[string, PartitionInput]>([
    ['other white space', withVariable('CFLAGS', ' -O2 \n\t-pipe ')],
    ['a variable that is empty', withVariable('RUSTFLAGS', ' ')],
    ['a variable that does not matter', withVariable('USE', 'ssl')],
    ['CPU flags in another order', withVariable('CPU_FLAGS_X86', 'sse4_2  avx2')],
    [
      'a relative link to the profile',
      { ...base, profile: '../../var/db/repos/gentoo/profiles/default/linux/amd64/23.0' },
    ],
    ['files with comments only', { ...base, packageEnv: new Map([['package.env', '# nothing\n\n']]) }],
  ])('%s', (_name, input) => {
    expect(binpkgPartition(input)).toBe(binpkgPartition(base));
  });
});

describe('another partition', () => {
  test.each<[string, PartitionInput]>([
    ...partitionVariables.map((name): [string, PartitionInput] => [name, withVariable(name, 'other')]),
    ['flags in another order', withVariable('CFLAGS', '-pipe -O2')],
    ['another profile', { ...base, profile: '/var/db/repos/gentoo/profiles/default/linux/amd64/23.0/musl' }],
    ['package.env', { ...base, packageEnv: new Map([['package.env', 'sys-libs/zlib fast.conf']]) }],
    ['the same text in another file', { ...base, packageEnv: new Map([['env/x', 'sys-libs/zlib fast.conf']]) }],
  ])('%s', (_name, input) => {
    expect(binpkgPartition(input)).not.toBe(binpkgPartition(base));
  });

  test('files in another order are the same', () => {
    const files: [string, string][] = [
      ['env/a', 'CFLAGS="-O3"'],
      ['env/b', 'CFLAGS="-O1"'],
    ];
    const one = binpkgPartition({ ...base, packageEnv: new Map(files) });
    expect(binpkgPartition({ ...base, packageEnv: new Map(files.toReversed()) })).toBe(one);
  });
});

test('whatever the values are, three components that lead nowhere else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (chost, profile) => {
      const path = binpkgPartition({ ...base, variables: new Map([['CHOST', chost]]), profile });
      expect(path).toMatch(/^(?:[A-Za-z0-9_+][A-Za-z0-9_.+-]{0,99}\/){2}[0-9a-f]{12}$/);
    }),
    {
      examples: [
        ['../..', '..'],
        ['/', '/'],
        ['.', ''],
        ['-', 'x'.repeat(5000)],
      ],
    },
  );
});

describe('portageq', () => {
  test('one process for all of them', () => {
    expect(partitionVariablesCommand().slice(0, 4)).toEqual(['portageq', 'envvar', '-v', 'CHOST']);
  });

  test('what it prints, quoted by shlex.quote', () => {
    const output = `CHOST=x86_64-pc-linux-gnu\nCFLAGS='-O2  -DX="it'"'"'s"\n -pipe'\nLDFLAGS='-Wl,-O1 -Wl,--as-needed'\nRUSTFLAGS=''\n`;
    expect(Object.fromEntries(parsePartitionVariables(output))).toEqual({
      CHOST: 'x86_64-pc-linux-gnu',
      CFLAGS: '-O2  -DX="it\'s"\n -pipe',
      LDFLAGS: '-Wl,-O1 -Wl,--as-needed',
      RUSTFLAGS: '',
    });
  });

  test('what older ones print, and lines that are something else', () => {
    const output = '!!! a warning\nCFLAGS="-O2 -DX=\\"a\\\\b\\$c\\""\nnot an assignment\nELIBC="glibc"\n';
    expect(Object.fromEntries(parsePartitionVariables(output))).toEqual({ CFLAGS: '-O2 -DX="a\\b$c"', ELIBC: 'glibc' });
  });

  test('any value comes back', () => {
    const quote = (value: string) => `'${value.replaceAll("'", `'"'"'`)}'`;
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom(...`ab'"\\$ \n=`) })), (values) => {
        const output = values.map((value, index) => `V${index}=${quote(value)}\n`).join('');
        expect([...parsePartitionVariables(output).values()]).toEqual(values);
      }),
    );
  });
});
