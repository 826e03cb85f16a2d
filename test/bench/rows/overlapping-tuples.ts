import { BenchSite, type SiteBuild, type SiteSets } from '../bench-site.ts';
import type { Bench } from '../bench-world.ts';
import { ratios, spreadOf, takeRounds } from '../compare.ts';
import { describeSeconds, type Row } from '../row.ts';
import { runScript, withBinpkgs, withInit } from '../script.ts';
import { tinyAtom } from '../tiny-packages.ts';

const packages = 6;
/** Each set has the packages at these distances from its number, so that each package is in three sets. */
const offsets = [0, 1, 3];

/** Six different sets of three packages out of six. */
export function overlappingSets(): SiteSets {
  const members = (first: number) => offsets.map((offset) => (first + offset) % packages).toSorted((a, b) => a - b);
  return Object.fromEntries(
    Array.from({ length: packages }, (_, first) => [
      `set${first + 1}`,
      members(first).map((member) => tinyAtom(member + 1)),
    ]),
  );
}

/**
 * Compares a site of roots that overlap, two at a time, with a run of the shell script for each of them in a row, with `--init`
 * and one directory of binary packages.
 */
export async function compareOverlappingTuples({ api, bed, tiny, runs }: Bench): Promise<readonly Row[]> {
  const sets = overlappingSets();
  const runScripts = async () => {
    await bed.reset();
    let seconds = 0;
    const options = [...bed.mountOptions(), ...withInit, ...withBinpkgs];
    process.stderr.write(', script');
    for (const atoms of Object.values(sets)) {
      seconds += await runScript(bed, { base: tiny.image, atoms, options });
      process.stderr.write('.');
    }
    return seconds;
  };
  const rounds = await takeRounds<[SiteBuild, number]>(
    runs,
    [
      async () => {
        await using site = new BenchSite(api, { word: 'overlap', stage: tiny.image, trees: tiny.trees, sets });
        process.stderr.write('  zentoo');
        return await site.build(['--jobs', '2']);
      },
      runScripts,
    ],
    { warmUp: false },
  );
  const ours = rounds.map(([build]) => build.seconds);
  const theirs = rounds.map(([, seconds]) => seconds);
  const count = Object.keys(sets).length;
  const compiled = rounds.map(([build]) => build.compiled);
  const needed = [...new Set(Object.values(sets).flat())].map((atom) => `${atom}-1`);
  const missing = compiled.flatMap((cpvs) => needed.filter((cpv) => !cpvs.includes(cpv)));
  if (missing.length > 0) throw new Error(`zentoo did not compile ${missing.join(', ')}`);
  // Packages of @system are among them.
  const distinct = compiled.map((cpvs) => new Set(cpvs).size);
  return [
    {
      name: 'overlap',
      what: `${count} overlapping tuples: zentoo build --jobs 2 / ${count} runs of the shell script with --init and --buildpkg --usepkg, one at a time`,
      value: ratios(ours, theirs),
      target: { atMost: 1 },
      details: [`${describeSeconds('zentoo', ours)}, ${describeSeconds('script', theirs)}`],
    },
    {
      name: 'compilations',
      what: `compilations of zentoo for the ${count} tuples / distinct packages`,
      value: spreadOf(compiled.map(({ length }, round) => length / (distinct[round] ?? Number.NaN))),
      target: { atMost: 1 },
      details: [
        `${compiled.map(({ length }) => length).join(', ')} compilations, ${distinct.join(', ')} distinct packages`,
      ],
    },
  ];
}
