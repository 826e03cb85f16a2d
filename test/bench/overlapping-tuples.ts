import { BenchSite, type SiteBuild, type SiteSets } from './bench-site.ts';
import type { Bench } from './bench-world.ts';
import { ratios, spreadOf, takeRounds } from './compare.ts';
import { describeSeconds, type Row } from './row.ts';
import { runScript } from './script.ts';
import { tinyAtom } from './tiny-packages.ts';

const packages = 8;
/** How far the packages of a set are apart: eight sets of the first kind, and four of the second. */
const steps = [
  { offsets: [0, 1, 3], sets: 8 },
  { offsets: [0, 2, 5], sets: 4 },
] as const;
/** What an administrator would have the script reuse what it has compiled by. */
const shareBinpkgs = ['--env', 'EMERGE_DEFAULT_OPTS=--buildpkg --usepkg'];

/** Twelve sets of three packages out of eight, of which no two are the same. */
export function overlappingSets(): SiteSets {
  const sets = steps.flatMap((step) =>
    Array.from({ length: step.sets }, (_, first) => step.offsets.map((offset) => (first + offset) % packages)),
  );
  return Object.fromEntries(
    sets.map((members, index) => [
      `set${index + 1}`,
      members.toSorted((a, b) => a - b).map((member) => tinyAtom(member + 1)),
    ]),
  );
}

/** Twelve roots that have much in common: one site, two at a time, against the shell script twelve times in a row. */
export async function compareOverlappingTuples({ api, bed, tiny, longRuns }: Bench): Promise<readonly Row[]> {
  const sets = overlappingSets();
  const rounds = await takeRounds<[SiteBuild, number]>(
    longRuns,
    [
      async () => {
        await using site = new BenchSite(api, { word: 'overlap', stage: tiny.image, trees: tiny.trees, sets });
        process.stderr.write('  zentoo');
        return await site.build(['--jobs', '2']);
      },
      async () => {
        await bed.reset();
        let seconds = 0;
        const volumes = [...bed.mountOptions(), ...shareBinpkgs];
        process.stderr.write(', script');
        for (const atoms of Object.values(sets)) {
          seconds += await runScript(bed, { base: tiny.image, atoms, volumes });
          process.stderr.write('.');
        }
        return seconds;
      },
    ],
    { warmUp: false },
  );
  const ours = rounds.map(([build]) => build.seconds);
  const scripts = rounds.map(([, seconds]) => seconds);
  const compiled = rounds.map(([build]) => build.compiled);
  const needed = [...new Set(Object.values(sets).flat())].map((atom) => `${atom}-1`);
  const missing = compiled.flatMap((cpvs) => needed.filter((cpv) => !cpvs.includes(cpv)));
  if (missing.length > 0) throw new Error(`zentoo did not compile ${missing.join(', ')}`);
  // Those of @system are among them.
  const distinct = compiled.map((cpvs) => new Set(cpvs).size);
  return [
    {
      name: 'overlap',
      what: `12 overlapping tuples: zentoo build --jobs 2 / 12 runs of the shell script with one directory of binary packages`,
      value: ratios(ours, scripts),
      target: { atMost: 1 },
      details: [`${describeSeconds('zentoo', ours)}, ${describeSeconds('script', scripts)}`],
    },
    {
      name: 'compilations',
      what: 'what zentoo compiled for them / distinct packages',
      value: spreadOf(compiled.map(({ length }, round) => length / (distinct[round] ?? Number.NaN))),
      target: { atMost: 1 },
      details: [
        `${compiled.map(({ length }) => length).join(', ')} compilations, ${distinct.join(', ')} distinct packages`,
      ],
    },
  ];
}
