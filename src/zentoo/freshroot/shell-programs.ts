import { basename, dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { readProgram, shellProgram } from '../../container-program.ts';
import { partitionCommand, type Partition, type PartitionKey } from '../../store/partition.ts';
import { workDirectory } from '../../container/work-directories.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { underLock } from '../../job/tree/tree-scripts.ts';
import { defaultTarget } from '../../container/mounts.ts';

/** The directory of the programs. It is on the work volume, which is not committed. */
const place = '.gentoo-builder/shell';
const directory = `${workDirectory}/${place}`;
const programs = `${directory}/bin`;

/** Programs that read the ebuild repositories; every stage has them in /usr/bin. bashrc.sh names them, too. */
const wrapped = ['emerge', 'ebuild'] as const;

/** The settings of the programs of a shell. */
export interface ShellSettings {
  /** The partition for packages, as long as Portage's settings are not changed in the shell. */
  readonly partition: Partition;
  /** The partition of Portage's settings at the start of the shell; it differs from `partition` if a hook changed the settings. */
  readonly partitionAtStart: Partition;
  readonly key: PartitionKey;
}

/** The command line of a login `bash`, or of a command, with the programs of {@link installShellPrograms} first in PATH. */
export function freshCommand(command: readonly string[] | undefined): readonly string[] {
  const program = new URL('./find-programs-first.sh', import.meta.url);
  const shell = ['/bin/bash', '--rcfile', `${directory}/bashrc`];
  return shellProgram(program, 'zentoo-freshroot', programs, ...(command ?? shell));
}

/**
 * Installs programs `emerge` and `ebuild`, which run the stage's own emerge and ebuild. They hold the shared lock of the ebuild
 * repositories while they run, so that a sync waits for them and not for the end of the shell. If Portage's settings were
 * changed in the shell, packages go to the partition of the changed settings.
 */
export async function installShellPrograms(session: ContainerSession, shell: ShellSettings): Promise<void> {
  const ask = `${directory}/lib/ask-partition`;
  const inPartition = [
    `${directory}/lib/in-partition`,
    defaultTarget('binpkgs'),
    shell.partition,
    shell.partitionAtStart,
    ask,
  ];
  const archive = pack();
  for (const parent of [dirname(place), place, ...['bin', 'lib', 'words'].map((name) => `${place}/${name}`)])
    archive.entry({ name: parent, type: 'directory', mode: 0o755 });
  const add = (name: string, text: string) => archive.entry({ name: `${place}/${name}`, mode: 0o755 }, text);
  const addCommand = (path: string, words: readonly string[]) => {
    add(path, readProgram(new URL('./with-words.sh', import.meta.url)));
    add(`words/${basename(path)}`, words.map((word) => `${word}\0`).join(''));
  };
  add('lib/in-partition', readProgram(new URL('./in-partition.sh', import.meta.url)));
  add('bashrc', readProgram(new URL('./bashrc.sh', import.meta.url)));
  addCommand('lib/ask-partition', partitionCommand(shell.key));
  for (const name of wrapped)
    addCommand(`bin/${name}`, underLock('shared', session, [...inPartition, `/usr/bin/${name}`]));
  archive.finalize();
  await session.unpack(workDirectory, Readable.from(archive));
}
