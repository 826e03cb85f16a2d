import { runBareCalls } from './bare-calls.ts';
import type { Bench } from './bench-world.ts';
import { runBuilder, runBuilderFromNothing, runProgram } from './builder.ts';
import { ratios, takeTurns } from './compare.ts';
import { describeSeconds, describeSteps, type Row } from './row.ts';
import { runScript } from './script.ts';

/** The whole main job, its own `docker run` included, against the shell script. */
export async function compareWithScript({ bed, runs }: Bench): Promise<readonly Row[]> {
  const { ours, theirs } = await takeTurns(
    runs,
    () => runBuilder(bed),
    async () => {
      await bed.reset();
      return runScript(bed, { base: bed.base, atoms: [bed.atom], volumes: bed.mountOptions() });
    },
  );
  const seconds = ours.map((run) => run.seconds);
  return [
    {
      name: 'job',
      what: 'cold build: docker run gentoo-builder / the same steps as a shell script',
      value: ratios(seconds, theirs),
      target: { atMost: 0.4 },
      details: [
        `${describeSeconds('gentoo-builder', seconds)}, ${describeSeconds('script', theirs)}`,
        describeSteps(
          'gentoo-builder',
          ours.map((run) => run.durations),
        ),
      ],
    },
  ];
}

/** The program from its own start on against the calls that it cannot do without. */
export async function compareWithBareCalls({ bed, runs }: Bench): Promise<readonly Row[]> {
  const { ours, theirs } = await takeTurns(
    runs,
    () => runProgram(bed),
    () => runBareCalls(bed),
  );
  const [seconds, bare] = [ours, theirs].map((side) => side.map((run) => run.seconds)) as [number[], number[]];
  return [
    {
      name: 'program',
      what: 'cold build: the program from its own start / bare API calls',
      value: ratios(seconds, bare),
      target: { atMost: 1.1 },
      details: [
        `${describeSeconds('program', seconds)}, ${describeSeconds('bare calls', bare)}`,
        describeSteps(
          'program',
          ours.map((run) => run.durations),
        ),
        describeSteps(
          'bare calls',
          theirs.map((run) => run.durations),
        ),
      ],
    },
  ];
}

/** The whole main job against a Dockerfile that does it; both begin without a tree. */
export async function compareWithDockerfile({ bed, buildKit, runs }: Bench): Promise<readonly Row[]> {
  const image = bed.imageName('dockerfile');
  const { ours, theirs } = await takeTurns(
    runs,
    () => runBuilderFromNothing(bed),
    async () => {
      const seconds = await buildKit.build({ base: bed.base, atoms: [bed.atom], image, cold: true });
      await bed.removeImage(image);
      return seconds;
    },
  );
  await bed.fillTree();
  const seconds = ours.map((run) => run.seconds);
  return [
    {
      name: 'dockerfile',
      what: 'cold build: docker run gentoo-builder, tree and all / BuildKit, a Dockerfile with the same steps, --no-cache',
      value: ratios(seconds, theirs),
      details: [
        `${describeSeconds('gentoo-builder', seconds)}, ${describeSeconds('BuildKit', theirs)}`,
        describeSteps(
          'gentoo-builder',
          ours.map((run) => run.durations),
        ),
      ],
    },
  ];
}
