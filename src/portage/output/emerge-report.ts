import type { Atom } from '../atom.ts';
import { parseEmergeLine, stripEscapes } from './emerge-output.ts';

/** The messages of emerge about one package that failed. */
export interface FailedPackage {
  /** `category/name-version` */
  readonly cpv: string;
  /** The phase in which the package failed (`compile`, `install`, `postinst`, ...; ebuild(5)), if Portage names it. */
  readonly phase: string | undefined;
  /** The message of the ebuild's `die`. */
  readonly message: string | undefined;
  /** The path of the package's build log in the container. */
  readonly buildLog: string | undefined;
  /** The working directory of the failed phase in the container. */
  readonly workingDirectory: string | undefined;
}

/** The end of the output of emerge or of a sync, prepared for the search for a cause. */
export interface EmergeReport {
  readonly exitStatus: number;
  readonly signal: string | undefined;
  /** The lines, without escape sequences, control characters and trailing white space. */
  readonly lines: readonly string[];
  /** The package that failed first; undefined if the lines name none. A failed depend phase is no failed package. */
  readonly failed: FailedPackage | undefined;
  /**
   * The packages whose ebuilds Portage could not source (a failed `depend` phase). Portage then chooses another version if there is
   * one, so they are the cause of a failure only if there is no other.
   */
  readonly unsourced: readonly FailedPackage[];
  /** `category/name-version` of the package that emerge had begun and not completed; undefined if there is none. */
  readonly current: string | undefined;
  /** The tmpfs on which packages were built; undefined if they were built on a volume. */
  readonly tmpfs: Tmpfs | undefined;
  /** The number of processes that the kernel killed during the command because memory was short; undefined if it is not known. */
  readonly memoryKills: number | undefined;
  /** The file systems of the container, measured after the failure; empty if they were not measured. */
  readonly spaces: readonly FileSystemSpace[];
}

/** A tmpfs on which packages are built. Paths are in the container. */
export interface Tmpfs {
  readonly directory: string;
  /** A directory below `directory` that is not on the tmpfs. */
  readonly excluded: string;
  /** The size in bytes. */
  readonly size: number;
  /** The packages that are built on a volume instead. */
  readonly bigPackages: readonly Atom[];
}

/** The space of a file system of the build container when emerge had failed. */
export interface FileSystemSpace {
  /** A directory on the file system in the container. */
  readonly directory: string;
  /** The free space in bytes. */
  readonly free: number;
  /** The whole size in bytes. */
  readonly size: number;
  /** The number of files that can still be made (inodes); 0 if the file system has no such limit. */
  readonly freeFiles: number;
  /** The largest number of files that there can be; 0 if the file system has no such limit. */
  readonly files: number;
}

/** A command that failed: its exit status or signal, and the end of its output (both streams, line by line). */
export interface FailedCommand {
  readonly exitStatus: number;
  readonly signal?: string | undefined;
  readonly lines: readonly string[];
  /** The number of processes that the kernel killed during the command because memory was short; undefined if it is not known. */
  readonly memoryKills?: number | undefined;
}

// eslint-disable-next-line no-control-regex -- the pattern looks for control characters
const controlCharacters = /[\u0000-\u0008\u000A-\u001F\u007F-\u009F]/g;

const gaveUp = /^>>> Failed to (?:emerge|install) ([^\s,]+?)(?: (?:for|to) \S+?)?(?:, Log file:)?$/;
/** An entry of the summary of several failed packages; `_emerge/Scheduler.py`. */
const listed = /^ \* {2}\(([^\s,:]+\/[^\s,:]+):[^)]*\)(?: \(postinst failed\))?(?:, Log file:)?$/;
const summary = /^ \* The following (?:package has|\d+ packages have) failed to build/;
const messagesOf = /^ \* (?:Error messages|Messages) for package ([^\s:]+)/;
const died = /^ \* ERROR: (\S+?)(?:::\S+)? failed(?: \((\w+) phase\))?:$/;

/**
 * The length at which a line is cut: a package can print anything, in lines of any length, and the patterns take more than linear
 * time. No message of Portage that is explained is longer.
 */
const longestLine = 2048;

/** A phase whose bash ended without `die`, for example by `exit`; `_emerge/EbuildPhase.py`. */
const exited = /^(?: \* )?The ebuild phase '(\w+)' has exited unexpectedly\./;

