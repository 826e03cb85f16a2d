import { fileURLToPath } from 'node:url';
import type { TestBed } from './test-bed.ts';
import { timeCommand } from './time-command.ts';

const script = fileURLToPath(new URL('main-job.sh', import.meta.url));

/** A run of the shell script. */
export interface ScriptRun {
  readonly base: string;
  readonly atoms: readonly string[];
  /** Options of `docker run`. */
  readonly volumes: readonly string[];
}

/** Does the main job by the shell script, and removes the image; answers with the seconds that the script took. */
export async function runScript(bed: TestBed, { base, atoms, volumes }: ScriptRun): Promise<number> {
  const image = bed.imageName('script');
  const { seconds } = await timeCommand('sh', [script, base, atoms.join(' '), image, ...volumes]);
  await bed.removeImage(image);
  return seconds;
}
