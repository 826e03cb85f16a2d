import { describe, expect, test } from 'vitest';
import { describeElog, parseElogFile } from '../../../../src/portage/output/elog.ts';
import { parseEmergeLine } from '../../../../src/portage/output/emerge-output.ts';
import { firstMatch, readEmergeReport, section } from '../../../../src/portage/output/emerge-report.ts';
import { LastLines } from '../../../../src/portage/output/last-lines.ts';
import { parsePretendOutput } from '../../../../src/portage/output/pretend-output.ts';
import { enabledFlags, parsePretendedPackage } from '../../../../src/portage/output/pretend-package.ts';
import { parseStatusSnapshot } from '../../../../src/portage/output/status-stream.ts';

describe('a message of a package', () => {
  const phasesOf =
    'pretend setup unpack prepare configure compile test install package instprep preinst postinst prerm postrm nofetch config info other';

  test.each(phasesOf.split(' '))('is told apart by its heading in the phase %s', (phase) => {
    expect(parseElogFile('elog/a:b-1:20260102-030405.log', `INFO: ${phase}\nx\n`)).toEqual({
      ...{ cpv: 'a/b-1', time: new Date('2026-01-02T03:04:05Z'), messages: [{ level: 'info', phase, lines: ['x'] }] },
    });
  });

  test.each(['LOG: install more', 'xLOG: install', 'NOTE: install', 'log: install', 'LOG:install'])(
    'has %j as text',
    (line) => {
      expect(parseElogFile('a:b-1:20260102-030405.log', `LOG: install\n${line}\n`)?.messages).toEqual([
        { level: 'log', phase: 'install', lines: [line] },
      ]);
    },
  );

  test.each(['a-b-1.log', 'a:b-1:2026012-030405.log', 'a:b-1:20260102-030405.log.gz', 'a:b-1:x20260102-030405.log'])(
    'is not in the file %s',
    (path) => {
      expect(parseElogFile(`elog/${path}`, 'LOG: install\nx\n')).toBeUndefined();
    },
  );

  test('loses empty lines at both ends, trailing spaces and colours, and no other character', () => {
    const text = 'a line before\nLOG: install\n\n\t\n x\u001B[1;31my \n\n\tz\u0000\u0085 \n\n';
    expect(parseElogFile('/a/b-1:20260102-030405.log', text)?.messages[0]?.lines).toEqual([' xy', '', '\tz']);
  });

  test('is listed by time, then by package, with its level unless that is log', () => {
    const entry = (cpv: string, second: string, level: 'log' | 'error') => ({
      ...{ cpv, time: new Date(`2026-01-02T03:04:${second}Z`) },
      messages: [{ level, phase: 'install', lines: ['x', ''] }],
    });
    expect(
      describeElog([entry('b/b-1', '01', 'log'), entry('a/a-1', '01', 'error'), entry('c/c-1', '00', 'log')]),
    ).toEqual([...['c/c-1:', '  x', '', 'a/a-1:', '  error: x', '  error:', 'b/b-1:', '  x', '']]);
  });
});

describe('a line of emerge', () => {
  test.each([
    ['>>> Emerging binary (1 of 2) a/b-1::c', 'emerging', true],
    ['>>> Fetching binary (1 of 2) a/b-1::c', 'fetching', true],
    ['>>> Fetching (1 of 2) a/b-1::c', 'fetching', false],
    ['>>> Installing (1 of 2) a/b-1::c', 'installing', false],
    ['>>> Completed (1 of 2) a/b-1::c for /x', 'completed', false],
  ])('%s', (line, action, binary) => {
    expect(parseEmergeLine(line)).toEqual({ action, binary, index: 1, total: 2, cpv: 'a/b-1', repository: 'c' });
  });

  test.each([
    ['>>> Failed to install a/b-1, Log file:', 'a/b-1'],
    ['>>> Failed to install a/b-1 to /x', 'a/b-1'],
    ['>>> Failed to emerge a/b-1 for /x, Log file:', 'a/b-1'],
  ])('%s', (line, cpv) => {
    expect(parseEmergeLine(line)).toEqual({ action: 'failed', cpv });
  });

  test.each([
    '>>> Installing binary (1 of 2) a/b-1',
    '>>> Failed to build a/b-1',
    'x >>> Completed (1 of 2) a/b-1',
    '>>> Completed (1 of 2) a/b-1 at /x',
  ])('%s is no progress', (line) => {
    expect(parseEmergeLine(line)).toBeUndefined();
  });

  test('may have 2048 characters', () => {
    const line = (length: number) => '>>> Completed (1 of 2) a/'.padEnd(length - 2, 'b') + '-1';
    expect(parseEmergeLine(line(2048))).toMatchObject({ action: 'completed' });
    expect(parseEmergeLine(line(2049))).toBeUndefined();
  });
});

