import { describe, expect, test } from 'vitest';
import { planPackages, type KnownPackages } from '../../../src/plan/plan-packages.ts';
import { parsePretendOutput } from '../../../src/portage/pretend-output.ts';
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
        'compile dev-libs/greeting-1.0: USE +static-libs differs from what the stage has; USE +static-libs differs from the binary package in the store',
        'compile test-lab/talker-1.0: USE +fast -colour differs from what the stage has; USE -colour +fast differs from the binary package in the store',
        'compile app-misc/greet-1.0: USE -loud differs from what the stage has; USE -loud differs from the binary package in the store',
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

test('what is said of a package besides', () => {
  expect(planOf('binary')[0]).toMatchObject({
    slot: '0/1',
    repository: 'gentoo',
    use: '+shout -static-libs',
    from: 'dev-libs/greeting-1.0-1',
  });
  expect(planOf('use-expand')[0]?.use).toBe('+colour -fast PYTHON_TARGETS: -python3_12');
  expect(planOf('upgrade-keyword')[1]?.use).toBe('+colour -fast -newflag');
});

test('what is removed is what is blocked, not what is called alike', () => {
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

test('what the stage brings stands first, unless it is merged all the same', () => {
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

test('what the stage brings is kept, unless something of its name and slot is merged', () => {
  const place = { repository: 'gentoo' };
  const installed = [
    { ...place, cpv: 'sys-apps/yesno-1.0', slot: '0' },
    { ...place, cpv: 'dev-libs/greeting-1.0', slot: '0/1' },
    { ...place, cpv: 'dev-libs/greeting-0.9', slot: '9' },
  ];
  const kept = planOf('upgrade-subslot', { installed }).filter(({ action }) => action === 'installed-by-stage');
  expect(kept.map(({ cpv }) => cpv)).toEqual(['sys-apps/yesno-1.0', 'dev-libs/greeting-0.9']);
});
