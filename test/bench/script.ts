import { fileURLToPath } from 'node:url';
import type { TestBed } from './test-bed.ts';
import { timeCommand } from './time-command.ts';

const script = fileURLToPath(new URL('main-job.sh', import.meta.url));

/** Options of `docker run` by which the script's container stops at once, instead of after the 10 s of `docker stop`. */
export const withInit: readonly string[] = ['--init'];

/** Options of `docker run` by which the script's emerge keeps and takes binary packages. */
export const withBinpkgs: readonly string[] = ['--env', 'EMERGE_DEFAULT_OPTS=--buildpkg --usepkg'];

/** A run of the shell script. */
export interface ScriptRun {
  readonly base: string;
  readonly atoms: readonly string[];
  /** Options of `docker run`. */
  readonly options: readonly string[];
}

/** Does the main job with the shell script and removes the image. Returns the seconds of the script. */
export async function runScript(bed: TestBed, { base, atoms, options }: ScriptRun): Promise<number> {
  const image = bed.imageName('script');
  const { seconds } = await timeCommand('sh', [script, base, atoms.join(' '), image, ...options]);
  await bed.removeImage(image);
  return seconds;
}
