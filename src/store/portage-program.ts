import { readFileSync } from 'node:fs';

/** The programs beside this module, in the image too (setup/bundle.js): Python, as Portage is, for the Portage in a container. */
export type ProgramName = 'binpkg-partition' | 'set-atoms' | 'toolchain';

/**
 * Runs one of the programs with the Portage of the container that it is run in, which needs nothing of this project. Every
 * value reaches it as an argument, never in its text.
 */
export function programCommand(name: ProgramName, args: readonly string[] = []): readonly string[] {
  const text = readFileSync(new URL(`./${name}.py`, import.meta.url), 'utf8');
  return ['python3', '-I', '-c', text, ...args];
}
