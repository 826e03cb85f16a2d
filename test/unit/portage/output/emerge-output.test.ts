import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isJobStatus, parseEmergeLine, stripEscapes } from '../../../../src/portage/output/emerge-output.ts';
import { readTranscript } from '../transcript.ts';
import { anyString } from '../../../support/any-string.ts';

const progressOf = (name: string) => readTranscript(name).lines.flatMap((line) => parseEmergeLine(line) ?? []);

test('parses a build with several jobs', () => {
  const progress = progressOf('success-greet-jobs').map((event) =>
    'index' in event ? `${event.action} ${event.index}/${event.total} ${event.cpv}` : event.cpv,
  );
  expect(progress).toEqual([
    'emerging 1/4 dev-libs/greeting-2.0',
    'emerging 2/4 app-misc/timepiece-1.1',
    'installing 2/4 app-misc/timepiece-1.1',
    'emerging 3/4 app-misc/timepiece-2.0',
    'installing 1/4 dev-libs/greeting-2.0',
    'completed 2/4 app-misc/timepiece-1.1',
    'completed 1/4 dev-libs/greeting-2.0',
    'emerging 4/4 app-misc/greet-1.0',
    'installing 3/4 app-misc/timepiece-2.0',
    'completed 3/4 app-misc/timepiece-2.0',
    'installing 4/4 app-misc/greet-1.0',
    'completed 4/4 app-misc/greet-1.0',
  ]);
});

test('parses a binary package, and ignores the output of packages', () => {
  const common = { index: 1, total: 1, cpv: 'app-misc/motto-1.1', repository: 'gentoo' };
  expect(progressOf('binary-package')).toEqual([
    { action: 'emerging', ...common, binary: true },
    { action: 'installing', ...common, binary: false },
    { action: 'completed', ...common, binary: false },
  ]);
});

test('parses failures, and the restarted count of --keep-going', () => {
  const events = progressOf('compile-fails-keep-going');
  expect(events.filter((event) => event.action === 'failed')).toEqual([
    { action: 'failed', cpv: 'test-fault/compile-fails-1' },
  ]);
  expect(events.findLast((event) => event.action === 'completed')).toMatchObject({
    index: 2,
    total: 2,
    cpv: 'app-misc/greet-1.0',
  });
  expect(progressOf('postinst-fails').at(-1)).toEqual({ action: 'failed', cpv: 'test-fault/postinst-fails-1' });
});

test.each([
  ['>>> Emerging (1 of 2) app-misc/a-1', { action: 'emerging', cpv: 'app-misc/a-1', repository: '' }],
  ['>>> Emerging (1 of 2) app-misc/a-1::gentoo for /mnt/root/', { action: 'emerging', cpv: 'app-misc/a-1' }],
  ['>>> Installing (1 of 2) app-misc/a-1::gentoo to /mnt/root/', { action: 'installing', cpv: 'app-misc/a-1' }],
  ['>>> Failed to emerge app-misc/a-1 for /mnt/root/, Log file:', { action: 'failed', cpv: 'app-misc/a-1' }],
  ['>>> Failed to emerge app-misc/a-1', { action: 'failed', cpv: 'app-misc/a-1' }],
  ['>>> Fetching (3 of 12) app-misc/a-1::x', { action: 'fetching', index: 3, total: 12 }],
  [
    '\u001B[32m>>>\u001B[39;49;00m Emerging (\u001B[33;01m3\u001B[39;49;00m of \u001B[33;01m12\u001B[39;49;00m) \u001B[32mapp-misc/a-1::gentoo\u001B[39;49;00m\r',
    { action: 'emerging', index: 3, total: 12, cpv: 'app-misc/a-1', repository: 'gentoo' },
  ],
  ['\u001B]2;emerge: (1 of 2) a/b\u0007>>> Completed (1 of 2) a/b-1::c', { action: 'completed', cpv: 'a/b-1' }],
])('%j', (line, event) => {
  expect(parseEmergeLine(line)).toMatchObject(event);
});

test.each([
  '',
  '>>> Emerging',
  '>>> Emerging (1 of 2)',
  '>>> Emerging (x of 2) a/b-1',
  '>>> Emerging (1 of 99999999999) a/b-1',
  '>>> Emerging (1 of 2) b-1',
  '>>> Jobs: 1 of 4 complete, 1 running               Load avg: 0.5, 0.4, 0.3',
  '>>> Install app-misc/a-1 into /var/tmp/portage/app-misc/a-1/image',
  'echo ">>> Emerging (1 of 2) a/b-1"',
  `>>> Emerging (1 of 2) ${'a/b'.repeat(1000)}`,
])('not progress: %j', (line) => {
  expect(parseEmergeLine(line)).toBeUndefined();
});

// With a quadratic pattern the second loop takes hours, and the test's time limit ends it.
test('parses any line, in linear time', () => {
  fc.assert(fc.property(anyString(), (text) => void parseEmergeLine(`>>> ${text}`)));
  for (const unit of ['\u001B[', '\u001B]', '\u001B', '>>> ', 'a/', '::', ' for']) {
    parseEmergeLine(`>>> Emerging (1 of 2) ${unit.repeat(1000)}`);
    stripEscapes(unit.repeat(1e6));
  }
});

test.each([
  ['>>> Jobs: 0 of 1 complete                                               Load avg: 15.2, 13.0, 8.7', true],
  ['>>> Jobs: 1 of 4 complete, 1 running, 1 failed', true],
  ['\u001B[0m>>> Jobs: 0 of 3 complete', true],
  ['>>> Emerging (1 of 4) app-misc/jobs-1::gentoo', false],
  ['prints >>> Jobs: 0 of 1 complete', false],
])('knows the status of jobs: %s', (line, expected) => {
  expect(isJobStatus(line)).toBe(expected);
});
