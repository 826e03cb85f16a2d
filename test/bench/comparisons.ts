import type { Comparison } from './bench-world.ts';
import { compareDistcc } from './rows/distcc.ts';
import { compareEleventhPackage } from './rows/eleventh-package.ts';
import { compareImageSize } from './rows/image-size.ts';
import { compareLargeLog } from './rows/large-log.ts';
import { compareWithBareCalls, compareWithDockerfile, compareWithScript } from './rows/main-job.ts';
import { compareMakespan } from './rows/makespan.ts';
import { compareMetadata } from './rows/metadata.ts';
import { compareOverlappingTuples } from './rows/overlapping-tuples.ts';
import { compareStartUp } from './rows/start-up.ts';
import { compareNodeProxy } from './rows/node-proxy.ts';
import { compareSwarmMakespan } from './rows/swarm-makespan.ts';
import { compareTmpfs } from './rows/tmpfs.ts';
import { compareUnchanged, compareUnchangedBuild } from './rows/unchanged.ts';

/** All comparisons, in the order in which they are measured. */
export const comparisons: readonly Comparison[] = [
  { name: 'size', run: compareImageSize },
  { name: 'start', run: compareStartUp },
  { name: 'log', needs: 'bed', run: compareLargeLog },
  { name: 'program', needs: 'bed', run: compareWithBareCalls },
  { name: 'job', needs: 'bed', run: compareWithScript },
  { name: 'dockerfile', needs: 'bed', run: compareWithDockerfile },
  { name: 'unchanged', needs: 'bed', run: compareUnchanged },
  { name: 'unchanged-build', needs: 'bed', run: compareUnchangedBuild },
  { name: 'tmpfs', needs: 'bed', run: compareTmpfs },
  { name: 'metadata', needs: 'bed', run: compareMetadata },
  { name: 'makespan', run: compareMakespan },
  { name: 'eleventh', needs: 'tiny', run: compareEleventhPackage },
  { name: 'overlap', needs: 'tiny', run: compareOverlappingTuples },
  { name: 'distcc', needs: 'tiny', run: compareDistcc },
];

/** The comparisons of a swarm, in the order in which they are measured: `npm run bench -- --swarm`. */
export const swarmComparisons: readonly Comparison[] = [
  { name: 'proxy', run: compareNodeProxy },
  { name: 'makespan', run: compareSwarmMakespan },
];
