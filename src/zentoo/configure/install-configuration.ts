import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { shellProgram } from '../../container-program.ts';
import { makeConfLines, cpuSettings } from '../../portage/cpu-settings.ts';
import { Failure } from '../../failure.ts';
import { readBranchMakeConf } from '../../site/branch-make-conf.ts';
import { BranchTree } from '../../site/branch-tree.ts';
import type { BranchEntry, Cpu } from '../../site/site.ts';
import type { ContainerSession } from '../../container/container-session.ts';
import { writeEntries } from './write-entries.ts';

/** Returns a file name that Portage reads last in a make.conf directory (`_recursive_file_list` in portage/util). */
function lastName(entries: readonly BranchEntry[], directory: string): string {
  const names = entries.flatMap(({ path }) =>
    path.startsWith(`${directory}/`) ? [path.slice(directory.length + 1).split('/')[0] ?? ''] : [],
  );
  const usual = 'zzzz-zentoo.conf';
  const last = names.toSorted().at(-1) ?? '';
  return last > usual ? `${last}-zentoo.conf` : usual;
}

/** The content of an /etc/portage. */
export interface Configuration {
  /** The absolute path in the container. */
  readonly directory: string;
  readonly entries: readonly BranchEntry[];
  readonly cpu: Cpu;
  /** Variables of make.conf besides the CPU's, such as PKGDIR. */
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Replaces an /etc/portage, except `gnupg/`, by the files of a branch, and appends the CPU's settings to its make.conf.
 * Links stay links, and executable files stay executable.
 */
export async function installConfiguration(session: ContainerSession, configuration: Configuration): Promise<void> {
  const { directory, entries } = configuration;
  // The branch's own `gnupg` may be a link, and tar does not replace a directory by a link.
  const kept = entries.some(({ path }) => path === 'gnupg') ? '' : 'gnupg';
  const program = new URL('./clear-configuration.sh', import.meta.url);
  const clear = shellProgram(program, 'zentoo-clear-configuration', directory, kept);
  const { exitCode, stderr } = await session.run({ command: clear });
  if (exitCode !== 0)
    throw new Failure('base-unusable', `failed to clear ${directory} of ${session.base}: ${stderr.trim()}`, {
      hint: 'use a stage with /bin/sh, find and rm',
    });
  const { kind } = new BranchTree(entries).resolve('make.conf');
  const others = kind === 'directory' ? entries : entries.filter(({ path }) => path !== 'make.conf');
  await writeEntries(session, directory, others);
  await writeMakeConf(session, configuration);
}

/** Writes make.conf, with the CPU's settings at its end. */
export async function writeMakeConf(
  session: ContainerSession,
  { directory, entries, cpu, variables }: Configuration,
): Promise<void> {
  const settings = cpuSettings(cpu, { ...variables, ...obsoleteVariables(entries) });
  const resolved = new BranchTree(entries).resolve('make.conf');
  if (resolved.kind === 'directory') {
    await writeFiles(session, directory, [
      { name: `${resolved.path}/${lastName(entries, resolved.path)}`, text: settings },
    ]);
    return;
  }
  const own = resolved.kind === 'file' ? resolved.entry.read().toString('utf8') : '';
  const text = `${own}${own === '' || own.endsWith('\n') ? '' : '\n'}${settings}`;
  await writeFiles(session, directory, [{ name: 'make.conf', text }]);
}

/**
 * Empties the variables of a branch's make.conf that name ebuild repositories besides repos.conf: Portage would look for the
 * repositories there, and they are mounted where repos.conf says.
 */
function obsoleteVariables(entries: readonly BranchEntry[]): Readonly<Record<string, string>> {
  const { variables } = readBranchMakeConf(new BranchTree(entries));
  const set = ['PORTDIR', 'PORTDIR_OVERLAY'].filter((name) => (variables.get(name)?.value ?? '') !== '');
  return Object.fromEntries(set.map((name) => [name, '']));
}

/** Writes set files to a `sets` directory; existing files of the same names are replaced. */
export async function installSets(
  session: ContainerSession,
  directory: string,
  sets: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  const files = sets.map(({ name, text }) => ({ name: `sets/${name}`, text }));
  await writeFiles(session, directory, files);
}

async function writeFiles(
  session: ContainerSession,
  directory: string,
  files: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  const archive = pack();
  for (const { name, text } of files) archive.entry({ name, mode: 0o644 }, text);
  archive.finalize();
  await session.unpack(directory, Readable.from(archive));
}

/** Appends variables to the make.conf of an /etc/portage; in a directory, to the file that is read last. */
export async function extendMakeConf(
  session: ContainerSession,
  variables: Readonly<Record<string, string>>,
  directory = '/etc/portage',
): Promise<void> {
  const program = new URL('./append-make-conf.sh', import.meta.url);
  const command = shellProgram(program, 'zentoo-make-conf', directory, makeConfLines(variables));
  const { exitCode, stderr } = await session.run({ command });
  if (exitCode !== 0)
    throw new Failure('base-unusable', `failed to write make.conf of ${session.base}: ${stderr.trim()}`);
}
