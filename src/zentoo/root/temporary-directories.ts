import { bigPackagesDirectory, temporaryDirectory } from '../../container/work-directories.ts';
import { shellProgram } from '../../container-program.ts';
import { findTemporaryDirectories } from '../../site/branch-make-conf.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import type { BranchEntry } from '../../site/site.ts';

/**
 * Wraps a command of Portage, so that each PORTAGE_TMPDIR that package.env of a branch names is on the work volume. Who sets it has
 * packages that do not fit into memory. Portage would end if the directory did not exist.
 */
export function withTemporaryDirectories(
  entries: readonly BranchEntry[],
  command: readonly string[],
): readonly string[] {
  const paths = findTemporaryDirectories(new BranchTree(entries)).filter((path) => path !== temporaryDirectory);
  if (paths.length === 0) return command;
  const program = new URL('./temporary-directories.sh', import.meta.url);
  return shellProgram(program, 'zentoo-temporary-directories', bigPackagesDirectory, paths.join('\n'), ...command);
}
