import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { makeConfLines, cpuSettings } from '../../portage/cpu-settings.ts';
import { Failure } from '../../failure.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import type { BranchEntry, Cpu } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../../engine/run-command.ts';
import { unpackArchive } from '../unpack-archive.ts';
import { writeEntries } from './write-entries.ts';

/** The name of a file that is read last of a make.conf that is a directory (`_recursive_file_list` in portage/util). */
function lastName(entries: readonly BranchEntry[], directory: string): string {
  const names = entries.flatMap(({ path }) =>
    path.startsWith(`${directory}/`) ? [path.slice(directory.length + 1).split('/')[0] ?? ''] : [],
  );
  const usual = 'zzzz-zentoo.conf';
  const last = names.toSorted().at(-1) ?? '';
  return last > usual ? `${last}-zentoo.conf` : usual;
}

/** What an /etc/portage is to have in it. */
export interface Configuration {
  /** The absolute path in the container. */
  readonly directory: string;
  readonly entries: readonly BranchEntry[];
  readonly cpu: Cpu;
  /** Variables of make.conf besides those of the cpu, such as PKGDIR. */
  readonly variables: Readonly<Record<string, string>>;
}

const clearScript = `
directory=$1 kept=$2
mkdir -p "$directory" && find "$directory" -mindepth 1 -maxdepth 1 ! -name "$kept" -exec rm -rf {} +
`;

/**
 * Puts a branch in the place of an /etc/portage, of which only `gnupg/` is left, and the settings of the cpu at the end of
 * its make.conf. Links are kept as they are, and so is what may be executed.
 */
export async function installConfiguration(
  { engine }: Pick<BuildContext, 'engine'>,
  { id, base }: BuildContainer,
  configuration: Configuration,
): Promise<void> {
  const { directory, entries } = configuration;
  // A directory cannot be replaced by a link, nor have one made in its place.
  const kept = entries.some(({ path }) => path === 'gnupg') ? '' : 'gnupg';
  const clear = ['/bin/sh', '-c', clearScript, 'zentoo-clear-configuration', directory, kept];
  const { exitCode, stderr } = await runCommand(engine, id, { command: clear });
  if (exitCode !== 0)
    throw new Failure('base-unusable', `failed to clear ${directory} of ${base}: ${stderr.trim()}`, {
      hint: `a stage has to have /bin/sh, find and rm`,
    });
  const { kind } = new BranchTree(entries).resolve('make.conf');
  const others = kind === 'directory' ? entries : entries.filter(({ path }) => path !== 'make.conf');
  await writeEntries({ engine }, { id }, directory, others);
  await writeMakeConf({ engine }, { id }, configuration);
}

/** Writes make.conf, with the cpu's settings at its end. */
export async function writeMakeConf(
  { engine }: Pick<BuildContext, 'engine'>,
  { id }: Pick<BuildContainer, 'id'>,
  { directory, entries, cpu, variables }: Configuration,
): Promise<void> {
  const settings = cpuSettings(cpu, variables);
  const resolved = new BranchTree(entries).resolve('make.conf');
  if (resolved.kind === 'directory') {
    await writeFiles({ engine }, { id }, directory, [
      { name: `${resolved.path}/${lastName(entries, resolved.path)}`, text: settings },
    ]);
    return;
  }
  const own = resolved.kind === 'file' ? resolved.entry.read().toString('utf8') : '';
  const text = `${own}${own === '' || own.endsWith('\n') ? '' : '\n'}${settings}`;
  await writeFiles({ engine }, { id }, directory, [{ name: 'make.conf', text }]);
}

/** Writes set files to a `sets` directory, in the place of others of their names. */
export async function installSets(
  context: Pick<BuildContext, 'engine'>,
  container: Pick<BuildContainer, 'id'>,
  directory: string,
  sets: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  const files = sets.map(({ name, text }) => ({ name: `sets/${name}`, text }));
  await writeFiles(context, container, directory, files);
}

async function writeFiles(
  context: Pick<BuildContext, 'engine'>,
  container: Pick<BuildContainer, 'id'>,
  directory: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  const archive = pack();
  for (const { name, text } of files) archive.entry({ name, mode: 0o644 }, text);
  archive.finalize();
  await unpackArchive(context, container, directory, Readable.from(archive));
}

const appendScript = `
file=$1/make.conf
if [ -d "$file" ]; then
  last=$(cd "$file" && find . -mindepth 1 -maxdepth 1 ! -name '.*' ! -name '*~' | LC_ALL=C sort | tail -n 1)
  [ -f "$file/$last" ] && file=$file/$last || file=$file/$last-zentoo.conf
fi
printf '\\n%s' "$2" >>"$file"
`;

/** Adds variables at the end of the make.conf of an /etc/portage; where that is a directory, of the file that is read last. */
export async function extendMakeConf(
  { engine }: Pick<BuildContext, 'engine'>,
  { id, base }: BuildContainer,
  variables: Readonly<Record<string, string>>,
  directory = '/etc/portage',
): Promise<void> {
  const command = ['/bin/sh', '-c', appendScript, 'zentoo-make-conf', directory, makeConfLines(variables)];
  const { exitCode, stderr } = await runCommand(engine, id, { command });
  if (exitCode !== 0) throw new Failure('base-unusable', `failed to write make.conf of ${base}: ${stderr.trim()}`);
}