describe('the report of emerge', () => {
  const reportOf = (...lines: readonly string[]) => readEmergeReport({ exitStatus: 1, lines });

  test('has the lines without colours, control characters and trailing space, and the end', () => {
    const tmpfs = { directory: '/t', excluded: '/t/a', size: 1, bigPackages: [] };
    const lines = [' \u001B[32mx\u001B[0m\u0007\ty \r'];
    expect(readEmergeReport({ exitStatus: 7, signal: 'SIGHUP', lines }, tmpfs)).toEqual({
      ...{
        exitStatus: 7,
        signal: 'SIGHUP',
        lines: [' x\ty'],
        unsourced: [],
        spaces: [],
        failed: undefined,
        current: undefined,
        tmpfs,
      },
    });
  });

  test('names the package that emerge had begun, unless it was completed', () => {
    const begun = '>>> Emerging (1 of 2) a/b-1::c';
    expect(reportOf('>>> Completed (1 of 3) a/a-1', begun, 'x').current).toBe('a/b-1');
    expect(reportOf(begun, '>>> Completed (1 of 2) a/b-1::c').current).toBeUndefined();
    expect(reportOf('>>> Failed to emerge a/c-1').current).toBe('a/c-1');
  });

  test('has the facts about the package that failed first', () => {
    const own = [
      ' * ERROR: a/b-1::c failed (compile phase):',
      ' *   the message',
      " * The complete build log is located at '/l/own.log'.",
      " * Working directory: '/w'",
    ];
    const gaveUp = ['>>> Failed to emerge a/b-1, Log file:', ">>>  '/l/b.log'"];
    const other = [' * ERROR: a/z-1::c failed (setup phase):', ' *   another', '>>> Failed to emerge a/z-1, Log file:'];
    const failed = { cpv: 'a/b-1', phase: 'compile', message: 'the message', workingDirectory: '/w' };
    expect(reportOf('before', ...own, ...gaveUp, ...other).failed).toEqual({ ...failed, buildLog: '/l/b.log' });
    expect(reportOf(...gaveUp, ...other.slice(0, 2), ...own).failed).toEqual({ ...failed, buildLog: '/l/b.log' });
    expect(reportOf(...own).failed).toEqual({ ...failed, buildLog: '/l/own.log' });
    expect(reportOf(gaveUp[0] ?? '', 'x', gaveUp[1] ?? '').failed).toEqual({
      ...{ cpv: 'a/b-1', phase: undefined, message: undefined, buildLog: undefined, workingDirectory: undefined },
    });
    expect(reportOf(' * ERROR: a/b-1 failed:', ' * x', ' * y', ' *   third', ' *   fourth').failed).toMatchObject({
      ...{ phase: undefined, message: 'third' },
    });
    expect(reportOf(' * ERROR: a/b-1 failed:', ' * x', ' * y', ' * z', ' *   fourth').failed?.message).toBeUndefined();
  });

  test('is searched for a first match, or for a section', () => {
    expect(firstMatch(['a', 'b1', 'b2'], /b(\d)/)).toBe('1');
    expect(firstMatch(['a', 'b1', 'b2'], /b\d/)).toBe('b1');
    expect(firstMatch(['a'], /b/)).toBeUndefined();
    const lines = ['x', 'begin', 'y', 'end', 'begin', 'z'];
    expect(section(lines, /begin/, /end/)).toEqual(['begin', 'y']);
    expect(section(lines, /end/, /none/)).toEqual(['end', 'begin', 'z']);
    expect(section(lines, /begin/, /begin/)).toEqual(['begin', 'y', 'end']);
    expect(section(lines, /none/, /end/)).toEqual([]);
  });
});

