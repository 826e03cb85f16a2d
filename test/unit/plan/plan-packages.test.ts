import { describe, expect, test } from 'vitest';
import { planPackages, type KnownPackages } from '../../../src/plan/plan-packages.ts';
import { parsePretendOutput } from '../../../src/portage/output/pretend-output.ts';
import { readTranscript } from '../portage/transcript.ts';

const planOf = (name: string, known: Partial<KnownPackages> = {}) =>
  planPackages(parsePretendOutput(readTranscript(`../pretend/${name}`).lines), { stored: [], installed: [], ...known });
const whyOf = (name: string, known: Partial<KnownPackages> = {}) =>
  planOf(name, known).map(({ action, cpv, why }) => `${action} ${cpv}: ${why}`);

describe('why a package is compiled or taken', () => {
  test.each<[string, string[]]>([
    [
      'new',
      ['stage-info-1.0', 'yesno-1.0', 'greeting-2.0', 'timepiece-2.0', 'greet-1.0'].map(
        (name) => `${name}: new; no binary package in the store`,
      ),
    ],
    [
      'binary',
      [
        'reuse dev-libs/greeting-1.0: new; build 1 in the store',
        'reuse app-misc/motto-1.0: new; build 2 in the store',
        'reuse app-misc/timepiece-1.1: the stage has it, and it is merged again; build 1 in the store',
        'reuse test-lab/talker-1.0: new; build 1 in the store',
        'reuse app-misc/greet-1.0: new; build 1 in the store',
      ],
    ],
    [
      'upgrade-subslot',
      [
        'compile dev-libs/greeting-2.0: newer than 1.0:0/1 that the stage has; no binary package in the store',
        'compile app-misc/motto-1.1: newer than 1.0 that the stage has; no binary package in the store',
        'compile app-misc/greet-1.0: the subslot of dev-libs/greeting-2.0 is another (rebuild); no binary package in the store',
      ],
    ],
    [
      'use-differs',
      [
        'compile dev-libs/greeting-1.0: USE +static-libs differs from the package of the stage; USE +static-libs differs from the binary package in the store',
        'compile test-lab/talker-1.0: USE +fast -colour differs from the package of the stage; USE -colour +fast differs from the binary package in the store',
        'compile app-misc/greet-1.0: USE -loud differs from the package of the stage; USE -loud differs from the binary package in the store',
      ],
    ],
    [
      'patches-and-changed-deps',
      [
        'compile sys-apps/yesno-1.0: new; no binary package in the store',
        'compile app-misc/motto-1.0: new; there are patches for it in the branch',
        'compile test-lab/talker-1.0: new; its dependencies changed since it was packaged',
      ],
    ],
    ['downgrade', ['reuse app-misc/motto-1.0: older than 1.1 that the stage has; build 2 in the store']],
    ['new-slot', ['compile test-lab/talker-2.0: new in slot 2, beside 1.0:0; no binary package in the store']],
    [
      'blocked-satisfied',
      [
        'compile test-lab/gentle-1: new; no binary package in the store',
        'remove test-lab/talker-1.0: "test-lab/talker" is soft blocking test-lab/gentle-1',
      ],
    ],
  ])('%s', (name, expected) => {
    const said = whyOf(name);
    expect(said).toHaveLength(expected.length);
    for (const [index, part] of expected.entries()) expect(said[index]).toContain(part);
  });

  test('a binary package that is there and was linked with something else', () => {
    expect(whyOf('subslot-moved', { stored: ['app-misc/greet-1.0'] })).toEqual([
      'compile app-misc/greet-1.0: new; the binary package in the store was linked with other versions, or is masked',
    ]);
  });
});

test('the slot, repository, USE flags and binary package of a package', () => {
  expect(planOf('binary')[0]).toMatchObject({
    slot: '0/1',
    repository: 'gentoo',
    use: '+shout -static-libs',
    from: 'dev-libs/greeting-1.0-1',
  });
  expect(planOf('use-expand')[0]?.use).toBe('+colour -fast PYTHON_TARGETS: -python3_12');
  expect(planOf('upgrade-keyword')[1]?.use).toBe('+colour -fast -newflag');
});

