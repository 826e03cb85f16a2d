import { expect, it } from 'vitest';
import { makeOptions } from '../../../src/portage/make-options.ts';

const share = { jobs: 4, load: 16 };

it.each([
  ['', '-j4 -l16'],
  ['-j2', '-j2 -l16'],
  ['-j64', '-j4 -l16'],
  ['-j 3 -l 2.5', '-j3 -l2.5'],
  ['--jobs=3 --load-average=99', '-j3 -l16'],
  ['--jobs --quiet', '-j4 -l16 --quiet'],
  ['-j', '-j4 -l16'],
  ['-j9 V=1  --shuffle', '-j4 -l16 V=1 --shuffle'],
  ['--jobserver-style=fifo', '-j4 -l16 --jobserver-style=fifo'],
  ['-j0', '-j4 -l16'],
  ['-kj8', '-j4 -l16 -k'],
  ['-sj2', '-j2 -l16 -s'],
  ['-kj 2', '-j2 -l16 -k'],
  ['-kj', '-j4 -l16 -k'],
  ['-skl99', '-j4 -l16 -sk'],
  ['-Otarget -fjob', '-j4 -l16 -Otarget -fjob'],
])('of MAKEOPTS="%s" makes a share', (own, shared) => {
  expect(makeOptions(own, share)).toBe(shared);
});

it.each(['-Bj', '-j', '-l', '--max-load='])(
  'case 3.7: are limited in linear time after %s with many digits',
  (start) => {
    expect(makeOptions(`${start}${'0'.repeat(100_000)}x`, share)).toMatch(/^-j4 -l16 /);
  },
);