test('the last lines are at least one', () => {
  const last = new LastLines(0);
  for (const line of ['a', 'b']) last.push(line);
  expect(last.toArray()).toEqual(['b']);
});

describe('a package in the list of emerge', () => {
  const nothing = {
    ...{ kind: 'ebuild', action: 'merge', cpv: 'a/b-1', buildId: undefined, slot: '0', subslot: '0', repository: 'c' },
    ...{ change: 'none', forced: false, interactive: false, fetch: undefined, mask: undefined, previous: [], use: [] },
    ...{ download: '0 KiB', root: undefined, depth: 0 },
  };
  const marked = (marks: string) => parsePretendedPackage(`[ebuild ${marks}] a/b-1::c 0 KiB`);

  test('without marks has no attributes', () => {
    expect(marked('       ')).toEqual(nothing);
  });

  test.each<[string, object]>([
    [' N     ', { change: 'new' }],
    [' NS    ', { change: 'new-slot' }],
    ['  R    ', { change: 'reinstall' }],
    [' rR    ', { change: 'reinstall', forced: true }],
    ['    U  ', { change: 'upgrade' }],
    ['    UD ', { change: 'downgrade' }],
    ['     D ', { change: 'none' }],
    ['  S    ', { change: 'none' }],
    ['I      ', { interactive: true }],
    ['   f   ', { fetch: 'satisfied' }],
    ['   F   ', { fetch: 'restricted' }],
    ['   g   ', { fetch: 'remote' }],
    ['      #', { mask: 'package.mask' }],
    ['      *', { mask: 'missing keyword' }],
    ['      ~', { mask: 'testing keyword' }],
    [' rR fU ', {}],
  ])('has the marks %j', (marks, attributes) => {
    const parsed = marked(marks);
    if (Object.keys(attributes).length === 0) expect(parsed).toBeUndefined();
    else expect(parsed).toEqual({ ...nothing, ...attributes });
  });

  test.each<[string, object]>([
    ['a/b-1:2::c', { slot: '2', subslot: '2' }],
    ['a/b-1:2/3::c', { slot: '2', subslot: '3' }],
    ['a/b-1', { repository: '' }],
    [
      'a/b-1::c [0.9:1/2::d, 0.8]',
      {
        previous: [
          { version: '0.9', slot: '1', subslot: '2', repository: 'd' },
          { version: '0.8', slot: '0', subslot: '0', repository: '' },
        ],
      },
    ],
    ['a/b-1::c to /x/', { root: '/x/' }],
    ['a/b [1::c] [0.9]', { previous: [{ version: '0.9', slot: '0', subslot: '0', repository: '' }] }],
    ['a/b [1:2::c]', { slot: '2', subslot: '2' }],
    ['a/b-1::c  USE="x" 1,234 KiB [1]', { download: '1,234 KiB', use: [{ variable: 'USE', flags: [flag('x')] }] }],
  ])('is read from %s', (text, parts) => {
    expect(parsePretendedPackage(`[ebuild        ] ${text}`)).toEqual({ ...nothing, download: undefined, ...parts });
  });

  test.each(['a/b-1::c [1] [2]', 'a/b', 'b-1', 'a/b-1/c', '/b-1', 'a/b-1 [1] x'])('is not read from %s', (text) => {
    expect(parsePretendedPackage(`[ebuild        ] ${text}`)).toBeUndefined();
  });

  test.each([
    ['a/b-1-2', 'a/b-1', 2],
    ['a/b-1-r3-12', 'a/b-1-r3', 12],
    ['a/b-1', 'a/b-1', undefined],
    ['a/b-1-r3', 'a/b-1-r3', undefined],
  ])('has the build of a binary package: %s', (text, cpv, buildId) => {
    expect(parsePretendedPackage(`[binary        ] ${text}::c 0 KiB`)).toEqual({
      ...nothing,
      kind: 'binary',
      cpv,
      buildId,
    });
  });

  test('is left or removed as it is installed', () => {
    for (const action of ['nomerge', 'uninstall'])
      expect(parsePretendedPackage(`[${action}       ]   a/b-1::c 0 KiB`)).toEqual({
        ...{ ...nothing, kind: 'installed', action, depth: 2 },
      });
    expect(parsePretendedPackage('[nothing       ] a/b-1::c')).toBeUndefined();
  });

  test('has its flags with their marks', () => {
    const { use = [] } = parsePretendedPackage('[ebuild        ] a/b-1 USE="x -y* (z) (-w%) v%* " L10N="de -fr"') ?? {};
    expect(use).toEqual([
      {
        variable: 'USE',
        flags: [
          flag('x'),
          flag('y', { enabled: false, changed: true }),
          flag('z', { fixed: true }),
          flag('w', { enabled: false, fixed: true, inOneOnly: true }),
          flag('v', { changed: true, inOneOnly: true }),
        ],
      },
      { variable: 'L10N', flags: [flag('de'), flag('fr', { enabled: false })] },
    ]);
    expect(enabledFlags(use)).toEqual(['x', 'z', 'v', 'l10n_de']);
  });
});

