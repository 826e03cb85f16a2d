import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsePretendOutput } from '../../../../src/portage/output/pretend-output.ts';
import { parsePretendedPackage, type PretendedPackage } from '../../../../src/portage/output/pretend-package.ts';
import { readTranscript } from '../transcript.ts';

const read = (name: string) => parsePretendOutput(readTranscript(`../pretend/${name}`).lines);
const inShort = ({ kind, cpv, buildId, slot, subslot, change, forced }: PretendedPackage) =>
  [kind, cpv, buildId ?? '', `${slot}/${subslot}`, forced ? `forced ${change}` : change].join(' ').replace('  ', ' ');
const names = readdirSync(new URL('../pretend/', import.meta.url)).map((file) => file.replace('.txt', ''));

test('case 5.7: package moves that Portage applies are no messages', () => {
  const { packages, messages } = read('global-updates');
  expect(messages).toEqual([]);
  expect(packages.map(inShort)).toEqual(['ebuild cat/b-1 0/0 reinstall']);
});

test('case 5.4: a version whose ebuild cannot be sourced is one message, and no failure', () => {
  const { packages, messages } = read('unsourced');
  expect(packages.map(inShort)).toEqual(['ebuild cat/older-1 0/0 reinstall']);
  expect(messages).toEqual(['Portage passes over cat/older-2, because it cannot read the ebuild: no way to source']);
});

test('case 5.7: an update that Portage cannot read is a message', () => {
  const update = '/var/db/repos/gentoo/profiles/updates/3Q-2026..';
  const lines = ['Performing Global Updates', update, "ERROR: Malformed update entry 'move a'", '', '', 'other'];
  expect(parsePretendOutput(lines).messages).toEqual(["ERROR: Malformed update entry 'move a'", 'other']);
});

