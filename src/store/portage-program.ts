import { readFileSync } from 'node:fs';
import { runCommand } from '../engine/run-command.ts';
import type { ContainerId, Engine } from '../engine/engine.ts';
import { Failure } from '../failure.ts';
import type { Partition } from './partition.ts';
import { storeDirectory } from './store-directory.ts';

/** The programs beside this module, in the image too (setup/bundle.js): Python, as Portage is, for the Portage in a container. */
export type ProgramName =
  'binpkg-partition' | 'check-root' | 'dependencies' | 'check-store' | 'set-atoms' | 'toolchain';

/**
 * Runs one of the programs with the Portage of the container that it is run in, which needs nothing of this project. Every
 * value reaches it as an argument, never in its text.
 */
export function programCommand(name: ProgramName, args: readonly string[] = []): readonly string[] {
  const text = readFileSync(new URL(`./${name}.py`, import.meta.url), 'utf8');
  return ['python3', '-I', '-c', text, ...args];
}

/** A partition of the store, as a running container has it mounted. */
export interface StoreMount {
  readonly engine: Engine;
  readonly container: ContainerId;
  readonly partition: Partition;
  /** For Portage: `ROOT`, `PORTAGE_CONFIGROOT` and `SYSROOT`, where the root is another one. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The partition's PKGDIR in the container. */
export function pkgdirOf({ partition }: Pick<StoreMount, 'partition'>): string {
  return `${storeDirectory}/${partition}`;
}

/**
 * Runs one of the programs, and reads what it prints: JSON, on its last line. All of them may safely be run twice. Throws
 * `store-corrupt` where it cannot do its work, and where its answer is not as expected.
 */
export async function askPortage<Answer>(
  { engine, container, environment = {} }: StoreMount,
  name: ProgramName,
  args: readonly string[],
  parse: (json: unknown) => Answer | undefined,
): Promise<Answer> {
  const command = programCommand(name, args);
  const { stdout, stderr } = await runCommand(engine, container, { command, environment });
  const answer = parse(parseJson(stdout.trimEnd().split('\n').at(-1) ?? ''));
  if (answer !== undefined) return answer;
  const said = stderr.split('\n').filter(Boolean);
  throw new Failure('store-corrupt', `failed to check the binary packages: ${said.at(-1) ?? 'Portage says nothing'}`, {
    hint: 'its own words are shown: the store has to be mounted, and the container has to have a Portage that works',
    logTail: said.slice(-20),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
