import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { Failures } from '../../../src/failure.ts';
import { Diagnostics } from '../../../src/site/diagnostics.ts';
import { readSiteDocument } from '../../../src/site/site-document.ts';
import schema from '../../../src/site/site.schema.json' with { type: 'json' };
import { anyString } from '../../support/any-string.ts';

/** What is wrong with a site.yaml, a line each; empty if nothing is. */
function diagnosticsOf(text: string): readonly string[] {
  const diagnostics = new Diagnostics();
  const document = readSiteDocument(text, 'site.yaml', diagnostics);
  try {
    diagnostics.throwIfAny();
  } catch (error) {
    if (error instanceof Failures) return error.all.map(({ message }) => message);
    throw error;
  }
  expect(document).toBeDefined();
  return [];
}

const valid = `name: home
cpus:
  x86-64-v3:
    CHOST: x86_64-pc-linux-gnu
    CFLAGS: -O2 -march=x86-64-v3 -frecord-gcc-switches
    CPU_FLAGS_X86: aes avx sse4_1
stages:
  stage3: { image: gentoo/stage3:latest, optimize: system, branches: [server] }
outputs: [image]
volumes:
  binpkgs: /srv/binpkgs
  distfiles: distfiles
  trees: { gentoo: tree }
limits:
  memory: 8G
  cpus: 2.5
  big-packages: [www-client/firefox, '>=dev-qt/qtwebengine-6']
tuples:
  - { cpu: x86-64-v3, portage: server, buildhooks: plain, packages: tools, cross: true, outputs: [archive] }
`;

describe('site.yaml', () => {
  it('may use names that objects of JavaScript have already', () => {
    const { cpus, stages } = readSiteDocument(
      valid.replaceAll('x86-64-v3', 'constructor').replaceAll('stage3:', 'prototype:'),
      'site.yaml',
      new Diagnostics(),
    );
    expect([...cpus, ...stages].map(({ name }) => name)).toEqual(['constructor', 'prototype']);
  });

  it('is parsed into a SiteDocument', () => {
    const document = readSiteDocument(valid, 'site.yaml', new Diagnostics());
    expect(document).toMatchObject({
      name: 'home',
      cpus: [
        {
          name: 'x86-64-v3',
          chost: 'x86_64-pc-linux-gnu',
          cflags: '-O2 -march=x86-64-v3 -frecord-gcc-switches',
          cpuFlags: [{ variable: 'CPU_FLAGS_X86', flags: 'aes avx sse4_1' }],
        },
      ],
      stages: [{ name: 'stage3', image: 'gentoo/stage3:latest', optimize: 'system', branches: ['server'] }],
      outputs: ['image'],
      volumes: { binpkgs: '/srv/binpkgs', distfiles: 'distfiles', trees: [{ repository: 'gentoo', source: 'tree' }] },
      limits: { memory: 8 * 1024 ** 3, cpus: 2.5, bigPackages: ['www-client/firefox', '>=dev-qt/qtwebengine-6'] },
      tmpfs: 'auto',
      ccache: false,
      engines: [],
      swarm: undefined,
      tuples: [{ cross: true, outputs: ['archive'], parts: { cpu: 'x86-64-v3', packages: 'tools' } }],
    });
  });

  it('requires only name, cpus and stages', () => {
    const text = 'name: a\ncpus: {b: {CHOST: i686-pc-linux-gnu, CFLAGS: -O2}}\nstages: {c: {image: d}}\n';
    const document = readSiteDocument(text, 'site.yaml', new Diagnostics());
    expect(document).toMatchObject({
      stages: [{ optimize: 'none', branches: undefined }],
      outputs: ['image'],
      volumes: { binpkgs: undefined, distfiles: undefined, trees: [] },
      limits: { memory: undefined, cpus: undefined, bigPackages: [] },
      tuples: [],
    });
  });

  it.each([
    ['auto', 'auto'],
    ['off', 'off'],
    ['4G', 4 * 1024 ** 3],
    ['"512M"', 512 * 1024 ** 2],
  ])('says where packages are built: tmpfs: %s', (said, tmpfs) => {
    const document = readSiteDocument(`${valid}tmpfs: ${said}\n`, 'site.yaml', new Diagnostics());
    expect(document).toMatchObject({ tmpfs });
  });

  it('can use anchors', () => {
    const text = valid
      .replace('outputs: [image]', 'outputs: &both [image, archive]')
      .replace('outputs: [archive]', 'outputs: *both');
    expect(readSiteDocument(text, 'site.yaml', new Diagnostics())?.tuples[0]?.outputs).toEqual(['image', 'archive']);
  });
});

