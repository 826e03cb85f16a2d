import { describe, expect, test } from 'vitest';
import { parse } from 'valibot';
import { composedArgument, longestPackageArgument, parsePackageArgument } from '../../../src/portage/atom.ts';
import { missingCpuFeatures } from '../../../src/portage/cpu-features.ts';
import { splitCpv } from '../../../src/portage/cpv.ts';
import { defaultOptionsProblem, emergeOptionProblem } from '../../../src/portage/emerge-option.ts';
import {
  findIniFault,
  findInterpolationFault,
  iniValue,
  parseIniFiles,
} from '../../../src/portage/configuration/ini-sections.ts';
import { makeOptions } from '../../../src/portage/make-options.ts';
import { portageOwnSets } from '../../../src/portage/own-sets.ts';
import { printedArgument } from '../../../src/portage/printed-argument.ts';
import { parseReposConf } from '../../../src/portage/configuration/repos-conf.ts';
import { readTranscript } from './transcript.ts';

describe('an INI file', () => {
  const valueOf = (text: string, section = 'a', key = 'k') => {
    const sections = parseIniFiles([text]);
    return sections && iniValue(sections, section, key);
  };

  test.each<[string, string | undefined]>([
    ['[a]\nk = v', 'v'],
    ['[a]\nk: v = w', 'v = w'],
    ['[a]\nk = v: w', 'v: w'],
    ['[a]\r\n  K=v \r\n', 'v'],
    ['[a]\rk=v', 'v'],
    ['[a] rest\nk=v', 'v'],
    ['[a]\n# k=x\n; k=y\nk=', ''],
    ['[a]\nk=v\n  w\n\n  x', 'v\nw\nx'],
    ['[a]\n  k=v\n  l=w', 'v'],
    ['[a]\nk=v\n  # not this\n  w', 'v\nw'],
    ['[b]\nk=v', undefined],
    ['[DEFAULT]\nk=v', 'v'],
    ['[DEFAULT]\nk=v\n[a]\nk=w', 'w'],
    ['[DEFAULT]\nx=1\n[DEFAULT]\nk=v', 'v'],
    ['[a]\nk=%(x)s-%(X)s\nx=1', '1-1'],
    ['[a]\nk=100%% %(none)s %x', '100% %(none)s %x'],
    ['[a]\nk=%(x)s\nx=%(y)s\n[DEFAULT]\ny=2', '2'],
  ])('%j', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });

  test('stops interpolation at a value that contains itself', () => {
    expect(valueOf('[a]\nk=x%(k)s')).toBe(`${'x'.repeat(10)}%(k)s`);
  });

  test.each([
    ['k=v', 1],
    ['[a]\n= v', 2],
    ['[a]\nk', 2],
    ['[a]\n\n# x\nk=1\nK = 2', 5],
    ['[a]\n[b]\n[a]', 3],
    ['[a]\nk=1\n  v\nx', 4],
    ['[]\nk=1', 1],
    ['\uFEFF[a]\nk=1', 1],
  ])('%j is damaged in line %d', (text, line) => {
    expect(findIniFault(text)).toBe(line);
    expect(parseIniFiles(['[z]\n', text])).toBeUndefined();
  });

  test.each([
    ['%', { line: 2, message: expect.stringContaining('write %% for a percent sign') as string }],
    ['%40', { line: 2 }],
    ['\n  x\n# 40%\n  %(y)s', { line: 5, message: '%(y)s in k names a key that [a] does not have' }],
    ['%(Key', { line: 2 }],
    ['%()s', { line: 2 }],
    ['%(l)s\nl = %(m)s\nm = 3%', { line: 4 }],
    ['%(k)s', { line: 2, message: '%(k)s in k leads to more than 10 other values' }],
    ['1\n[DEFAULT]\nl = %(none)s', { line: 4 }],
    ['%(K)s%%%(l)s\n[DEFAULT]\nl = 1', { line: 2 }],
  ])('a value %j has a wrong reference', (value, fault) => {
    expect(findInterpolationFault(['[a]\n', `[a]\nk = ${value}`])).toMatchObject({ index: 1, ...fault });
  });

  test.each(['100%%', '%(L)s\nl = 1', '%(l)s\n[DEFAULT]\nl = %%', '1\n[DEFAULT]\nl = %(k)s'])(
    'a value %j has no wrong reference',
    (value) => {
      expect(findInterpolationFault([`[a]\nk = ${value}`])).toBeUndefined();
    },
  );

  test('may have one key in two sections, and one section in two files', () => {
    expect(findIniFault('[a]\nk=1\n[b]\nk=1')).toBeUndefined();
    const sections = parseIniFiles(['[a]\nk=1\nl=1', '[a]\nk=2']);
    expect(sections && [iniValue(sections, 'a', 'k'), iniValue(sections, 'a', 'l')]).toEqual(['2', '1']);
  });
});

