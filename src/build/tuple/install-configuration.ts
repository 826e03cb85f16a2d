import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { cpuSettings } from '../../portage/cpu-settings.ts';
import { Failure } from '../../failure.ts';
import type { BranchEntry, Cpu } from '../../site/site.ts';
import type { BuildContainer } from '../build-container.ts';
import type { BuildContext } from '../context.ts';
import { runCommand } from '../run-command.ts';
import { writeEntries } from './write-entries.ts';

const directory = '/etc/portage';
/** The file that is read last of a make.conf that is a directory (portage.util.grabfile reads them sorted). */
const lastFile = 'make.conf/zzzz-zentoo.conf';

/** What /etc/portage is to have in it. */
export interface Configuration {
  readonly entries: readonly BranchEntry[];
  readonly cpu: Cpu;
  /** An absolute path; undefined while it is not known. */
  readonly pkgdir: string | undefined;
}

const clearScript = `
directory=$1
mkdir -p "$directory" && find "$directory" -mindepth 1 -maxdepth 1 ! -name gnupg -exec rm -rf {} +
`;

/**
 * Puts a branch in the place of the container's /etc/portage, of which only `gnupg/` is left, and the settings of the cpu
 * at the end of its make.conf. Links are kept as they are, and so is what may be executed.
 */
export async function installConfiguration(
  { engine }: Pick<BuildContext, 'engine'>,
  { id, base }: BuildContainer,
  configuration: Configuration,
): Promise<void> {
  const clear = ['/bin/sh', '-c', clearScript, 'zentoo-clear-configuration', directory];
  const { exitCode, stderr } = await runCommand(engine, id, { command: clear });
  if (exitCode !== 0)
    throw new Failure('base-unusable', `failed to clear ${directory} of ${base}: ${stderr.trim()}`, {
      hint: `a stage has to have /bin/sh, find and rm`,
    });
  const others = configuration.entries.filter(({ path }) => path !== 'make.conf');
  await writeEntries({ engine }, { id }, directory, others);
  await writeMakeConf({ engine }, { id }, configuration);
}

/** Writes make.conf, with the cpu's settings at its end. */
export async function writeMakeConf(
  { engine }: Pick<BuildContext, 'engine'>,
  { id }: Pick<BuildContainer, 'id'>,
  configuration: Configuration,
): Promise<void> {
  const archive = pack();
  addMakeConf(archive, configuration);
  archive.finalize();
  await engine.writeArchive(id, directory, Readable.from(archive));
}

type Archive = ReturnType<typeof pack>;

function addMakeConf(archive: Archive, { entries, cpu, pkgdir }: Configuration): void {
  const settings = cpuSettings(cpu, pkgdir);
  if (entries.some(({ path }) => path.startsWith('make.conf/'))) {
    archive.entry({ name: lastFile, mode: 0o644 }, settings);
    return;
  }
  const text = resolveFile(entries, 'make.conf')?.read().toString('utf8') ?? '';
  archive.entry(
    { name: 'make.conf', mode: 0o644 },
    `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${settings}`,
  );
}

/** The file that a path of a branch stands for, links within the branch followed. */
export function resolveFile(entries: readonly BranchEntry[], path: string): BranchEntry | undefined {
  let entry = entries.find((one) => one.path === path);
  for (let step = 0; step < 10 && entry?.type === 'symlink'; step += 1) {
    const target: string = posix.normalize(posix.join(posix.dirname(entry.path), entry.read().toString('utf8')));
    entry = entries.find((one) => one.path === target);
  }
  return entry?.type === 'symlink' ? undefined : entry;
}

/** Writes set files to /etc/portage/sets, in the place of others of their names. */
export async function installSets(
  { engine }: Pick<BuildContext, 'engine'>,
  { id }: BuildContainer,
  sets: readonly { readonly name: string; readonly text: string }[],
): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'sets', type: 'directory', mode: 0o755 });
  for (const { name, text } of sets) archive.entry({ name: `sets/${name}`, mode: 0o644 }, text);
  archive.finalize();
  await engine.writeArchive(id, directory, Readable.from(archive));
}