/** A change to the valid text, and all that is then wrong. */
const bad: readonly (readonly [string, (text: string) => string, readonly string[]])[] = [
  ['an empty file', () => '', ['site.yaml:1:1: site.yaml is empty; it must be a map (key: value)']],
  ['a list', () => '- a\n', ['site.yaml:1:1: site.yaml must be a map (key: value), not a list']],
  ['nothing but a key', () => 'name: a\n', ['site.yaml:1:1: site.yaml has no cpus, no stages']],
  [
    'a syntax error',
    (text) => text.replace('outputs: [image]', 'outputs: [image'),
    ['site.yaml:10:1: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ],
  [
    'two documents',
    (text) => `${text}---\nname: b\n`,
    ['site.yaml:20:1: Source contains multiple documents; please use YAML.parseAllDocuments()'],
  ],
  ['a key twice', (text) => `${text}name: other\n`, ['site.yaml:20:1: Map keys must be unique']],
  [
    'a number and a text as the same key',
    (text) =>
      text.replace(
        'cpus:\n',
        'cpus:\n  386: {CHOST: i386-pc-linux-gnu, CFLAGS: -O2}\n  "386": {CHOST: i386-pc-linux-gnu, CFLAGS: -O2}\n',
      ),
    ['site.yaml:4:3: Map keys must be unique'],
  ],
  [
    'an unknown tag',
    (text) => text.replace('name: home', 'name: !site home'),
    ['site.yaml:1:7: Unresolved tag: !site'],
  ],
  [
    'an anchor that is not there',
    (text) => text.replace('[image]', '*both'),
    ['site.yaml:9:10: there is no anchor &both before this alias'],
  ],
  [
    'a misspelt key',
    (text) => text.replace('limits:', 'limit:'),
    ["site.yaml:14:1: there is no key 'limit' in site.yaml; did you mean 'limits'?"],
  ],
  [
    'a misspelt key further down',
    (text) => text.replace('CHOST:', 'CHOTS:'),
    [
      "site.yaml:4:5: there is no key 'CHOTS' in cpus.x86-64-v3; did you mean 'CHOST'?",
      'site.yaml:4:5: cpus.x86-64-v3 has no CHOST',
    ],
  ],
  [
    'a key that is like none',
    (text) => text.replace('binpkgs:', 'zebra:'),
    ["site.yaml:11:3: there is no key 'zebra' in volumes; there are binpkgs, distfiles, trees"],
  ],
  [
    'a merge key',
    (text) => `${text}<<: {}\n`,
    [
      "site.yaml:20:1: there is no key '<<' in site.yaml; there are name, id, cpus, stages, outputs, volumes, limits, tmpfs, ccache, engines, swarm, tuples",
    ],
  ],
  [
    'a number for a text',
    (text) => text.replace('name: home', 'name: 12'),
    ['site.yaml:1:7: name must be a text, not 12: put it in quotes'],
  ],
  [
    'a text for a number',
    (text) => text.replace('2.5', 'two'),
    ["site.yaml:16:9: limits.cpus must be a number, not the text 'two'"],
  ],
  [
    'no number at all',
    (text) => text.replace('2.5', '.inf'),
    ['site.yaml:16:9: limits.cpus must be a number, not Infinity'],
  ],
  ['too small a number', (text) => text.replace('2.5', '0'), ['site.yaml:16:9: limits.cpus must be more than 0']],
  ['too large a number', (text) => text.replace('2.5', '1e9'), ['site.yaml:16:9: limits.cpus must be at most 4096']],
  [
    'a text for a list',
    (text) => text.replace('[image]', 'image'),
    ["site.yaml:9:10: outputs must be a list (- value), not the text 'image'"],
  ],
  [
    'a text for a map',
    (text) => text.replace('{ gentoo: tree }', 'tree'),
    ["site.yaml:13:10: volumes.trees must be a map (key: value), not the text 'tree'"],
  ],
  [
    'yes for true',
    (text) => text.replace('cross: true', 'cross: yes'),
    ["site.yaml:19:83: tuples[1].cross must be true or false, not the text 'yes'"],
  ],
  [
    'nothing for a map',
    (text) => text.replace(/limits:\n(?: .*\n)+/, 'limits:\n'),
    ['site.yaml:14:1: limits is empty; it must be a map (key: value)'],
  ],
  ['an empty list', (text) => text.replace('[image]', '[]'), ['site.yaml:9:10: outputs is empty']],
  ['an empty map', (text) => text.replace(/stages:\n.*\n/, 'stages: {}\n'), ['site.yaml:7:9: stages is empty']],
  [
    'an output that there is not',
    (text) => text.replace('[image]', '[imgae]'),
    ["site.yaml:9:11: outputs[1] must be one of image, archive, not 'imgae'; did you mean 'image'?"],
  ],
  [
    'an output twice',
    (text) => text.replace('[image]', '[image, image]'),
    ["site.yaml:9:18: 'image' is in outputs twice"],
  ],
  [
    'how to optimize misspelt',
    (text) => text.replace('optimize: system', 'optimize: sistem'),
    [
      "site.yaml:8:52: stages.stage3.optimize must be one of none, toolchain, system, not 'sistem'; did you mean 'system'?",
    ],
  ],
  [
    'capital letters in the name',
    (text) => text.replace('home', 'Home'),
    [
      "site.yaml:1:7: name is not a name that an image may have: small letters and digits, with . _ - between them: 'Home'",
    ],
  ],
  [
    'a name that leads elsewhere',
    (text) => text.replace('home', '../home'),
    [expect.stringMatching(/^site\.yaml:1:7: name is not a name/)],
  ],
  [
    'a cpu with an odd name',
    (text) => text.replace('x86-64-v3:', 'X86:'),
    [expect.stringMatching(/^site\.yaml:3:3: the name 'X86' is not a name that an image may have/)],
  ],
  [
    'a CHOST that is none',
    (text) => text.replace('x86_64-pc-linux-gnu', 'x86'),
    ["site.yaml:4:12: cpus.x86-64-v3.CHOST is not a CHOST such as x86_64-pc-linux-gnu: 'x86'"],
  ],
  [
    'flags with a quote',
    (text) => text.replace('-frecord', '"; rm'),
    [
      expect.stringMatching(
        /^site\.yaml:5:13: cpus\.x86-64-v3\.CFLAGS is not compiler flags on one line, without quotes/,
      ),
    ],
  ],
  [
    'flags on two lines',
    (text) => text.replace('CFLAGS: -O2', 'CFLAGS: "-O2\\n').replace('gcc-switches', 'gcc-switches"'),
    [expect.stringMatching(/^site\.yaml:5:13: .*CFLAGS is not compiler flags on one line/)],
  ],
  [
    'CPU flags with a comma',
    (text) => text.replace('aes avx', 'aes,avx'),
    [expect.stringMatching(/^site\.yaml:6:20: .*CPU_FLAGS_X86 is not CPU flags with a space between them/)],
  ],
  [
    'an image that is none',
    (text) => text.replace('gentoo/stage3:latest', 'Gentoo/Stage3'),
    [expect.stringMatching(/^site\.yaml:8:20: stages\.stage3\.image is not the name of an image/)],
  ],
  [
    'a relative path',
    (text) => text.replace('/srv/binpkgs', './binpkgs'),
    [expect.stringMatching(/^site\.yaml:11:12: volumes\.binpkgs is not the name of a volume or an absolute path/)],
  ],
  [
    'memory without a unit',
    (text) => text.replace('8G', '"8"'),
    ["site.yaml:15:11: limits.memory is not a size such as 500M or 8G: '8'"],
  ],
  [
    'a tmpfs of no size',
    (text) => `${text}tmpfs: 0G\n`,
    ["site.yaml:20:8: tmpfs is not auto, off or a size such as 500M or 8G: '0G'"],
  ],
  [
    'a tmpfs that is on',
    (text) => `${text}tmpfs: true\n`,
    ['site.yaml:20:8: tmpfs must be a text, not true: put it in quotes'],
  ],
  [
    'a package without a category',
    (text) => text.replace('www-client/firefox', 'firefox'),
    ["site.yaml:17:18: limits.big-packages[1] is not an atom with its category, such as www-client/firefox: 'firefox'"],
  ],
  [
    'a package that is none',
    (text) => text.replace('>=dev-qt/qtwebengine-6', '>=dev-qt/qtwebengine'),
    ["site.yaml:17:38: '>=dev-qt/qtwebengine': >= needs a version, like >=net-misc/curl-8.1.0"],
  ],
  [
    'a tuple without packages',
    (text) => text.replace(', packages: tools', ''),
    ['site.yaml:19:5: tuples[1] has no packages'],
  ],
  ['a map as a key', (text) => `${text}? {a: b}\n: c\n`, ['site.yaml:20:3: With stringKeys, all keys must be strings']],
  [
    'several things at once',
    (text) => text.replace('home', '12').replace('8G', 'much').replace('outputs:', 'output:'),
    [
      'site.yaml:1:7: name must be a text, not 12: put it in quotes',
      "site.yaml:9:1: there is no key 'output' in site.yaml; did you mean 'outputs'?",
      "site.yaml:15:11: limits.memory is not a size such as 500M or 8G: 'much'",
    ],
  ],
];

describe('a fault of site.yaml is reported with its position', () => {
  it.each(bad)('%s', (_name, change, expected) => {
    expect(diagnosticsOf(change(valid))).toEqual(expected);
  });

  it('anchors that expand without end', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(10)}]`,
    );
    const found = diagnosticsOf(`a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${levels.join('\n')}\n`);
    expect(found[0]).toBe('site.yaml:6:10: the alias *a4 expands to more than 50000 values');
  });

  it('an anchor that contains itself', () => {
    expect(diagnosticsOf('name: &a [x, *a]\n')).toEqual([
      'site.yaml:1:14: the alias *a contains itself: it would expand without end',
    ]);
  });

  it('too deep nesting', () => {
    const found = diagnosticsOf('['.repeat(100_000));
    expect(found).toEqual([expect.stringMatching(/^site\.yaml:1:\d+: it is nested too deeply$/)]);
  });
});

describe('any site.yaml gives a site or diagnostics', () => {
  it('any text', () => {
    const token = fc.constantFrom(
      'name: ',
      'cpus:',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '!!str ',
      '? ',
      '"',
      "'",
      '|\n',
      '<<: ',
      '#',
      'x',
      '1',
      ': ',
      '---\n',
      '%YAML 1.1\n',
      '\t',
      '\u0000',
      '__proto__: ',
    );
    fc.assert(
      fc.property(fc.oneof(anyString(), fc.string({ unit: token, maxLength: 30 })), (text) => {
        diagnosticsOf(text);
      }),
      { numRuns: 375 },
    );
  });

  it('any change to a valid site.yaml', () => {
    fc.assert(
      fc.property(
        fc.nat(valid.length),
        fc.nat(12),
        fc.string({ unit: 'grapheme', maxLength: 6 }),
        (start, length, text) => {
          diagnosticsOf(valid.slice(0, start) + text + valid.slice(start + length));
        },
      ),
      { numRuns: 375 },
    );
  });
});

describe('the schema for editors', () => {
  const validate = new Ajv({ strict: true, keywords: ['patternErrorMessage'] }).compile(schema);

  it('accepts the example', () => {
    expect(diagnosticsOf(valid)).toEqual([]);
    expect(
      validate({
        name: 'a',
        cpus: { b: { CHOST: 'i686-pc-linux-gnu', CFLAGS: '-O2' } },
        stages: { c: { image: 'd' } },
      }),
    ).toBe(true);
  });

  it('refuses a file name instead of an atom, as the reader does', () => {
    const text = valid.replace('www-client/firefox', '../firefox');
    expect(diagnosticsOf(text)).toEqual([expect.stringMatching(/big-packages\[1\] is not an atom with its category/)]);
    expect(validate(parse(text))).toBe(false);
  });

  /** What is never right, and what mostly is: so that whole documents are right about as often as not. */
  const odd = fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'x y', 'X', '../a', [], ['X Y'], {}, { x: 'y' });
  const usually = (right: readonly unknown[], wrong: readonly unknown[] = []) =>
    fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(...right) },
      { weight: 1, arbitrary: fc.oneof(odd, fc.constantFrom(...wrong, null)) },
    );
  const record = (
    required: Record<string, fc.Arbitrary<unknown>>,
    optional: Record<string, fc.Arbitrary<unknown>> = {},
  ) =>
    fc.oneof(
      { weight: 60, arbitrary: fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) }) },
      { weight: 1, arbitrary: fc.record({ ...required, ...optional, unknown: odd }, { requiredKeys: [] }) },
      { weight: 1, arbitrary: odd },
    );
  const names = ['a', 'x86-64-v3', 'a_b', 'a__b', 'a--b', 'a.b', '386', 'a'.repeat(100)];
  const wrongNames = ['A', '-a', 'a-', 'a..b', 'a___b', '', 'ü', 'a/b', 'a'.repeat(101)];
  const name = usually(names, wrongNames);
  const named = (value: fc.Arbitrary<unknown>) =>
    fc.oneof(
      { weight: 60, arbitrary: fc.dictionary(fc.constantFrom(...names), value, { minKeys: 1, maxKeys: 2 }) },
      { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...wrongNames), value, { maxKeys: 2 }) },
      { weight: 1, arbitrary: odd },
    );
  const listOf = (value: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 60, arbitrary: fc.array(value, { maxLength: 2 }) }, { weight: 1, arbitrary: odd });
  const outputs = usually([['image'], ['archive', 'image']], [['image', 'image'], [], ['imgae'], [1]]);
  const reference = usually(['server', 'a/b', 'x'.repeat(200), '😀'.repeat(200)], ['x'.repeat(201), '😀'.repeat(201)]);
  const volume = usually(['v', '/srv/x', '/', 'a.b-c', '/ü'], ['./a', '-a', '/a\u0000', 'ü', `/${'x'.repeat(1000)}`]);
  const cpu = record(
    {
      CHOST: usually(['x86_64-pc-linux-gnu', 'i686-linux', 'a-b-c-d'], ['x', 'X-y', 'a-b-c-d-e', 'a-']),
      CFLAGS: usually(['-O2', '-O2 -pipe', ' ', '-DX=ü'], ['$x', '"', 'a\nb', '`x`', '\\', '\u007f']),
    },
    { CPU_FLAGS_X86: usually(['aes', 'aes avx', 'sse4_1'], ['aes  avx', 'AES', ' aes', 'a,b']) },
  );
  const stage = record(
    {
      image: usually(
        ['gentoo/stage3:latest', 'localhost:5000/a/b', 'x', `a@sha256:${'0'.repeat(64)}`, 'Host.example/x'],
        ['X', 'a:', 'a//b', ':x', 'a@sha256:0', 'a b'],
      ),
    },
    { optimize: usually(['none', 'toolchain', 'system'], ['all']), branches: listOf(reference) },
  );
  const tuple = record(
    { cpu: reference, portage: reference, buildhooks: reference, packages: reference },
    { cross: usually([true, false], ['true', 'yes']), outputs },
  );
  const document = record(
    { name, cpus: named(cpu), stages: named(stage) },
    {
      outputs,
      volumes: record({}, { binpkgs: volume, distfiles: volume, trees: named(volume) }),
      limits: record(
        {},
        {
          memory: usually(['8G', '500M', '1234567T'], ['8', '0G', 'G', '8GB', '12345678G', 8]),
          cpus: usually([1, 0.5, 4096], [4096.5, 0, -2, '2']),
          'big-packages': listOf(usually(['a/b', 'www-client/firefox'], ['b', 'a/b/c', 'a /b', '/b'])),
        },
      ),
      tmpfs: usually(['auto', 'off', '8G', '500M'], ['on', '0G', '8', '8GB', 8, false]),
      ccache: usually([true, false], ['yes', 'true', 1]),
      swarm: usually(
        [true, false, {}, { registry: 'host:5000/a/b', encrypted: true }],
        ['yes', 1, [], { registry: 'a b' }, { x: 1 }],
      ),
      engines: usually(
        [
          ['tcp://host:2376', 'ssh://a@b', 'big'],
          [{ address: 'big', jobs: 4 }, { address: 'ssh://a@b' }],
        ],
        [
          ...['big', ['a b'], [''], ['http://x'], [{ jobs: 1 }], [{ address: 'a b' }], [{ address: 'a', x: 1 }]],
          ...[0, 1.5, 1000, '2'].map((jobs) => [{ address: 'a', jobs }]),
          [
            { address: 'a', jobs: 2 },
            { address: 'a', jobs: 2 },
          ],
        ],
      ),
      tuples: listOf(tuple),
    },
  );

  it('agrees with the reader about any document', () => {
    const verdicts = { valid: 0, invalid: 0 };
    fc.assert(
      fc.property(document, fc.boolean(), (value, isJson) => {
        const text = isJson ? JSON.stringify(value) : stringify(value);
        const isValid = validate(value);
        verdicts[isValid ? 'valid' : 'invalid'] += 1;
        expect([text, diagnosticsOf(text)]).toEqual([text, isValid ? [] : expect.arrayContaining([expect.anything()])]);
      }),
      { numRuns: 500 },
    );
    // Both sides are told apart only where both occur.
    expect(verdicts.valid).toBeGreaterThan(50);
    expect(verdicts.invalid).toBeGreaterThan(50);
  });
});