describe('a repository in repos.conf', () => {
  const read = (lines: string) => parseReposConf([`[DEFAULT]\nmain-repo = x\n[x]\n${lines}`]);

  test.each([
    ['', true],
    ['auto-sync = YES', true],
    ['auto-sync = true', true],
    ['auto-sync = no', false],
    ['auto-sync = 1', false],
  ])('with %j is synced automatically: %j', (line, autoSync) => {
    expect(read(line)?.autoSync).toBe(autoSync);
  });

  test.each([
    ['/a//b/./c/../d/', '/a/b/d'],
    ['//a', '/a'],
    ['/', '/'],
    ['a/b', ''],
    ['', ''],
    ['%(EROOT)sa%(EPREFIX)s%(ROOT)sb%(PORTAGE_CONFIGROOT)sc', '/a/b/c'],
  ])('in %j has the location %j', (written, location) => {
    expect(read(`location = ${written}`)?.location).toBe(location);
  });
});

describe('MAKEOPTS', () => {
  test.each([
    ['--max-load=3', '-j4 -l3'],
    ['--max-load 3 -j1', '-j1 -l3'],
    ['--load-average 3.5', '-j4 -l3.5'],
    ['-l', '-j4 -l16'],
    ['-l0', '-j4 -l16'],
    ['-j2 -j3', '-j2 -l16'],
    ['--jobs 2', '-j2 -l16'],
    ['-j2x x-j1', '-j4 -l16 -j2x x-j1'],
    ['a-l2 --loads', '-j4 -l16 a-l2 --loads'],
  ])('%s shares the machine as %s', (own, shared) => {
    expect(makeOptions(own, { jobs: 4, load: 16 })).toBe(shared);
  });

  test('get no limit of the load if neither the user nor the share has one', () => {
    expect(makeOptions(' -s ', { jobs: 2 })).toBe('-j2 -s');
    expect(makeOptions('-l7', { jobs: 2 })).toBe('-j2 -l7');
  });
});

