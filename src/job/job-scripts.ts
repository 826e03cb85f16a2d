import { stateDirectory } from '../container/work-directories.ts';
import { shellProgram } from '../container-program.ts';

/**
 * Runs a command, writes its output to the file `log` and its exit status to the work volume, so that the command needs no
 * connection while it runs. If a job of this name was started before, as after a lost answer, the command has no effect. The
 * lines that the command writes to descriptor 8 are the job's result.
 */
export function jobCommand(name: string, log: string, command: readonly string[]): readonly string[] {
  const file = new URL('./run-job.sh', import.meta.url);
  return shellProgram(file, `gentoo-builder-${name}`, `${stateDirectory}/${name}`, log, ...command);
}

/** The job to follow and the part of its log to print. */
export interface FollowRequest {
  readonly name: string;
  readonly log: string;
  /** The first byte of the log to print, counted from 0. */
  readonly offset: number;
  /** Whether to print Portage's status. */
  readonly watch: boolean;
  /** The directory in the container where the cgroup file systems are mounted. */
  readonly cgroups: string;
}

/**
 * Follows a job. Standard output gets the job's output from byte `offset` on. Standard error gets:
 *
 * - the bytes of standard input, as keep-alive bytes;
 * - lines of Portage's status, if `watch` is set;
 * - `usage RSS SHMEM PROCESSOR` (bytes, bytes and microseconds of the container's cgroup) once a second and at the end;
 * - `kills N` at the beginning and at the end: the processes of the cgroup that the kernel killed because memory was short;
 * - at the end, `result LINE` for each line of the job's result, then `ended STATUS SIZE`. STATUS is `lost` if the job was
 *   killed before it wrote its status, and `unstarted` if there is no job after ten seconds.
 *
 * The program ends when its connection ends, at the end of its standard input.
 */
export function followCommand({ name, log, offset, watch, cgroups }: FollowRequest): readonly string[] {
  const files = [new URL('./measure-usage.sh', import.meta.url), new URL('./follow-job.sh', import.meta.url)];
  const values = [`${stateDirectory}/${name}`, log, String(offset + 1), watch ? 'yes' : '', cgroups];
  return shellProgram(files, 'gentoo-builder-follow', ...values);
}

/**
 * Runs emerge with English messages, whatever LC_ALL says. If it succeeds, `work`, its temporary directory, is emptied except for the files of
 * this program. The job's result is a sorted list of `category/name-version`: the packages merged since the first merge in this container began.
 */
export function mergeCommand(work: string, emerge: readonly string[]): readonly string[] {
  const files = [new URL('./split-locale.sh', import.meta.url), new URL('./merge.sh', import.meta.url)];
  return shellProgram(files, 'gentoo-builder-merge', work, ...emerge);
}

/** Prints the number of seconds since any file below a directory was last written. */
export function measureSilenceCommand(directory: string): readonly string[] {
  return shellProgram(new URL('./measure-silence.sh', import.meta.url), 'gentoo-builder-silence', directory);
}

/** Prints the path of the newest file below a directory, then the file's last lines. */
export function newestLogCommand(directory: string, lines: number): readonly string[] {
  const file = new URL('./newest-log.sh', import.meta.url);
  return shellProgram(file, 'gentoo-builder-newest-log', directory, String(lines));
}
