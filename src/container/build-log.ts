import { describeMount, type MountChoice } from './mounts.ts';

/** The directory of the logs in a build container: Portage's usual directory, which every stage has. */
export const logMountTarget = '/var/log/portage';

/**
 * The logs of one run: a directory on a volume or host path with the whole output of Portage in one file, and Portage's own
 * log of each package beside it (`PORTAGE_LOGDIR`, make.conf(5)).
 */
export interface BuildLog {
  readonly choice: MountChoice;
  /** The directory's name, unique for the run; names sort by time. */
  readonly name: string;
  /** The directory in the build container. */
  readonly directory: string;
  /** The file of the whole log in the build container. */
  readonly path: string;
  /** The engine that has the log; undefined if it is the one that `docker` uses by itself. */
  readonly engine: LogEngine | undefined;
  /** The number of bytes of the whole log that were read so far. */
  read: number;
}

/** An engine that a command for its logs has to name. */
export interface LogEngine {
  readonly name: string;
  /** The options by which `docker` uses the engine: `--host ADDRESS` or `--context NAME`. */
  readonly options: readonly string[];
  /** An image that the engine has. */
  readonly image: string;
}

/** The name of a new directory for the logs of `run`. `subject` tells several directories of one run apart. */
export function logDirectoryName(run: string, now: Date, subject = ''): string {
  const time = now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return [time, run.slice(0, 8), subject].filter((part) => part !== '').join('-');
}

/** Creates a log in a directory with this name. */
export function createBuildLog(choice: MountChoice, name: string, file = 'build.log', engine?: LogEngine): BuildLog {
  const directory = `${logMountTarget}/${name}`;
  return { choice, name, directory, path: `${directory}/${file}`, engine, read: 0 };
}

/** Describes the location of the whole log for a person on the engine's host. */
export function describeBuildLog(log: BuildLog, file = log.path): string {
  const place = `${describeMount(log.choice)}${log.choice.type === 'bind' ? '/' : ', '}${relative(log, file)}`;
  return log.engine === undefined ? place : `${place}, on the engine ${log.engine.name}`;
}

/**
 * The command that shows a log file, for a person on the engine's host. `less` and `cat -v` show the escape sequences of a package's
 * output as text, so that these do not reach the terminal.
 */
export function showLogCommand(log: BuildLog, image: string, file = log.path): string {
  if (log.choice.type === 'bind') return `less ${quote(`${log.choice.source}/${relative(log, file)}`)}`;
  const docker = ['docker', ...(log.engine?.options ?? [])].map(quote).join(' ');
  const { image: present } = log.engine ?? { image };
  return `${docker} run --rm --entrypoint cat -v ${log.choice.source}:/log:ro ${present} -v ${quote(`/log/${relative(log, file)}`)}`;
}

function relative(log: BuildLog, file: string): string {
  return file.startsWith(`${log.directory}/`)
    ? file.slice(logMountTarget.length + 1)
    : log.path.slice(logMountTarget.length + 1);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