test('the removed package is the blocked package, not a package with a similar name', () => {
  const uninstall = (name: string) => `[uninstall     ] ${name}::gentoo `;
  const lines = [
    ...[uninstall('a/b-extra-1'), uninstall('a/b-1'), uninstall('a/c-1.0')],
    '[blocks b      ] a/b:0 ("a/b:0" is soft blocking a/d-1)',
    '[blocks b      ] <a/c-2 ("<a/c-2" is soft blocking a/e-1)',
  ];
  expect(planPackages(parsePretendOutput(lines), { stored: [], installed: [] }).map(({ why }) => why)).toEqual([
    'something else takes its place',
    '"a/b:0" is soft blocking a/d-1',
    '"<a/c-2" is soft blocking a/e-1',
  ]);
});

test('a package of the stage stands first, unless emerge merges it again', () => {
  const place = { slot: '0', repository: 'gentoo' };
  const known = {
    installed: [
      { cpv: 'app-misc/motto-1.0', ...place },
      { cpv: 'sys-apps/yesno-1.0', ...place },
    ],
  };
  expect(whyOf('downgrade', known)).toEqual([
    'installed-by-stage sys-apps/yesno-1.0: as the stage has it',
    'reuse app-misc/motto-1.0: older than 1.1 that the stage has; build 2 in the store',
  ]);
});

test('a package of the stage is kept, unless a package of its name and slot is merged', () => {
  const place = { repository: 'gentoo' };
  const installed = [
    { ...place, cpv: 'sys-apps/yesno-1.0', slot: '0' },
    { ...place, cpv: 'dev-libs/greeting-1.0', slot: '0/1' },
    { ...place, cpv: 'dev-libs/greeting-0.9', slot: '9' },
  ];
  const kept = planOf('upgrade-subslot', { installed }).filter(({ action }) => action === 'installed-by-stage');
  expect(kept.map(({ cpv }) => cpv)).toEqual(['sys-apps/yesno-1.0', 'dev-libs/greeting-0.9']);
});

describe('the reason', () => {
  const reasonFor = (lines: readonly string[], stored: readonly string[] | undefined = []) =>
    planPackages(parsePretendOutput(lines), { stored, installed: [] }).map(({ why }) => why);
  const ebuild = (marks: string, rest: string) => `[ebuild ${marks}] a/b-2${rest}  0 KiB`;
  const compiled = 'no binary package in the store';

  test.each<[string, string, string]>([
    ['of a new slot without another', ebuild(' NS    ', ':2::gentoo'), 'new in slot 2'],
    [
      'of a new slot beside several',
      ebuild(' NS    ', ':2::gentoo [1.0:1::gentoo, 1.5:1.5/3::lab]'),
      'new in slot 2, beside 1.0:1 and 1.5:1.5/3::lab',
    ],
    ['of an upgrade', ebuild('    U  ', '::gentoo [1::lab]'), 'newer than 1::lab that the stage has'],
    ['of a downgrade', ebuild('    UD ', '::gentoo [3::gentoo]'), 'older than 3 that the stage has'],
    ['of another repository', ebuild('  R    ', '::gentoo [2::lab]'), 'the stage has it from the repository lab'],
    ['of another sub-slot', ebuild('  R    ', ':0/2::gentoo [2:0/1::gentoo]'), 'the stage has it in slot 0/1'],
    ['of nothing else', ebuild('  R    ', '::gentoo'), 'the stage has it, and it is merged again'],
    [
      'of a flag that only one version has, and of no other flag',
      ebuild('  R    ', '::gentoo  USE="new% -old* same"'),
      'USE +new -old differs from the package of the stage',
    ],
    [
      'of a flag of USE_EXPAND',
      ebuild('  R    ', '::gentoo  PYTHON_TARGETS="python3_12*"'),
      'USE +python_targets_python3_12 differs from the package of the stage',
    ],
  ])('%s', (_what, line, why) => {
    expect(reasonFor([line])).toEqual([`${why}; ${compiled}`]);
  });

  const ignoredFor = (...builds: readonly string[]) => [
    '[ebuild  N     ] a/b-2::gentoo  USE="-x y" PYTHON_TARGETS="python3_12"  0 KiB',
    '',
    '!!! The following binary packages have been ignored due to non matching USE:',
    '',
    ...builds.map((flags) => `    =a/b-2 ${flags}`),
  ];

  test('of a binary package with other flags names the flags as the tuple has them', () => {
    expect(reasonFor(ignoredFor('x -y -python_targets_python3_12'))).toEqual([
      'new; USE -x +y +python_targets_python3_12 differs from the binary package in the store',
    ]);
  });

  test('of a binary package with flags that the ebuild does not show is the opposite of the flags', () => {
    expect(reasonFor(ignoredFor('gone -hidden'))).toEqual([
      'new; USE -gone +hidden differs from the binary package in the store',
    ]);
  });

  test('counts the other binary packages that do not fit', () => {
    expect(reasonFor(ignoredFor('x', '-y', 'x -y'))).toEqual([
      'new; USE -x differs from the binary package in the store, and from 2 more',
    ]);
  });

  test('of a package is not taken from a binary package of another version', () => {
    const other = ignoredFor('x').map((line) => line.replace('=a/b-2', '=a/b-3'));
    expect(reasonFor(other)).toEqual([`new; ${compiled}`]);
  });

  test('of a binary package that exists is not known if the store is not known', () => {
    const line = '[ebuild  N     ] a/b-2::gentoo  0 KiB';
    expect(reasonFor([line], undefined)).toEqual([`new; ${compiled}`]);
    expect(reasonFor([line], ['a/b-3'])).toEqual([`new; ${compiled}`]);
    expect(reasonFor([line], ['a/b-2'])[0]).toContain('was linked with other versions');
  });

  test('of a binary package names its build, the store or the other host', () => {
    expect(
      reasonFor([
        '[binary  N     ] a/b-1-3::gentoo  0 KiB',
        '[binary  N     ] a/c-1::gentoo  0 KiB',
        '[binary  N g   ] a/d-1-3::gentoo  0 KiB',
      ]),
    ).toEqual(['new; build 3 in the store', 'new; in the store', 'new; a binary package of another host']);
  });

  test.each(['~a/c-1.0', '=a/c-1*', 'a/c', 'a/c:0/1=', 'a/c[ssl]', '>=a/c-0.9'])(
    'of a package that is removed is the blocker %s',
    (atom) => {
      const description = `"${atom}" is soft blocking a/d-1`;
      const blocked = (mark: string) => `[blocks ${mark}      ] ${atom} (${description})`;
      const removed = '[uninstall     ] a/c-1.0::gentoo ';
      expect(reasonFor([removed, blocked('b')])).toEqual([description]);
      expect(reasonFor([removed, blocked('B')])).toEqual(['something else takes its place']);
    },
  );
});

