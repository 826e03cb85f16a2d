import { DEFAULT_SOCKET } from '../../setup/engine/endpoint.js';
import type { EngineApi } from './engine-api.ts';
import type { TestBed } from './test-bed.ts';
import { timeCommand } from './time-command.ts';

/** The image that the bench measures. */
export const builderImage = 'gentoo-builder';

/** Seconds of each step, from `--json`. */
export type Durations = Readonly<Record<string, number>>;

/** One run of the builder. */
export interface BuilderRun {
  readonly seconds: number;
  readonly durations: Durations;
}

/** Runs the builder as a user does. Its seconds include `docker run`. */
export async function runBuilder(bed: TestBed): Promise<BuilderRun> {
  await bed.reset();
  return timeBuilder(bed);
}

/** Runs the builder as a user does, without a tree. */
export async function runBuilderFromNothing(bed: TestBed): Promise<BuilderRun> {
  await bed.resetTree();
  return timeBuilder(bed, ['--create-tree']);
}

async function timeBuilder(bed: TestBed, more: readonly string[] = []): Promise<BuilderRun> {
  const command = [...options(bed), builderImage, ...more, ...request(bed)];
  const { stdout, seconds } = await timeCommand('docker', ['run', ...command]);
  return finish(bed, stdout, seconds);
}

/** Takes the time of the program alone, in the builder's container. The last line of its output is in nanoseconds. */
const stopwatch = 'start=$(date +%s%N); "$@" || exit; echo "$(($(date +%s%N) - start))"';

/** The size of the tmpfs for builds, in `runProgram` and in the bare calls. */
export const comparedTmpfs = '1G';

/** Runs the program with a fixed tmpfs. Its seconds go from its own start to its end, without `docker run`. */
export async function runProgram(bed: TestBed): Promise<BuilderRun> {
  await bed.reset();
  const command = [...(await programCommand(bed)), '--tmpfs', comparedTmpfs, ...request(bed)];
  const { result, seconds } = await timeInContainer(options(bed), command);
  return finish(bed, result, seconds);
}

/** Runs the builder as a user does, without a sync. Returns the name of the image, which may be an earlier one, and the seconds. */
export async function runBuilderAgain(bed: TestBed): Promise<{ readonly image: string; readonly seconds: number }> {
  const command = [...options(bed), builderImage, '--no-sync', ...request(bed)];
  const { stdout, seconds } = await timeCommand('docker', ['run', ...command]);
  const { image } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as { image: string };
  return { image, seconds };
}

/** Arguments of `docker run` that start zentoo in the builder's image. */
export const zentooInImage: readonly string[] = ['--entrypoint', 'zentoo', builderImage];

/**
 * Runs a program in a container of the builder's image. Returns the last line of its output and the seconds from its own
 * start to its end.
 */
async function timeInContainer(
  dockerOptions: readonly string[],
  command: readonly string[],
): Promise<{ readonly result: string; readonly seconds: number }> {
  const shell = ['--entrypoint', '/bin/sh', builderImage, '-c', stopwatch, 'sh'];
  const { stdout } = await timeCommand('docker', ['run', ...dockerOptions, ...shell, ...command]);
  const [result = '', nanoseconds] = stdout.trimEnd().split('\n').slice(-2);
  return { result, seconds: Number(nanoseconds) / 1e9 };
}

/** The command that starts the program in its image, with Node's options. */
export async function programCommand({ api }: Pick<TestBed, 'api'>): Promise<readonly string[]> {
  const { Config } = await api.call<{ Config: { Entrypoint: string[] } }>('GET', `/images/${builderImage}/json`);
  return Config.Entrypoint;
}

/** Options of `docker run`: access to the engine, and the volumes. */
export function options(bed: TestBed): readonly string[] {
  return [...reachEngine(bed.api), ...bed.mountOptions()];
}

/** Options of `docker run` that give a program access to the engine. */
export function reachEngine({ endpoint: { url, socket } }: EngineApi): readonly string[] {
  return socket === undefined
    ? ['--rm', '--env', `DOCKER_HOST=${url}`, '--network', 'host']
    : ['--rm', '--volume', `${socket}:${DEFAULT_SOCKET}`];
}

function request({ base, atom }: TestBed): readonly string[] {
  return ['--json', '--base', base, atom];
}

async function finish(bed: TestBed, stdout: string, seconds: number): Promise<BuilderRun> {
  const { image, durations } = JSON.parse(stdout) as { image: string; durations: Durations };
  if (durations['emerge'] === undefined) throw new Error(`${image} was there already: nothing was built`);
  await bed.removeImage(image);
  return { seconds, durations };
}