describe('an option of emerge', () => {
  const other = (action: string) => `would make emerge do something else than build (${action})`;

  test.each([
    ...[
      '--ask',
      '--buildpkgonly',
      '--check-news',
      '--clean',
      '--config',
      '--depclean',
      '--deselect',
      '--fetch-all-uri',
      '--fetchonly',
    ],
    ...['--help', '--info', '--list-sets', '--metadata', '--moo', '--prefix', '--pretend', '--prune', '--rage-clean'],
    ...[
      '--regen',
      '--resume',
      '--root',
      '--search',
      '--searchdesc',
      '--sync',
      '--sysroot',
      '--config-root',
      '--autounmask-only',
      '--unmerge',
      '--version',
    ],
  ])('%s is no build', (action) => {
    expect(emergeOptionProblem(action)).toBe(other(action));
    expect(emergeOptionProblem(`${action}=y`)).toBe(other(action));
    expect(emergeOptionProblem(`${action}=n`)).toBeUndefined();
  });

  test('may be abbreviated, to emerge as well', () => {
    expect(emergeOptionProblem('--pret')).toBe(other('--pretend'));
    expect(emergeOptionProblem('--search')).toBe(other('--search'));
    expect(emergeOptionProblem('--searchd=y')).toBe(other('--searchdesc'));
    expect(emergeOptionProblem('--asked')).toBeUndefined();
    expect(emergeOptionProblem('--fetch-all')).toBe(other('--fetch-all-uri'));
    expect(emergeOptionProblem('--pre')).toBe('abbreviates more than one option of emerge: --pretend, --prefix');
  });

  test('has its value in the same word', () => {
    const taken = 'has a space in it, so that emerge takes it for a package';
    expect(emergeOptionProblem('--jobs 4')).toBe(`${taken}: write --jobs=4`);
    expect(emergeOptionProblem('-j  4')).toBe(`${taken}: write -j4`);
    expect(emergeOptionProblem('--exclude=a b')).toBeUndefined();
  });

  test.each([
    ['-a', '--ask'],
    ['-B', '--buildpkgonly'],
    ['-c', '--depclean'],
    ['-W', '--deselect'],
    ['-F', '--fetch-all-uri'],
    ['-f', '--fetchonly'],
    ['-h', '--help'],
    ['-p', '--pretend'],
    ['-P', '--prune'],
    ['-r', '--resume'],
    ['-s', '--search'],
    ['-S', '--searchdesc'],
    ['-C', '--unmerge'],
    ['-V', '--version'],
  ])('%s is no build, alone or among other letters', (letter, action) => {
    const problem = `has ${letter} (${action}) in it, which is not a build`;
    expect(emergeOptionProblem(letter)).toBe(problem);
    expect(emergeOptionProblem(`-v${letter.slice(1)}`)).toBe(problem);
  });

  test.each([
    '--buildpkg',
    '--buildpkg=y',
    '-b',
    '-v',
    '-1',
    '-uDN',
    '--update',
    '--jobs=4',
    '--with-bdeps=y',
    '--exclude=a/pretend',
    '-j4',
  ])('%s is for a build', (option) => {
    expect(emergeOptionProblem(option)).toBeUndefined();
  });

  test.each([
    ['', 'does not begin with a dash and a letter'],
    ['app-misc/hello', 'does not begin with a dash and a letter'],
    ['--', 'does not begin with a dash and a letter'],
    ['-', 'does not begin with a dash and a letter'],
    ['---x', 'does not begin with a dash and a letter'],
    ['x--y', 'does not begin with a dash and a letter'],
    ['--x\ny', 'has a control character in it'],
    ['--x\u007F', 'has a control character in it'],
    [`--${'x'.repeat(4095)}`, 'is longer than 4096 characters'],
  ])('%j %s', (option, problem) => {
    expect(emergeOptionProblem(option)).toBe(problem);
  });

  test('may have 4096 characters, and an equals sign in its value', () => {
    expect(emergeOptionProblem(`--${'x'.repeat(4094)}`)).toBeUndefined();
    expect(emergeOptionProblem('--ask=n=n')).toBe(other('--ask'));
  });
});

describe('case 2.9: an option in EMERGE_DEFAULT_OPTS with which emerge installs nothing', () => {
  test.each([
    ['--jobs=4 --pretend', '--pretend'],
    ['-pv --jobs 4', '--pretend'],
    ['--fetchonly', '--fetchonly'],
    ['-f', '--fetchonly'],
    ['--fetch-all-uri', '--fetch-all-uri'],
    ['--buildpkgonly', '--buildpkgonly'],
    ['-B', '--buildpkgonly'],
    ['--depclean', '--depclean'],
    ['--ask --info', '--info'],
    ['--search', '--search'],
    ['--autounmask-only', '--autounmask-only'],
    ['--autounmask=y --autounmask-only=y', '--autounmask-only'],
    ['-avp', '--pretend'],
    ['--jobs=2 -apv --ask', '--pretend'],
    ['--jobs 2 --fetcho', '--fetchonly'],
    ['--autounmask-only n --autounmask-only y', '--autounmask-only'],
    ['--autounmask-o y', '--autounmask-only'],
    ['-1f', '--fetchonly'],
    ['-j4 -B', '--buildpkgonly'],
    ['-W', '--deselect'],
    ['--status', '--status'],
    ["--exclude '-x y' '--pretend'", '--pretend'],
  ])('%j has %s', (options, action) => {
    expect(defaultOptionsProblem(options)).toBe(`has ${action}, and emerge installs nothing with it: remove it`);
  });

  test.each([
    '',
    '--ask --verbose',
    '-av',
    '--buildpkg --usepkg --jobs=4 --load-average 4',
    '--pretend=n',
    '--root=/x --config-root=/x --sysroot=/x --prefix=/x',
    '--autounmask --autounmask-only=n --autounmask-continue',
    "--exclude 'sys-kernel/* x' --with-bdeps=y -- -p",
    '--autounmask-only n',
    '--autounmask-only y --autounmask-only n',
    '--deselect n -W n',
    '-an --exclude=pretend --jobs --ask',
    '-j 4 -l2.5 -D -Xapp-misc/pretend',
    '--some-option-of-a-newer-emerge',
  ])('%j has none', (options) => {
    expect(defaultOptionsProblem(options)).toBeUndefined();
  });

  test.each([
    ['-uDo', 'has --onlydeps, and emerge installs only the dependencies of packages with it: remove it'],
    ['--onlydeps', 'has --onlydeps, and emerge installs only the dependencies of packages with it: remove it'],
    [
      '--update-if-installed',
      'has --update-if-installed, and emerge passes over packages that are not installed with it: remove it',
    ],
    [
      '--jobs=2 --pre',
      'has --pre, and emerge fails, because that abbreviates more than one option: write one of --pretend, --prefix',
    ],
    [
      '--exclude "x',
      'cannot be split into words, and emerge fails, because the quotation mark " in it is not closed: correct it',
    ],
    [
      '--jobs=2 \\',
      'cannot be split into words, and emerge fails, because nothing follows its last backslash: correct it',
    ],
  ])('%j %s', (options, problem) => {
    expect(defaultOptionsProblem(options)).toBe(problem);
  });
});