/** Extracts the facts that all explainers of a failure need. */
export function readEmergeReport(
  command: FailedCommand,
  tmpfs?: Tmpfs,
  spaces: readonly FileSystemSpace[] = [],
): EmergeReport {
  const lines = command.lines.map((line) =>
    stripEscapes(line.slice(0, longestLine)).replaceAll(controlCharacters, '').trimEnd(),
  );
  return {
    exitStatus: command.exitStatus,
    signal: command.signal,
    lines,
    failed: failedPackages(lines)[0],
    unsourced: names(lines, died)
      .map((cpv) => failedPackage(lines, cpv))
      .filter(isUnsourced),
    current: currentPackage(lines),
    tmpfs,
    memoryKills: command.memoryKills,
    spaces,
  };
}

/** The first group of a pattern in the first line that matches; the whole match if the group is absent. */
export function firstMatch(lines: readonly string[], pattern: RegExp): string | undefined {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match[1] ?? match[0];
  }
  return undefined;
}

/** The lines from the first that matches `begin` to the last before the next that matches `end`, or to the end. */
export function section(lines: readonly string[], begin: RegExp, end: RegExp): readonly string[] {
  const start = lines.findIndex((line) => begin.test(line));
  if (start < 0) return [];
  const length = lines.slice(start + 1).findIndex((line) => end.test(line));
  return lines.slice(start, length < 0 ? undefined : start + 1 + length);
}

function currentPackage(lines: readonly string[]): string | undefined {
  const last = lines.flatMap((line) => parseEmergeLine(line) ?? []).at(-1);
  return last === undefined || last.action === 'completed' ? undefined : last.cpv;
}

/** The packages that failed, in the order in which Portage gave them up. */
export function failedPackages(lines: readonly string[]): readonly FailedPackage[] {
  const failed = [...new Set([...names(lines, gaveUp), ...names(lines, died), ...names(lines, listed)])];
  const dropped = new Set(droppedPackages(lines).map(({ cpv }) => cpv));
  return failed
    .filter((cpv) => !dropped.has(cpv))
    .map((cpv) => failedPackage(lines, cpv))
    .filter((one) => !isUnsourced(one));
}

/**
 * The lines about one of several packages: those after a line that names the package, up to the next line that names another one.
 * With several jobs, Portage prints the output of a phase only in the package's log.
 */
export function linesAbout(lines: readonly string[], cpv: string): readonly string[] {
  let current: string | undefined;
  return lines.filter((line) => {
    current = messagesOf.exec(line)?.[1] ?? parseEmergeLine(line)?.cpv ?? current;
    if (summary.test(line)) current = undefined;
    return current === cpv;
  });
}

/** A package that `--keep-going` left out, and the package that it needs; `_emerge/Scheduler.py`. */
export function droppedPackages(lines: readonly string[]): readonly { readonly cpv: string; readonly why: string }[] {
  const found = lines.flatMap((line, at) => {
    // Portage wraps the message after 75 characters.
    const text = `${line} ${/^ \* (\S.*)/.exec(lines[at + 1] ?? '')?.[1] ?? ''}`;
    const [, cpv, why] =
      /^ \* emerge --keep-going: (\S+)(?: for \S+)? dropped because it (requires [^\s,]+|is masked or unavailable)/.exec(
        text,
      ) ?? [];
    return cpv === undefined || why === undefined ? [] : [[cpv, why] as const];
  });
  return [...new Map(found)].map(([cpv, why]) => ({ cpv, why }));
}

function names(lines: readonly string[], pattern: RegExp): readonly string[] {
  return [...new Set(lines.flatMap((line) => pattern.exec(line)?.[1] ?? []))];
}

const isUnsourced = ({ phase }: FailedPackage): boolean => phase === 'depend';

function failedPackage(lines: readonly string[], cpv: string): FailedPackage {
  const diedAt = lines.findIndex((line) => died.exec(line)?.[1] === cpv);
  const own = diedAt < 0 ? [] : lines.slice(diedAt);
  const gaveUpAt = lines.findIndex((line) => gaveUp.exec(line)?.[1] === cpv);
  const listedAt = lines.findLastIndex((line) => listed.exec(line)?.[1] === cpv);
  const ended = own[0] === undefined ? firstMatch(lines, exited) : undefined;
  return {
    cpv,
    phase: own[0] === undefined ? ended : died.exec(own[0])?.[2],
    message:
      ended === undefined ? firstMatch(own.slice(1, 4), /^ \* {3}(\S.*)/) : 'bash ended without a message of die',
    buildLog:
      firstMatch(lines.slice(gaveUpAt + 1, gaveUpAt + 2), /^>>> +'(\/.+)'$/) ??
      firstMatch(own, /^ \* The complete build log is located at '(\/.+)'\.$/) ??
      firstMatch(lines.slice(listedAt + 1, listedAt + 2), /^ \* {3}'(\/.+)'$/),
    workingDirectory: firstMatch(own, /^ \* Working directory: '(\/.+)'$/),
  };
}
