import { fileURLToPath } from 'node:url';
import type { Bench } from '../bench-world.ts';
import { programCommand } from '../builder.ts';
import { ratios, spreadOf, takeTurns } from '../compare.ts';
import type { LargeLogRead } from './read-large-log.ts';
import { describeSeconds, type Row } from '../row.ts';
import type { TestBed } from '../test-bed.ts';
import { timeCommand } from '../time-command.ts';

const mebibyte = 1024 ** 2;
const size = 1024 * mebibyte;
const line = 'x86_64-pc-linux-gnu-gcc -O2 -pipe -c -o lib/url.o lib/url.c'.padEnd(79, '.');
const command = ['/bin/sh', '-c', 'yes "$0" | head -c "$1"', line, String(size)];

const reader = fileURLToPath(new URL('read-large-log.ts', import.meta.url));

/** A log of 1 GiB in lines of 80 characters, through the engine room and through the docker command. */
export async function compareLargeLog({ bed, runs }: Bench): Promise<readonly Row[]> {
  const { ours, theirs } = await takeTurns(
    runs,
    () => readByEngineRoom(bed),
    () => readByCommand(bed),
  );
  const seconds = ours.map((run) => run.seconds);
  return [
    {
      name: 'log',
      what: 'throughput of a log of 1 GiB: execAttached / docker exec to /dev/null',
      value: ratios(theirs, seconds),
      target: { atLeast: 0.9 },
      details: [`${describeSeconds('execAttached', seconds)}, ${describeSeconds('docker exec', theirs)}`],
    },
    {
      name: 'memory',
      what: 'growth of the process while it reads that log',
      value: spreadOf(ours.map(({ growth }) => growth / mebibyte)),
      unit: ' MiB',
      target: { atMost: 64 },
      details: [],
    },
  ];
}

/** Measures in a Node with the options that the image gives to the program. */
async function readByEngineRoom(bed: TestBed): Promise<LargeLogRead> {
  const options = (await programCommand(bed)).filter((word) => word.startsWith('-'));
  const { stdout } = await timeCommand(process.execPath, [...options, reader, bed.container, ...command]);
  const read = JSON.parse(stdout) as LargeLogRead;
  if (read.bytes !== size) throw new Error(`of ${size} bytes ${read.bytes} arrived`);
  return read;
}

async function readByCommand(bed: TestBed): Promise<number> {
  return (await timeCommand('docker', ['exec', bed.container, ...command], { discard: true })).seconds;
}