function flag(name: string, marks: object = {}) {
  return { name, enabled: true, fixed: false, changed: false, inOneOnly: false, ...marks };
}

describe('the output of emerge --pretend', () => {
  const heading = (why: string) => `!!! The following binary packages have been ignored due to ${why}:`;

  test.each([
    ['non matching USE', 'use', '    =a/b-1 x -y', { cpv: 'a/b-1', flags: ['x', '-y'] }],
    ['non matching USE', 'use', '    =a/b-1:2/3::c x', { cpv: 'a/b-1', flags: ['x'] }],
    ['non matching USE', 'use', '    =a/b-1 x for /r/', { cpv: 'a/b-1', flags: ['x'] }],
    ['non matching USE', 'use', '    =a/b-1 x # for /r/', { cpv: 'a/b-1', flags: ['x'] }],
    ['changed dependencies', 'dependencies', '     a/b-1::c', { cpv: 'a/b-1', flags: [] }],
    ['user patches', 'patches', '    =a/b-1-r2-3', { cpv: 'a/b-1-r2', flags: [] }],
    ['user patches', 'patches', '    =a/b-1-r2', { cpv: 'a/b-1-r2', flags: [] }],
    ['changed dependencies', 'dependencies', '    =a/b-1-3', { cpv: 'a/b-1-3', flags: [] }],
  ])('lists binary packages that are ignored because of %s: %s, %s', (reason, why, line, item) => {
    const { ignored, messages } = parsePretendOutput([heading(reason), '', line, 'after']);
    expect(ignored).toEqual([{ ...item, why }]);
    expect(messages).toEqual(['after']);
  });

  test('lists rebuilds below their cause, and keeps lines below no cause', () => {
    const begin = 'The following packages are causing rebuilds:';
    const cause = '  (a/b-2:0/2::c, ebuild scheduled for merge) causes rebuilds for:';
    const rebuilt = (name: string) => `    (a/${name}-1:0/0::c, ebuild scheduled for merge)`;
    expect(parsePretendOutput([begin, '', cause, rebuilt('x'), rebuilt('y'), 'after', rebuilt('z')])).toMatchObject({
      rebuilds: [
        { cause: 'a/b-2', cpv: 'a/x-1' },
        { cause: 'a/b-2', cpv: 'a/y-1' },
      ],
      messages: ['after', rebuilt('z')],
    });
    expect(parsePretendOutput([begin, rebuilt('x')])).toMatchObject({ rebuilds: [], messages: [rebuilt('x')] });
  });

  test('has suggestions for the file that emerge names, and a message if it names none', () => {
    const begin = 'The following USE changes are necessary to proceed:';
    const see = ' (see "package.use" in the portage(5) man page for more details)';
    const lines = [
      '# required by a/x-1',
      '# required by y (argument)',
      '>=a/b-1 u',
      '# a comment',
      '=a/c-1 v',
      'after',
    ];
    expect(parsePretendOutput([begin, see, ...lines])).toMatchObject({
      suggestions: [
        { file: 'package.use', line: '>=a/b-1 u', requiredBy: ['a/x-1', 'y (argument)'] },
        { file: 'package.use', line: '=a/c-1 v', requiredBy: [] },
      ],
      messages: ['after'],
    });
    expect(parsePretendOutput([begin, ...lines]).messages).toContain(begin);
  });

  test('has no line that emerge prints always, and the first total', () => {
    const lines = [
      ...[
        'These are the packages that would be merged, in order:',
        'Calculating dependencies',
        'Calculating dependencies  ... done!',
      ],
      ...['... done!', 'Dependency resolution took 1.23 s (backtrack: 0/20).', 'Total: 1 package, Size', 'Total: 2'],
    ];
    expect(parsePretendOutput(lines)).toMatchObject({ messages: ['Total: 2'], total: 'Total: 1 package, Size' });
    expect(parsePretendOutput(['x done!', 'Not Calculating dependencies']).messages).toHaveLength(2);
  });

  test('has blockers with and without a description', () => {
    expect(parsePretendOutput(['[blocks B      ] a/b ("x" is hard blocking y)', '[blocks b] a/c']).blockers).toEqual([
      { blocked: 'a/b', description: '"x" is hard blocking y', satisfied: false },
      { blocked: 'a/c', description: '', satisfied: true },
    ]);
  });

  test('has no note about options that the user does not choose, up to its empty line', () => {
    for (const option of ['binpkg-respect-use=n', 'binpkg-changed-deps=n', 'autounmask-keep-masks'])
      expect(
        parsePretendOutput([`NOTE: The --${option} option will prevent x`, '      more of it', '', 'after']).messages,
      ).toEqual(['after']);
    expect(parsePretendOutput(['NOTE: The --other option will prevent x']).messages).toHaveLength(1);
  });
});

