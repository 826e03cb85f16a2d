import { expect, test } from 'vitest';
import { findOrigins } from '../../../src/plan/package-origins.ts';
import { parsePretendOutput } from '../../../src/portage/output/pretend-output.ts';
import { readTranscript } from '../portage/transcript.ts';

const originsOf = (lines: readonly string[]) => findOrigins(parsePretendOutput(lines));

test('a package that emerge builds from its ebuild is compiled', () => {
  const why = 'new; no binary package in the store';
  expect(originsOf(readTranscript('../pretend/new').lines)).toContainEqual({
    ...{ cpv: 'app-misc/greet-1.0', origin: 'compiled', why },
  });
});

test('a binary package of the store is reused, and one of another host is from upstream', () => {
  expect(
    originsOf([
      '[binary  N     ] app-misc/motto-1.0-2::gentoo  0 KiB',
      '[binary  N g   ] app-misc/greet-1.0-1::gentoo  USE="loud" 3 KiB',
    ]),
  ).toEqual([
    { cpv: 'app-misc/motto-1.0', origin: 'reused', why: 'new; build 2 in the store' },
    { cpv: 'app-misc/greet-1.0', origin: 'upstream', why: 'new; a binary package of another host' },
  ]);
});

test('a package that emerge removes has no origin', () => {
  const { packages } = parsePretendOutput(readTranscript('../pretend/blocked-satisfied').lines);
  const removed = packages.filter(({ action }) => action !== 'merge').map(({ cpv }) => cpv);
  const origins = originsOf(readTranscript('../pretend/blocked-satisfied').lines).map(({ cpv }) => cpv);
  expect(removed.length).toBeGreaterThan(0);
  expect(origins.filter((cpv) => removed.includes(cpv))).toEqual([]);
});