describe('an extension of the processor', () => {
  const macros =
    'SSE3 SSSE3 SSE4_1 SSE4_2 SSE4A POPCNT AVX AVX2 AVXVNNI FMA FMA4 XOP TBM LWP BMI BMI2 LZCNT F16C MOVBE AES VAES PCLMUL ' +
    'VPCLMULQDQ SHA GFNI RDRND RDSEED ADX FSGSBASE XSAVE XSAVEOPT XSAVEC XSAVES CLFLUSHOPT CLWB CLZERO MOVDIRI MOVDIR64B ' +
    'RDPID WAITPKG SERIALIZE AVX512F AVX512CD AVX512BW AVX512DQ AVX512VL AVX512ER AVX512PF AVX512IFMA AVX512VBMI ' +
    'AVX512VBMI2 AVX512VNNI AVX512BITALG AVX512VPOPCNTDQ AVX512BF16 AVX512FP16 AVX512VP2INTERSECT AMX_TILE AMX_INT8 AMX_BF16';
  /** Linux has other names than the compilers for some extensions. */
  const linux: Readonly<Record<string, string>> = {
    ...{ SSE3: 'pni', AVXVNNI: 'avx_vnni', BMI: 'bmi1', LZCNT: 'abm', PCLMUL: 'pclmulqdq', SHA: 'sha_ni' },
    ...{ RDRND: 'rdrand', AVX512VBMI2: 'avx512_vbmi2', AVX512VNNI: 'avx512_vnni', AVX512BITALG: 'avx512_bitalg' },
    ...{ AVX512VPOPCNTDQ: 'avx512_vpopcntdq', AVX512BF16: 'avx512_bf16', AVX512FP16: 'avx512_fp16' },
    AVX512VP2INTERSECT: 'avx512_vp2intersect',
  };

  test.each(macros.split(' ').map((name) => [name, linux[name] ?? name.toLowerCase()] as const))(
    '%s is known to Linux as %s',
    (name, flag) => {
      const output = `#define __x86_64__ 1\n#define __${name}__ 1\n`;
      expect(missingCpuFeatures(output, 'processor : 0\nflags\t: fpu vme\n')).toEqual([flag]);
      expect(missingCpuFeatures(output, `flags : fpu ${flag}\n`)).toEqual([]);
    },
  );
});

test('the sets of Portage are those that emerge lists, without the set of the test', () => {
  const { lines } = readTranscript('unknown-set');
  const listed = lines.flatMap((line) => /^\s+([a-z0-9-]+)$/.exec(line)?.[1] ?? []);
  expect(listed).toContain('greetings');
  expect([...portageOwnSets].filter((name) => name !== 'usersets').toSorted()).toEqual(
    listed.filter((name) => name !== 'greetings').toSorted(),
  );
  expect(portageOwnSets.has('usersets')).toBe(true);
});

test.each<[string, ReturnType<typeof splitCpv>]>([
  ['net-misc/curl-8.1.0-r1', { name: 'net-misc/curl', version: '8.1.0-r1' }],
  ['a/b-1', { name: 'a/b', version: '1' }],
  ['a/b-c-1_rc2', { name: 'a/b-c', version: '1_rc2' }],
  ['media-fonts/font-100dpi-1.0', { name: 'media-fonts/font-100dpi', version: '1.0' }],
  ['a/b', undefined],
  ['a/b-c', undefined],
  ['a/b-1-rc', undefined],
  ['-1', undefined],
])('the name and the version of %s', (cpv, parts) => {
  expect(splitCpv(cpv)).toEqual(parts);
});