describe('output of Portage 3.0.83', () => {
  test.each<[string, string[]]>([
    [
      'new',
      [
        'ebuild sys-apps/stage-info-1.0 0/0 new',
        'ebuild sys-apps/yesno-1.0 0/0 new',
        'ebuild dev-libs/greeting-2.0 0/2 new',
        'ebuild app-misc/timepiece-2.0 2/2 new',
        'ebuild app-misc/greet-1.0 0/0 new',
      ],
    ],
    [
      'binary',
      [
        'binary dev-libs/greeting-1.0 1 0/1 new',
        'binary app-misc/motto-1.0 2 0/0 new',
        'binary app-misc/timepiece-1.1 1 1/1 reinstall',
        'binary test-lab/talker-1.0 1 0/0 new',
        'binary app-misc/greet-1.0 1 0/0 new',
      ],
    ],
    [
      'upgrade-subslot',
      [
        'ebuild dev-libs/greeting-2.0 0/2 forced upgrade',
        'ebuild app-misc/motto-1.1 0/0 upgrade',
        'ebuild app-misc/greet-1.0 0/0 forced reinstall',
      ],
    ],
    ['downgrade', ['binary app-misc/motto-1.0 2 0/0 downgrade']],
    ['columns', ['binary app-misc/motto-1.0 2 0/0 downgrade', 'ebuild app-misc/greet-1.0 0/0 new']],
    ['quiet-repo', ['ebuild app-misc/greet-1.0 0/0 new']],
    ['tree', ['ebuild app-misc/greet-1.0 0/0 new', 'ebuild dev-libs/greeting-2.0 0/2 new']],
    ['upgrade-keyword', ['ebuild sys-apps/yesno-1.0 0/0 new', 'ebuild test-lab/talker-1.1-r2 0/5 upgrade']],
    ['new-slot', ['ebuild test-lab/talker-2.0 2/2 new-slot']],
    ['nothing-to-do', []],
    ['unknown', []],
    ['blocked-satisfied-tree', ['installed test-lab/talker-1.0 0/0 none', 'ebuild test-lab/gentle-1 0/0 new']],
  ])('%s', (name, packages) => {
    expect(read(name).packages.map(inShort)).toEqual(packages);
  });

  test('each list has as many packages as its total', () => {
    for (const name of names) {
      const { packages, total } = read(name);
      const merged = packages.filter(({ action }) => action === 'merge').length;
      expect({ name, merged }).toEqual({ name, merged: Number(/^Total: (\d+) package/.exec(total ?? '')?.[1] ?? 0) });
    }
  });

  test('understands every line of a resolution without problems', () => {
    const clean = names.filter((name) => readTranscript(`../pretend/${name}`).exitStatus === 0);
    expect(clean.length).toBeGreaterThan(15);
    const left = clean.flatMap((name) => read(name).messages.map((line) => `${name}: ${line}`));
    expect(
      left.filter(
        (line) => !/^(?:unsourced|use-differs|blocked-satisfied|blocked-satisfied-tree|fetched|patches-)/.test(line),
      ),
    ).toEqual([]);
    expect(left).toContain('fetched: Fetch Restriction: 1 package (1 unsatisfied)');
    expect(left).toContain('fetched:  * Get it by hand');
    expect(left).toContain(
      'use-differs: WARNING: One or more updates/rebuilds have been skipped due to a dependency conflict:',
    );
    expect(left).toContain('patches-and-changed-deps:     app-misc/motto/a.patch');
    expect(left.join('\n')).not.toContain('binpkg-');
  });

  test('parses USE flags with their marks', () => {
    const { use, previous, mask } = read('upgrade-keyword').packages[1] ?? fail();
    const flags = { fixed: false, changed: false, inOneOnly: false };
    expect(use).toEqual([
      {
        variable: 'USE',
        flags: [
          { ...flags, name: 'colour', enabled: true },
          { ...flags, name: 'fast', enabled: false },
          { ...flags, name: 'newflag', enabled: false, inOneOnly: true },
          { ...flags, name: 'python_targets_python3_12', enabled: false, fixed: true, inOneOnly: true },
        ],
      },
    ]);
    expect(previous).toEqual([{ version: '1.0', slot: '0', subslot: '0', repository: 'lab' }]);
    expect(mask).toBe('testing keyword');
    const [expanded] = read('use-expand').packages;
    expect(expanded?.use.map(({ variable, flags: all }) => [variable, all.map(({ name }) => name)])).toEqual([
      ['USE', ['colour', 'fast']],
      ['PYTHON_TARGETS', ['python3_12']],
    ]);
    expect(expanded?.use[0]?.flags[1]).toEqual({ ...flags, name: 'fast', enabled: false, fixed: true });
  });

  test('parses the other marks', () => {
    expect(read('fetched').packages[0]).toMatchObject({ fetch: 'restricted', download: '13 KiB' });
    expect(read('blocked-satisfied').packages[0]).toMatchObject({ interactive: true });
    expect(read('new-slot').packages[0]).toMatchObject({ mask: 'missing keyword' });
    expect(read('wants-all-autounmask').packages[0]).toMatchObject({ mask: 'package.mask' });
    expect(read('required-root').packages[1]).toMatchObject({ root: '/mnt/r/', cpv: 'app-misc/greet-1.0' });
    expect(read('tree').packages.map(({ depth }) => depth)).toEqual([0, 1]);
    expect(read('use-differs').packages[0]?.use[0]?.flags[1]).toMatchObject({ name: 'static-libs', changed: true });
  });

  test('parses blockers', () => {
    const blocker = { blocked: 'test-lab/talker', satisfied: false };
    expect(read('blocked-hard').blockers).toEqual([
      { ...blocker, description: '"test-lab/talker" is hard blocking test-lab/hushed-1' },
    ]);
    const satisfied = {
      ...blocker,
      description: '"test-lab/talker" is soft blocking test-lab/gentle-1',
      satisfied: true,
    };
    expect(read('blocked-satisfied').blockers).toEqual([satisfied]);
    expect(read('blocked-satisfied-tree').blockers).toEqual([satisfied]);
  });

  test('parses ignored binary packages', () => {
    expect(read('use-differs').ignored).toEqual([
      { cpv: 'dev-libs/greeting-1.0', why: 'use', flags: ['-static-libs'] },
      { cpv: 'app-misc/greet-1.0', why: 'use', flags: ['loud'] },
      { cpv: 'test-lab/talker-1.0', why: 'use', flags: ['colour', '-fast'] },
    ]);
    expect(read('required-root').ignored).toEqual([{ cpv: 'app-misc/greet-1.0', why: 'use', flags: ['loud'] }]);
    expect(read('patches-and-changed-deps').ignored).toEqual([
      { cpv: 'test-lab/talker-1.0', why: 'dependencies', flags: [] },
      { cpv: 'app-misc/motto-1.0', why: 'patches', flags: [] },
      { cpv: 'app-misc/motto-1.0', why: 'patches', flags: [] },
    ]);
  });

  test('parses rebuilds', () => {
    expect(read('upgrade-subslot').rebuilds).toEqual([{ cause: 'dev-libs/greeting-2.0', cpv: 'app-misc/greet-1.0' }]);
  });

  test('parses suggestions', () => {
    const argument = 'test-lab/wants-all (argument)';
    expect(read('wants-all-autounmask').suggestions).toEqual([
      {
        file: 'package.accept_keywords',
        line: '=test-lab/needs-key-1 ~amd64',
        requiredBy: ['test-lab/wants-all-1::lab', argument],
      },
      { file: 'package.unmask', line: '=test-lab/masked-1', requiredBy: ['test-lab/wants-all-1::lab', argument] },
      {
        file: 'package.use',
        line: '>=dev-libs/greeting-2.0 shout',
        requiredBy: ['test-lab/needs-key-1::lab', 'test-lab/wants-all-1::lab', argument],
      },
    ]);
    expect(read('licence').suggestions).toEqual([
      {
        file: 'package.license',
        line: '>=test-lab/needs-licence-1 lab-eula',
        requiredBy: ['test-lab/needs-licence (argument)'],
      },
    ]);
    expect(read('licence').messages[0]).toBe('!!! The following installed packages are masked:');
  });
});

