import * as v from 'valibot';
import type { PackageArgument } from '../../portage/atom.ts';
import { printedArgument } from '../../portage/printed-argument.ts';
import { Failure } from '../../failure.ts';
import { pythonProgram } from '../../container-program.ts';
import { parseLastLineAsJson } from '../../parse-json.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';

/** An atom of a set, and the installed packages that match it. */
export interface SetAtom {
  readonly atom: PackageArgument;
  /** The category and name, with the slot if the atom has one, as `--reinstall-atoms` expects it (emerge(1)). */
  readonly package: string;
  readonly installed: boolean;
  readonly matches: readonly InstalledMatch[];
}

/** An installed package: `category/name-version`, its slot (with the sub-slot if that differs), and its repository. */
export interface InstalledMatch {
  readonly cpv: string;
  readonly slot: string;
  readonly repository: string;
}

/** The output of `set-atoms`. */
const setAtoms = v.array(
  v.object({
    atom: printedArgument,
    package: v.string(),
    installed: v.boolean(),
    matches: v.array(v.object({ cpv: v.string(), slot: v.string(), repository: v.string() })),
  }),
);

/** The atoms of a set of Portage in the container, including the atoms of sets that it names. `name` has no `@`. */
export async function resolveSet(
  session: ContainerSession,
  name: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly SetAtom[]> {
  const program = pythonProgram(new URL('./set-atoms.py', import.meta.url), name);
  const command = underLock('shared', session, program);
  const { stdout, stderr, exitCode } = await session.run({ command, environment });
  const atoms = exitCode === 0 ? parseLastLineAsJson(setAtoms, stdout) : undefined;
  if (atoms !== undefined) return atoms;
  const said = stderr.split('\n').filter(Boolean);
  throw new Failure('emerge-failed', `failed to read the set ${name}: ${said.at(-1) ?? 'Portage printed no answer'}`, {
    logTail: said.slice(-20),
  });
}
