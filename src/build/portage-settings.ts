import { binpkgPartition, parsePartitionVariables, partitionVariablesCommand } from '../portage/binpkg-partition.ts';
import { Failure } from '../failure.ts';
import type { BuildContainer } from './build-container.ts';
import type { BuildContext } from './context.ts';
import { settingsCommand } from './job-scripts.ts';
import { runCommand } from './run-command.ts';

/** What Portage in the build container says of itself once it has its tree. */
export interface PortageSettings {
  /** The directory below PKGDIR's mount that only builds with the same CHOST, profile and flags use. */
  readonly partition: string;
  /** Whether it serves a stream of its status (`FEATURES=observability`, since Portage 3.0.82). */
  readonly observable: boolean;
}

/** Asks Portage, in one process: the answer depends on the profile, and so on the tree as it was synced just now. */
export async function readPortageSettings(
  { engine }: BuildContext,
  container: BuildContainer,
): Promise<PortageSettings> {
  const { stdout, stderr } = await runCommand(engine, container.id, {
    command: settingsCommand(partitionVariablesCommand()),
  });
  const [observable, profile = '', output = '', ...files] = stdout.split('\0');
  const variables = parsePartitionVariables(output);
  if ((variables.get('CHOST') ?? '') === '') {
    throw new Failure(
      'emerge-failed',
      'failed to read the settings of Portage in the build container: it names no CHOST',
      {
        logTail: stderr.split('\n').filter(Boolean).slice(-20),
        hint: "the base's profile and make.conf have to agree with the tree: see `emerge --info` in a container of the base",
      },
    );
  }
  const packageEnv = new Map<string, string>();
  for (let index = 0; index + 1 < files.length; index += 2) packageEnv.set(files[index] ?? '', files[index + 1] ?? '');
  return { observable: observable === 'yes', partition: binpkgPartition({ variables, profile, packageEnv }) };
}