describe('an unknown line', () => {
  test.each([
    '[ebuild  N     ] app-misc/greet-1.0::gentoo  USE="loud" 0 KiB and more',
    '[ebuild  N     ] app-misc/greet::gentoo  0 KiB',
    '[ebuild  X     ] app-misc/greet-1.0::gentoo  0 KiB',
    '[wonder  N     ] app-misc/greet-1.0::gentoo  0 KiB',
    '[ebuild  N     ] greet-1.0::gentoo  0 KiB',
  ])('is kept: %s', (line) => {
    expect(parsePretendedPackage(line)).toBeUndefined();
    expect(parsePretendOutput(['', line, ''])).toMatchObject({ packages: [], messages: [line] });
  });

  test('is kept as a message within a section, too', () => {
    const heading = '!!! The following binary packages have been ignored due to non matching USE:';
    const { ignored, messages } = parsePretendOutput([heading, '', '    =a/b-1 c', 'what is this', '    =a/d-1 e']);
    expect(ignored).toEqual([{ cpv: 'a/b-1', why: 'use', flags: ['c'] }]);
    expect(messages).toEqual(['what is this', '    =a/d-1 e']);
  });

  test('is never lost, for any output', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z[\](){}:=/ "]{1,30}$/)), (lines) => {
        const said = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
        expect(parsePretendOutput(lines).messages).toEqual(said);
      }),
    );
  });
});

test('parses lists of older versions, and coloured output', () => {
  expect(parsePretendedPackage('[ebuild     U ] net-misc/curl-8.1.0-r1 [8.0.0] USE="ssl -doc" 2,345 kB')).toMatchObject(
    {
      cpv: 'net-misc/curl-8.1.0-r1',
      repository: '',
      change: 'upgrade',
      download: '2,345 kB',
    },
  );
  const coloured =
    '[\u001B[32mebuild\u001B[39;49;00m  \u001B[32mN\u001B[39;49;00m     ] \u001B[32ma/b-1::c\u001B[39;49;00m  0 KiB';
  expect(parsePretendOutput([coloured]).packages.map(inShort)).toEqual(['ebuild a/b-1 0/0 new']);
});

function fail(): never {
  throw new Error('there is no such package');
}