describe('a package argument', () => {
  test('that this program composed is a defect if it is refused', () => {
    expect(composedArgument('@tools')).toBe('@tools');
    expect(() => composedArgument('a b')).toThrow(
      'the package argument a b is refused: contains white space: give each package as a separate argument',
    );
  });

  test('that a program in a container prints is parsed like any other', () => {
    expect(parse(printedArgument, 'world')).toBe('@world');
    expect(() => parse(printedArgument, '--pretend')).toThrow('looks like an option');
    expect(() => parse(printedArgument, 7)).toThrow('string');
  });

  test('may be as long as the longest that is parsed', () => {
    const text = `a/${'b'.repeat(longestPackageArgument - 2)}`;
    expect(parsePackageArgument(text)).toEqual({ ok: true, value: text });
    expect(parsePackageArgument(`${text}b`)).toEqual({
      ok: false,
      reason: `too long: ${longestPackageArgument + 1} characters, and at most ${longestPackageArgument} are allowed`,
    });
  });

  test.each([
    ['', 'empty: name a package like net-misc/curl or a set like @world'],
    ['-a', 'looks like an option: the name of a package does not begin with a dash'],
    ['.', 'looks like a file: name the package, like net-misc/curl'],
    ['~/a', 'looks like a file: name the package, like net-misc/curl'],
    ['a\u0085b', 'contains white space: give each package as a separate argument'],
    ['a\u200Bb', 'contains a control character'],
    ["a'b", "contains ', which no package name has"],
    ['a%b', 'contains %, which no package name has'],
    ['a^b', 'contains ^, which no package name has'],
    ['a#b', 'contains #, which no package name has'],
    ['!a/b', 'a blocker: name only packages to install'],
    ['@', 'a set has a name, like @world'],
    ['@a:b', 'a set name has only letters, digits and _ + . -, after its @ and each slash'],
    ['@.a', 'a set name has only letters, digits and _ + . -, after its @ and each slash'],
    ['a/b*', 'a * may stand only at the end of a version after =, like =net-misc/curl-8*'],
    ['+a/b', 'a category name has only letters, digits and _ + . -, and begins with a letter, a digit or _'],
    ['a/b.c', 'a package name has only letters, digits and _ + -, and begins with a letter, a digit or _'],
    ['a/', 'the package is missing: a package is category/name, like net-misc/curl'],
    ['/b', 'looks like a file: name the package, like net-misc/curl'],
    ['>=/b-1', 'the category is missing: a package is category/name, like net-misc/curl'],
    ['a/b/c', 'there is more than one / in it: a package is category/name'],
    ['a/b-1:0', 'a version needs an operator: =a/b-1:0'],
    ['>a/b', '> needs a version, like >net-misc/curl-8.1.0'],
    ['=a/b-1-2*', 'a * cannot follow a build id'],
    ['=a/b-1-02', 'two versions at its end: 1 and 02'],
    ['a/b::', 'after :: comes the name of a repository, like ::gentoo'],
    ['a/b:', 'after : comes a slot, like :0, :0/1.2, :0= or :='],
    ['a/b:/', 'after : comes a slot, like :0, :0/1.2, :0= or :='],
    ['a/b:0*', 'a slot is followed by = or nothing; :* stands alone'],
    ['a/b[x]y', 'nothing may follow the USE flags in [ ]'],
    ['a/b[x', 'the [ is not closed'],
    ['a/b[x,?y]', 'a USE flag in [ ] is written flag, -flag, flag?, !flag?, flag= or !flag=, separated by commas'],
    ['a/b[x(+),y,x(-)]', 'the USE flag x has two different defaults'],
  ])('%j is refused: %s', (text, reason) => {
    expect(parsePackageArgument(text)).toEqual({ ok: false, reason });
  });

  test.each([
    ...['=a/b-1-0', '=a/b-1-r1-20', '<a/b-1', '>a/b-1a_p1_alpha2_beta', '=a/b-1.2.3*', '~a/b-1-r2', '=b-1*', '_/_a+-'],
    ...[
      'a/b[x]',
      'a/b[-x,y?,!z?,a=,!b=]',
      'a/b[x(+),y(-),x(+)]',
      'a/b[A+_@-1]',
      'a/b:0::r-1',
      'a/b:*',
      'a/b:=',
      '@a.b+c-d',
      '@kde/apps',
    ],
    ...['a/b-', 'a/b-r1', 'a/b-1x-y'],
  ])('%j is one', (text) => {
    expect(parsePackageArgument(text)).toEqual({ ok: true, value: text });
  });
});
