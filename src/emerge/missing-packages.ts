import { array, nullable, object, string, type InferOutput } from 'valibot';
import { pythonProgram } from '../container-program.ts';
import type { ContainerSession } from '../container/container-session.ts';
import { underLock } from '../job/tree/tree-scripts.ts';
import { parseLastLineAsJson } from '../parse-json.ts';
import type { PackageArgument } from '../portage/atom.ts';

const answerSchema = object({
  /** The atoms that no installed package satisfies. */
  missing: array(string()),
  /** The value of EMERGE_DEFAULT_OPTS. */
  options: string(),
  /** Where Portage takes EMERGE_DEFAULT_OPTS from; null if it is not set. */
  origin: nullable(string()),
});

/** Asks Portage in the container which of the atoms are not installed; undefined if Portage does not tell. */
export async function findMissingPackages(
  session: ContainerSession,
  atoms: readonly PackageArgument[],
): Promise<InferOutput<typeof answerSchema> | undefined> {
  const program = pythonProgram(new URL('./missing-packages.py', import.meta.url), ...atoms);
  const { stdout } = await session.run({ command: underLock('shared', session, program) });
  return parseLastLineAsJson(answerSchema, stdout);
}