describe('the place of a package', () => {
  const placesOf = (...lines: readonly string[]) =>
    planPackages(parsePretendOutput(lines), { stored: [], installed: [] }).map(({ slot, repository }) => [
      slot,
      repository,
    ]);

  test('has a sub-slot only if it differs from the slot', () => {
    expect(placesOf('[ebuild  N     ] a/b-1:2/2::x  0 KiB', '[ebuild  N     ] a/b-1:2/3::y  0 KiB')).toEqual([
      ['2', 'x'],
      ['2/3', 'y'],
    ]);
  });
});

describe('the USE flags of a package', () => {
  const useOf = (use: string) => {
    const lines = [`[ebuild     U  ] a/b-2::gentoo [1::gentoo]  ${use}  0 KiB`];
    return planPackages(parsePretendOutput(lines), { stored: [], installed: [] })[0]?.use;
  };

  test.each([
    ['USE="a -b (c) (-d)"', '+a -b +c -d'],
    ['USE="a (-gone%) (-kept) (forced%) -new%"', '+a -kept +forced -new'],
    ['PYTHON_TARGETS="python3_12 -python3_13"', 'PYTHON_TARGETS: +python3_12 -python3_13'],
    ['USE="a" PYTHON_TARGETS="(-python3_11%)"', '+a'],
    ['USE="(-gone%)"', ''],
  ])('%s', (written, shown) => {
    expect(useOf(written)).toBe(shown);
  });
});

test('a package of the stage without a version in its name is known by its whole name', () => {
  const installed = [
    { cpv: 'odd', slot: '0', repository: '' },
    { cpv: 'a/b-1', slot: '1/2', repository: '' },
  ];
  const lines = ['[ebuild  N     ] a/b-2:1/3::gentoo  0 KiB'];
  expect(planPackages(parsePretendOutput(lines), { stored: [], installed })).toMatchObject([
    { action: 'installed-by-stage', cpv: 'odd', why: 'as the stage has it', use: '', from: undefined },
    { action: 'compile', cpv: 'a/b-2' },
  ]);
});