describe('a task of the status stream', () => {
  const read = (task: object) =>
    parseStatusSnapshot(JSON.stringify({ type: 'snapshot', jobs: { completed: 0, total: 1 }, tasks: [task] }))
      ?.packages;

  test.each([
    [{ cpv: 'a/b-1' }, { phase: '', elapsed: 0, binary: false }],
    [
      { cpv: 'a/b-1', phase: 7, kind: 'merge', elapsed: -1, binary: 'x' },
      { phase: 'merge', elapsed: 0, binary: false },
    ],
    [
      { cpv: 'a/b-1', phase: '', kind: 7, elapsed: 'x', binary: null },
      { phase: '', elapsed: 0, binary: false },
    ],
    [
      { cpv: 'a/b-1', phase: 'test', kind: 'x', elapsed: 1.5, binary: true },
      { phase: 'test', elapsed: 1.5, binary: true },
    ],
  ])('is read as far as it has the usual form: %j', (task, parts) => {
    expect(read(task)).toEqual([{ cpv: 'a/b-1', ...parts }]);
  });

  test.each([-1, 0.5, 1e300])('is not read if the count of packages is %d', (completed) => {
    expect(
      parseStatusSnapshot(JSON.stringify({ type: 'snapshot', jobs: { completed, total: 1 }, tasks: [] })),
    ).toBeUndefined();
  });
});
