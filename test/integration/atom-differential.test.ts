import { spawn } from 'node:child_process';
import { text as readText } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSetName, parsePackageArgument } from '../../src/portage/atom.ts';
import { packageArgument } from '../unit/portage/package-arguments.ts';

const image = 'gentoo-ministage';
const count = 10_000;

/** Applies emerge's tests to each argument; each answer is one character. */
const askPortage = `
import json, sys
from _emerge.is_valid_package_atom import is_valid_package_atom
print("".join("01"[is_valid_package_atom(x, allow_repo=True)] for x in json.load(sys.stdin)))
`;

/**
 * Arguments that zentoo refuses although Portage's grammar allows them: names that emerge would take for files, and line ends,
 * which Portage's regular expression for a USE dependency accepts.
 */
const refusedOnPurpose = (text: string): boolean => /\.(?:ebuild|tbz2|xpak|gpkg\.tar)$|\n/.test(text);

/** Whether our parser accepts it as an atom. Portage handles sets before it parses an atom. */
const isAtom = (text: string): boolean => {
  const parsed = parsePackageArgument(text);
  return parsed.ok && !isSetName(parsed.value);
};

/** Portage's own verdicts, from one run of the ministage. */
async function portageVerdicts(texts: readonly string[]): Promise<readonly boolean[]> {
  const docker = spawn('docker', [
    'run',
    '--rm',
    '-i',
    '--network=none',
    '--entrypoint=python3',
    image,
    '-c',
    askPortage,
  ]);
  docker.stdin.end(JSON.stringify(texts));
  const ended = new Promise<number | null>((resolve, reject) => docker.on('close', resolve).on('error', reject));
  const [stdout, stderr, status] = await Promise.all([readText(docker.stdout), readText(docker.stderr), ended]);
  if (status !== 0) throw new Error(`python3 in ${image} ended with ${status}: ${stderr}`);
  return Array.from(stdout.trim(), (digit) => digit === '1');
}

test('our parser and Portage’s parser accept the same atoms', async () => {
  const seed = Number(process.env['FC_SEED'] ?? Date.now() % 2 ** 31);
  console.info(`atom differential: seed ${seed}, ${count} texts`);
  const texts = fc.sample(packageArgument, { seed, numRuns: count });
  const verdicts = await portageVerdicts(texts);
  expect(verdicts).toHaveLength(count);

  const disagreements = texts.filter((text, index) => isAtom(text) !== (verdicts[index] && !refusedOnPurpose(text)));
  expect(disagreements, `seed ${seed}`).toEqual([]);
  expect(verdicts.filter(Boolean).length / count, 'share of valid texts').toBeGreaterThan(0.3);
  expect(verdicts.filter((valid) => !valid).length / count, 'share of invalid texts').toBeGreaterThan(0.3);
});
