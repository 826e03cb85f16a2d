import { shellProgram } from '../../container-program.ts';
import type { Atom } from '../../portage/atom.ts';
import { bigPackagesDirectory } from '../../container/work-directories.ts';

/**
 * Wraps a command of Portage, so that Portage builds the given packages on the work volume. While the command runs, package.env
 * of each /etc/portage has an entry for the packages at its end.
 */
export function onVolumeCommand(
  configurations: readonly string[],
  packages: readonly Atom[],
  command: readonly string[],
): readonly string[] {
  if (packages.length === 0) return command;
  return configurations.reduceRight(
    (inner, configuration, index) =>
      shellProgram(
        new URL('./big-packages.sh', import.meta.url),
        'zentoo-big-packages',
        ...[bigPackagesDirectory, configuration, String(index), packages.join('\n')],
        ...inner,
      ),
    command,
  );
}
