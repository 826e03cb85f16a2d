import { describe, expect, test } from 'vitest';
import { isJobStatus } from '../../../../src/portage/output/emerge-output.ts';
import { readEmergeReport, section } from '../../../../src/portage/output/emerge-report.ts';
import { parsePretendOutput } from '../../../../src/portage/output/pretend-output.ts';
import { parsePretendedPackage } from '../../../../src/portage/output/pretend-package.ts';

describe('a line that only quotes a line of emerge --pretend', () => {
  const ignored = '!!! The following binary packages have been ignored due to non matching USE:';
  const changes = 'The following USE changes are necessary to proceed:';
  const see = ' (see "package.use" in the portage(5) man page for more details)';
  const rebuilds = 'The following packages are causing rebuilds:';
  const cause = '  (a/b-2:0/2::c, ebuild scheduled for merge) causes rebuilds for:';

  test.each([ignored, changes, rebuilds])('begins no part: %s', (line) => {
    const next = ['    =a/b-1 x', '>=a/b-1 x', cause];
    expect(parsePretendOutput([line, ...next]).messages).not.toEqual([line, ...next]);
    for (const quoted of [`x ${line}`, `${line} x`])
      expect(parsePretendOutput([quoted, ...next]).messages).toEqual([quoted, ...next]);
  });

  test('a note ends where the list of packages begins, also without an empty line between: emerge writes them to two streams', () => {
    const note = [
      'NOTE: The --binpkg-respect-use=n option will prevent emerge',
      '      from ignoring these binary packages if possible.',
      '      Using --binpkg-respect-use=y will silence this warning.',
    ];
    const { packages, messages } = parsePretendOutput([...note, '[ebuild  N     ] app-misc/hello-1::gentoo 0 KiB']);
    expect(packages).toMatchObject([{ cpv: 'app-misc/hello-1' }]);
    expect(messages).toEqual([]);
  });

  test('a line that quotes a note is not skipped as one', () => {
    const note = 'x NOTE: The --autounmask-keep-masks option will prevent y';
    expect(parsePretendOutput([note, 'more']).messages).toEqual([note, 'more']);
  });

  test.each([`x     =a/b-1 y`, '    =a/b-1 x # y', '  =a/b-1 x'])(
    'is no binary package that is ignored: %j',
    (line) => {
      expect(parsePretendOutput([ignored, line])).toMatchObject({ ignored: [], messages: [line] });
    },
  );

  test('names no file of suggestions', () => {
    for (const quoted of [`x${see}`, `${see} x`])
      expect(parsePretendOutput([changes, quoted, '>=a/b-1 u']).suggestions).toEqual([]);
  });

  test.each(['a/b', '*/b-1', '@x/b', '+a/b-1', '~a/b-1', '<=a/b-1', 'a-b/c-1'])(
    'is a suggestion only if it is an atom: %s',
    (atom) => {
      expect(parsePretendOutput([changes, see, `${atom} u`]).suggestions).toMatchObject([{ line: `${atom} u` }]);
      expect(parsePretendOutput([changes, see, `!${atom} u`]).suggestions).toEqual([]);
    },
  );

  test('is no rebuild', () => {
    const rebuilt = '    (a/x-1:0/0::c, ebuild scheduled for merge)';
    for (const quoted of [`x${rebuilt}`, `${rebuilt} x`])
      expect(parsePretendOutput([rebuilds, cause, quoted])).toMatchObject({ rebuilds: [], messages: [quoted] });
  });

  test('with a long name, slot, build and repository is read as a whole', () => {
    const lines = [
      ...['!!! The following binary packages have been ignored due to user patches:', '    =a/b-1.2-r34-56:0::lab'],
      ...[
        '',
        '!!! The following binary packages have been ignored due to changed dependencies:',
        '    =a/c-1:12/34::lab',
      ],
    ];
    expect(parsePretendOutput(lines).ignored).toEqual([
      { cpv: 'a/b-1.2-r34', why: 'patches', flags: [] },
      { cpv: 'a/c-1', why: 'dependencies', flags: [] },
    ]);
    expect(parsePretendedPackage('[binary        ] a/b-1.2-34:12/345::lab  0 KiB')).toMatchObject({
      ...{ cpv: 'a/b-1.2', buildId: 34, slot: '12', subslot: '345', repository: 'lab' },
    });
    expect(
      parsePretendedPackage('[ebuild        ] a/b-1 USE="x%y% z**"')?.use[0]?.flags.map(({ name }) => name),
    ).toEqual([...['x%y', 'z']]);
  });
});

describe('a line that only quotes a fact about a package that failed', () => {
  const died = ' * ERROR: a/b-1::c failed (compile phase):';
  const gaveUp = '>>> Failed to emerge a/b-1, Log file:';
  const failed = (...lines: readonly string[]) => readEmergeReport({ exitStatus: 1, lines }).failed;

  test.each([
    ["x * Working directory: '/w/d'", 'workingDirectory'],
    [" * Working directory: '/w/d' x", 'workingDirectory'],
    ["x * The complete build log is located at '/l/b.log'.", 'buildLog'],
    [" * The complete build log is located at '/l/b.log'. x", 'buildLog'],
    ['x *   a message', 'message'],
  ] as const)('is not the fact: %s', (line, fact) => {
    expect(failed(died, line)?.[fact]).toBeUndefined();
  });

  test.each(["x >>>  '/l/b.log'", ">>>  '/l/b.log' x"])('is not the log: %s', (line) => {
    expect(failed(gaveUp, line)?.buildLog).toBeUndefined();
  });

  test('is not before the fact, which is read as a whole', () => {
    expect(failed(" * Working directory: '/old'", died, " * Working directory: '/w/d'")?.workingDirectory).toBe('/w/d');
    expect(failed(" * Working directory: '/old'", gaveUp)?.workingDirectory).toBeUndefined();
  });
});

test('a section may begin with the first line, and end at the next', () => {
  expect(section(['begin', 'end', 'x'], /begin/, /end/)).toEqual(['begin']);
});

test.each(['>>> Jobs: 12 of 345 complete', '>>> Jobs: 0 of 12 complete, 1 running'])(
  'the status of many jobs: %s',
  (line) => {
    expect(isJobStatus(line)).toBe(true);
  },
);
