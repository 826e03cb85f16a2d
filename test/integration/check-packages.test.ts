import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parsePackageArgument } from '../../src/portage/atom.ts';
import { runProgram } from '../support/run-program.ts';
import { packageArgument } from '../unit/portage/package-arguments.ts';

const count = 3000;

/** The arguments that gentoo-base's shell program refuses, from one run; each argument is one printable word. */
async function refusedByShell(words: readonly string[]): Promise<ReadonlySet<string>> {
  const entrypoint = ['--entrypoint=/usr/lib/gentoo-base/check-packages', 'gentoo-base'];
  const { status, stderr } = await runProgram('docker', ['run', '--rm', '--network=none', ...entrypoint, ...words]);
  expect(status, stderr).toBe(2);
  return new Set(
    [...stderr.matchAll(/failed to read the package '(.*)': (?!.*the package ')/g)].map(([, word = '']) => word),
  );
}

test('the builder and gentoo-base accept the same packages', async () => {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
  console.info(`packages of gentoo-base: seed ${seed}, ${count} texts`);
  const files = ['/tmp', './x', '..', '~/x', 'a/b-1.ebuild', 'a/b.tbz2', 'a.xpak', 'x.gpkg.tar'];
  const sets = [
    '@world',
    '@',
    '@-a',
    '@a/b',
    '@a/-b',
    '@a//b',
    '@a/',
    '@a/.b',
    '@a b',
    '@a:b',
    'world',
    'system',
    '@_.+-',
  ];
  const others = [
    '--pretend',
    '-p',
    '!a/b',
    '!!a/b',
    '$(id)',
    'a;b',
    `a/${'b'.repeat(1100)}`,
    `@${'a'.repeat(1100)}`,
    'a/b\u00a0',
    'ä/b',
    'a/b*',
    '*/*',
  ];
  const texts = [...files, ...sets, ...others, ...fc.sample(packageArgument, { seed, numRuns: count })];
  const words = [...new Set(texts)].filter((text) => /^[^\s\p{Cc}\p{Cf}\p{Cs}]+$/u.test(text));
  const refused = await refusedByShell(words);
  const shown = (word: string) => word.slice(0, 1000);
  expect(
    words.filter((word) => refused.has(shown(word)) === parsePackageArgument(word).ok),
    `seed ${seed}`,
  ).toEqual([]);
  const share = words.filter((word) => parsePackageArgument(word).ok).length / words.length;
  expect(share).toBeGreaterThan(0.3);
  expect(share).toBeLessThan(0.9);
});
