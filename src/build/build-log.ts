import { describeMount, type MountChoice } from './mounts.ts';

/** Where the logs are in a build container: Portage's usual place, which every stage has. */
export const logMountTarget = '/var/log/portage';

/**
 * The logs of one run: a directory of its own on a volume or host path, with everything that Portage printed in
 * one file, and Portage's own log of every package beside it (`PORTAGE_LOGDIR`, make.conf(5)).
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

/** The name of a directory for the logs of what `run` starts now; `subject`, if it is about one thing of several. */
export function logDirectoryName(run: string, now: Date, subject = ''): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return [time, run.slice(0, 8), subject].filter((part) => part !== '').join('-');
}

/** A log that is empty yet, in a directory of that name. */
export function createBuildLog(choice: MountChoice, name: string, file = 'build.log'): BuildLog {
  const directory = `${logMountTarget}/${name}`;
  return { choice, name, directory, path: `${directory}/${file}`, read: 0 };
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
  return file.startsWith(`${log.directory}/`)
    ? file.slice(logMountTarget.length + 1)
    : log.path.slice(logMountTarget.length + 1);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
