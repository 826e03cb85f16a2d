import { describeMount, type MountChoice } from './mounts.ts';

/** Where the logs are in a build container: Portage's usual place, which every stage has. */
export const logMountTarget = '/var/log/portage';

const logFile = 'build.log';

/**
 * The logs of one run: a directory of its own on a volume or host path, with everything that Portage printed in
 * `build.log`, and Portage's own log of every package beside it (`PORTAGE_LOGDIR`, make.conf(5)).
 */
export interface BuildLog {
  readonly choice: MountChoice;
  /** The directory's name, unique for the run and sorted by time. */
  readonly name: string;
  /** The directory in the build container. */
  readonly directory: string;
  /** The whole log in the build container. */
  readonly path: string;
  /** Bytes of the whole log that have been read so far. */
  read: number;
}

/** The log of a run that starts now. */
export function createBuildLog(choice: MountChoice, run: string, now: Date): BuildLog {
  const name = `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${run.slice(0, 8)}`;
  const directory = `${logMountTarget}/${name}`;
  return { choice, name, directory, path: `${directory}/${logFile}`, read: 0 };
}

/** Where the whole log is, as somebody on the engine's host finds it. */
export function describeBuildLog(log: BuildLog, file = log.path): string {
  return `${describeMount(log.choice)}${log.choice.type === 'bind' ? '/' : ', '}${relative(log, file)}`;
}

/** The command that shows a log file to somebody on the engine's host. */
export function showLogCommand(log: BuildLog, image: string, file = log.path): string {
  if (log.choice.type === 'bind') return `less ${quote(`${log.choice.source}/${relative(log, file)}`)}`;
  return `docker run --rm --entrypoint cat -v ${log.choice.source}:/log:ro ${image} ${quote(`/log/${relative(log, file)}`)}`;
}

function relative(log: BuildLog, file: string): string {
  return file.startsWith(`${log.directory}/`) ? file.slice(logMountTarget.length + 1) : `${log.name}/${logFile}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
