import { BenchSite } from './bench-site.ts';
import type { Bench } from './bench-world.ts';
import { ratios, takeRounds } from './compare.ts';
import { describeSeconds, type Row } from './row.ts';
import { runScript } from './script.ts';
import { firstAtoms, tinyAtom } from './tiny-packages.ts';

const ten = firstAtoms(10);
/** Every round has an eleventh package of its own, so that none finds it made already. */
const withEleventh = (round: number) => [...ten, tinyAtom(10 + round)];

/** A package more for a root of ten: the site's set, the Dockerfile's RUN line and the script each name an eleventh. */
export async function compareEleventhPackage({ api, bed, buildKit, tiny, longRuns }: Bench): Promise<readonly Row[]> {
  const image = bed.imageName('eleven');
  await using site = new BenchSite(api, { word: 'eleventh', stage: tiny.image, trees: tiny.trees, sets: { set: ten } });
  process.stderr.write('  ten packages: zentoo,');
  await site.build();
  process.stderr.write(' BuildKit,');
  // Of a build of ten it could use no more than of one of another set: the layers before the RUN that has changed.
  await buildKit.build({ base: tiny.image, atoms: ten.slice(0, 1), image });
  process.stderr.write(' done; an eleventh:');
  const rounds = await takeRounds<[number, number, number]>(
    longRuns,
    [
      async (round) => {
        site.writeSets({ set: withEleventh(round) });
        const { seconds, compiled } = await site.build();
        if (compiled.length !== 1)
          throw new Error(`zentoo compiled ${compiled.join(', ') || 'nothing'}, and not one package`);
        return seconds;
      },
      (round) => buildKit.build({ base: tiny.image, atoms: withEleventh(round), image }),
      async (round) => {
        await bed.reset();
        return runScript(bed, { base: tiny.image, atoms: withEleventh(round), volumes: bed.mountOptions() });
      },
    ],
    { warmUp: false },
  );
  await bed.removeImage(image);
  const [ours, dockerfile, script] = [0, 1, 2].map((party) => rounds.map((round) => round[party] ?? Number.NaN)) as [
    number[],
    number[],
    number[],
  ];
  const zentoo = describeSeconds('zentoo', ours);
  return [
    {
      name: 'eleventh',
      what: 'an eleventh package: zentoo build / BuildKit, whose RUN emerge of eleven is run anew',
      value: ratios(ours, dockerfile),
      target: { atMost: 1 },
      details: [`${zentoo}, ${describeSeconds('BuildKit', dockerfile)}`],
    },
    {
      name: 'eleventh-script',
      what: 'an eleventh package: zentoo build / the shell script from the start',
      value: ratios(ours, script),
      target: { atMost: 1 },
      details: [`${zentoo}, ${describeSeconds('script', script)}`],
    },
  ];
}
