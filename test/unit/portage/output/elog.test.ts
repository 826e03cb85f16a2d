import { expect, test } from 'vitest';
import { describeElog, parseElogFile } from '../../../../src/portage/output/elog.ts';

/** As Portage 3.0.83 wrote it for an ebuild with messages in src_install and pkg_postinst. */
const talker = `LOG: install
talker keeps its settings in /etc/talker
over two lines
WARN: install
it talks much
LOG: postinst
run talker --setup once
WARN: postinst
restart it
ERROR: postinst
and an error that is not fatal
`;

const motto = `QA: install
QA Notice: Unresolved soname dependencies:

\t/usr/bin/motto: libc.so.6

`;

test('parses a file of the module save', () => {
  expect(parseElogFile('/var/log/portage/elog/test-lab:talker-1.0:20261122-201313.log', talker)).toEqual({
    cpv: 'test-lab/talker-1.0',
    time: new Date('2026-11-22T20:13:13Z'),
    messages: [
      { level: 'log', phase: 'install', lines: ['talker keeps its settings in /etc/talker', 'over two lines'] },
      { level: 'warn', phase: 'install', lines: ['it talks much'] },
      { level: 'log', phase: 'postinst', lines: ['run talker --setup once'] },
      { level: 'warn', phase: 'postinst', lines: ['restart it'] },
      { level: 'error', phase: 'postinst', lines: ['and an error that is not fatal'] },
    ],
  });
});

test('parses a file of FEATURES=split-elog, and all levels', () => {
  const entry = parseElogFile('elog/app-misc/motto-1.0-r1:20261122-201315.log', motto);
  expect(entry?.cpv).toBe('app-misc/motto-1.0-r1');
  expect(entry?.messages).toEqual([
    {
      level: 'qa',
      phase: 'install',
      lines: ['QA Notice: Unresolved soname dependencies:', '', '\t/usr/bin/motto: libc.so.6'],
    },
  ]);
});

test.each([
  ['elog/summary.log', talker],
  ['app-misc:motto-1.0.log', talker],
  ['elog/app-misc:motto-1.0:20269999-999999.log', talker],
  ['elog/app-misc:motto-1.0:20261122-201315.log', ''],
  ['elog/app-misc:motto-1.0:20261122-201315.log', 'LOG: install\n\n'],
  ['elog/app-misc:motto-1.0:20261122-201315.log', 'no heading\n'],
])('%s is none of these', (path, text) => {
  expect(parseElogFile(path, text)).toBeUndefined();
});

test('removes control characters, and keeps a line that only resembles a heading in the message', () => {
  const text = 'LOG: postinst\n\u001B[31mred\u001B[0m\u0007 \u009B2J\nWARN: nothing\nLOG: config\nb\n';
  expect(parseElogFile('elog/a:b-1:20260101-000000.log', text)?.messages).toEqual([
    { level: 'log', phase: 'postinst', lines: ['red 2J', 'WARN: nothing'] },
    { level: 'log', phase: 'config', lines: ['b'] },
  ]);
});

test('formats messages in the order of merging', () => {
  const later = parseElogFile('elog/a:b-1:20260101-000001.log', 'LOG: postinst\nlater\n\nend\n');
  const sooner = parseElogFile('elog/z:y-1:20260101-000000.log', 'WARN: install\nsooner\n');
  if (!later || !sooner) throw new Error('they are not read');
  expect(describeElog([later, sooner])).toEqual(['z/y-1:', '  warn: sooner', 'a/b-1:', '  later', '', '  end']);
});
