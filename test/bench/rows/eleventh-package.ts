import { BenchSite } from '../bench-site.ts';
import type { Bench } from '../bench-world.ts';
import { ratios, takeRounds } from '../compare.ts';
import { describeSeconds, type Row } from '../row.ts';
import { runScript, withBinpkgs, withInit } from '../script.ts';
import { firstAtoms, tinyAtom } from '../tiny-packages.ts';

const ten = firstAtoms(10);
/** Each round has its own eleventh package, so that no round finds it compiled. */
const withEleventh = (round: number) => [...ten, tinyAtom(10 + round)];

/**
 * Compares the ways to add a package to a root of ten: the site's set, the Dockerfile's RUN line and the script name an eleventh.
 * The script with `--init` builds all eleven, and with `--buildpkg --usepkg` it has binary packages of the ten.
 */
export async function compareEleventhPackage({ api, bed, buildKit, tiny, runs }: Bench): Promise<readonly Row[]> {
  const image = bed.imageName('eleven');
  await using site = new BenchSite(api, { word: 'eleventh', stage: tiny.image, trees: tiny.trees, sets: { set: ten } });
  process.stderr.write('  ten packages: zentoo,');
  await site.build();
  process.stderr.write(' BuildKit,');
  // BuildKit can use the layers before the changed RUN line alone, so that one package is enough here.
  await buildKit.build({ base: tiny.image, atoms: ten.slice(0, 1), image });
  process.stderr.write(' script,');
  await bed.reset();
  const options = [...bed.mountOptions(), ...withInit];
  await runScript(bed, { base: tiny.image, atoms: ten, options: [...options, ...withBinpkgs] });
  process.stderr.write(' done; an eleventh:');
  const rounds = await takeRounds<[number, number, number, number]>(
    runs,
    [
      async (round) => {
        site.writeSets({ set: withEleventh(round) });
        const { seconds, compiled } = await site.build();
        if (compiled.length !== 1)
          throw new Error(`zentoo compiled ${compiled.join(', ') || 'nothing'}, and not one package`);
        return seconds;
      },
      (round) => buildKit.build({ base: tiny.image, atoms: withEleventh(round), image }),
      (round) => runScript(bed, { base: tiny.image, atoms: withEleventh(round), options }),
      (round) =>
        runScript(bed, { base: tiny.image, atoms: withEleventh(round), options: [...options, ...withBinpkgs] }),
    ],
    { warmUp: false },
  );
  await bed.removeImage(image);
  const secondsOf = (party: number) => rounds.map((round) => round[party] ?? Number.NaN);
  const [ours, dockerfile, script, reusing] = [secondsOf(0), secondsOf(1), secondsOf(2), secondsOf(3)];
  const zentoo = describeSeconds('zentoo', ours);
  return [
    {
      name: 'eleventh',
      what: 'an eleventh package: zentoo build / BuildKit, which runs RUN emerge of all eleven again',
      value: ratios(ours, dockerfile),
      target: { atMost: 1 },
      details: [`${zentoo}, ${describeSeconds('BuildKit', dockerfile)}`],
    },
    {
      name: 'eleventh-script',
      what: 'an eleventh package: zentoo build / the shell script with --init, which compiles all eleven',
      value: ratios(ours, script),
      target: { atMost: 1 },
      details: [`${zentoo}, ${describeSeconds('script', script)}`],
    },
    {
      name: 'eleventh-reuse',
      what: 'an eleventh package: zentoo build / the shell script with --init and --buildpkg --usepkg, which has binary packages of ten',
      value: ratios(ours, reusing),
      details: [`${zentoo}, ${describeSeconds('script', reusing)}`],
    },
  ];
}
