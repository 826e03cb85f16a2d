import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { partitionCommand, type Partition, type PartitionKey } from '../../store/partition.ts';
import { workDirectory, type BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { underLock } from '../job-scripts.ts';
import { defaultTarget } from '../mounts.ts';

/** In the work volume, so that it is in no image. */
const place = '.gentoo-builder/shell';
const directory = `${workDirectory}/${place}`;
const programs = `${directory}/bin`;

/** What works in the ebuild repositories; where every stage has it. */
const wrapped = ['emerge', 'ebuild'] as const;

/** What the programs of a shell go by. */
export interface ShellSettings {
  /** Where packages go while nobody changes Portage's settings. */
  readonly partition: Partition;
  /** What Portage's settings lead to meanwhile: another one where hooks have changed them. */
  readonly settings: Partition;
  readonly key: PartitionKey;
}

/**
 * What is run in a shell: `bash` as after a login, or a command, with the programs of {@link installShellPrograms} found
 * first.
 */
export function freshCommand(command: readonly string[] | undefined): readonly string[] {
  const script = 'PATH=$1:$PATH; export PATH; shift; exec "$@"';
  const shell = ['/bin/bash', '--rcfile', `${directory}/bashrc`];
  return ['/bin/sh', '-c', script, 'zentoo-freshroot', programs, ...(command ?? shell)];
}

/**
 * Puts an `emerge` and an `ebuild` before the stage's own. They hold the shared lock of the ebuild repositories for as long
 * as they run, so that a sync waits for them and not for the end of the shell; and what is emerged with settings that were
 * changed in the shell goes to the partition of these, not to that of the tuple.
 */
export async function installShellPrograms(
  { engine }: Pick<BuildContext, 'engine'>,
  { id, trees }: Pick<BuildContainer, 'id' | 'trees'>,
  shell: ShellSettings,
): Promise<void> {
  const archive = pack();
  const inPartition = `${directory}/in-partition`;
  for (const parent of [dirname(place), place, `${place}/bin`])
    archive.entry({ name: parent, type: 'directory', mode: 0o755 });
  archive.entry({ name: `${place}/in-partition`, mode: 0o755 }, inPartitionProgram(shell));
  archive.entry({ name: `${place}/bashrc`, mode: 0o644 }, bashrc);
  for (const name of wrapped) {
    const locked = underLock('shared', trees, [inPartition, `/usr/bin/${name}`]);
    archive.entry({ name: `${place}/bin/${name}`, mode: 0o755 }, `#!/bin/sh\nexec ${quote(locked)} "$@"\n`);
  }
  archive.finalize();
  await engine.writeArchive(id, workDirectory, Readable.from(archive));
}

/** Runs a program with the PKGDIR that Portage's settings lead to now; who sets one is not asked. */
function inPartitionProgram({ partition, settings, key }: ShellSettings): string {
  const store = defaultTarget('binpkgs');
  return `#!/bin/sh
if [ -z "\${PKGDIR+set}" ] && partition=$(${quote(partitionCommand(key))} 2>/dev/null) && [ -n "$partition" ]; then
  if [ "$partition" = "${settings}" ]; then
    export PKGDIR="${store}/${partition}"
  else
    export PKGDIR="${store}/$partition"
    echo ">>> Portage's settings were changed: binary packages go to $PKGDIR" >&2
  fi
fi
exec "$@"
`;
}

/** As after a login, which sets PATH anew; the functions outlast another \`source /etc/profile\`. */
const bashrc = `for file in /etc/profile ~/.bashrc; do
  [ -r "$file" ] && . "$file"
done
unset file
PATH=${programs}:$PATH
${wrapped.map((name) => `${name}() { ${programs}/${name} "$@"; }\n`).join('')}`;

function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
}
