import { Failure } from '../../failure.ts';
import { programCommand } from '../../store/portage-program.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { underLock } from '../job-scripts.ts';
import { runCommand } from '../../engine/run-command.ts';

/** An atom of a set, and what fits it of what is installed. */
export interface SetAtom {
  readonly atom: string;
  /** Its category and name, with its slot if it has one: what `--reinstall-atoms` takes (emerge(1)). */
  readonly package: string;
  readonly installed: boolean;
  readonly matches: readonly InstalledMatch[];
}

/** An installed package: `category/name-version`, its slot with a sub-slot that differs from it, its repository. */
export interface InstalledMatch {
  readonly cpv: string;
  readonly slot: string;
  readonly repository: string;
}

/** The atoms of a set (without its `@`) as Portage has it in the container, those of the sets that it names included. */
export async function resolveSet(
  { engine }: Pick<BuildContext, 'engine'>,
  container: BuildContainer,
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly SetAtom[]> {
  const command = underLock('shared', container.trees, programCommand('set-atoms', [name]));
  const { stdout, stderr, exitCode } = await runCommand(engine, container.id, { command, environment });
  if (exitCode === 0) return JSON.parse(stdout) as readonly SetAtom[];
  const said = stderr.split('\n').filter(Boolean);
  throw new Failure('emerge-failed', `failed to read the set ${name}: ${said.at(-1) ?? 'Portage says nothing'}`, {
    logTail: said.slice(-20),
  });
}
