import { formatMemorySize } from '../../quantity.ts';
import { splitCpv } from '../cpv.ts';
import type { EmergeReport, Tmpfs } from '../output/emerge-report.ts';
import type { Explanation } from './explanation.ts';
import { fileSystemOf, findFullFileSystems, findFullestFileSystem, isBelow } from './measured-cause.ts';
import type { Remedy } from './remedy.ts';

/** `strerror` as C and Python print it, in quotes as GNU as and clang do, and in lower case as Go and Node do. */
const diskFull = /(?:: |\] )['\u2018]?(?:No space left on device|Disk quota exceeded)/i;
const quotedPath = /['\u2018"](\/[^'\u2019"]+)['\u2019"]/;
const namedPath = /(?:^|\s)(\/[^\s:'"]+): (?:No space left on device|Disk quota exceeded)/i;

const tooSmallForSource = /^!!! Insufficient space to store (\S+) in (\/\S+)$/;

/** The message of an ebuild that checks for disk space (check-reqs.eclass). */
const tooSmall = /There is NOT at least (.+) disk space at "(\/.+)"$/;

/** Such a message about the memory of the machine. */
const tooLittleMemory = /There is NOT at least (.+) RAM$/;

/**
 * Explains a full disk. This explainer comes first, because on a full disk Portage itself fails with tracebacks and
 * half-written messages, and ends with any status, 143 among them. A test may provoke such a message, so for the test phase of a
 * package a file system must have been measured as full.
 */
export function explainDiskFull(report: EmergeReport): Explanation | undefined {
  const line = report.lines.find((text) => diskFull.test(text));
  if (line === undefined) return explainFullDistfiles(report) ?? explainDemand(report);
  if (report.failed?.phase === 'test' && findFullFileSystems(report.spaces) === undefined) return undefined;
  const named = quotedPath.exec(line)?.[1] ?? namedPath.exec(line)?.[1];
  if (named !== undefined) return noSpace(report, `no space left on device at ${named}`, named, line);
  // Portage often names no path: the full file system is measured, never guessed.
  const full = findFullestFileSystem(report.spaces);
  return noSpace(report, `no space left on device${full?.words ?? ''}`, full?.directory, line);
}

/** Explains a source that Portage does not download because it does not fit (portage.package.ebuild.fetch). */
function explainFullDistfiles(report: EmergeReport): Explanation | undefined {
  const line = report.lines.find((text) => tooSmallForSource.test(text));
  const [, source = '', directory = ''] = tooSmallForSource.exec(line ?? '') ?? [];
  const isMissing = report.lines.some((text) => text.startsWith(`!!! Couldn't download '${source}'`));
  if (line === undefined || !isMissing) return undefined;
  return noSpace(report, `no space left on device at ${directory} for ${source}`, directory, line);
}

/** Explains the failure of a package whose ebuild requires more free disk space than there is. */
function explainDemand(report: EmergeReport): Explanation | undefined {
  if (report.failed?.phase !== 'pretend' && report.failed?.phase !== 'setup') return undefined;
  const line = report.lines.find((text) => tooSmall.test(text));
  const [, amount = '', path] = tooSmall.exec(line ?? '') ?? [];
  if (line === undefined) return undefined;
  return noSpace(report, `it asks for ${amount} of disk space at ${path}`, path, line);
}

function noSpace(report: EmergeReport, what: string, path: string | undefined, line: string): Explanation {
  const { tmpfs } = report;
  const known = { code: 'disk-full', relevantLines: [line] } as const;
  const cpv = report.failed?.cpv ?? report.current;
  const name = cpv === undefined ? undefined : splitCpv(cpv)?.name;
  if (tmpfs === undefined || path === undefined || !isOnTmpfs(path, tmpfs)) {
    const directory = path === undefined ? undefined : fileSystemOf(path, report.spaces);
    return { ...known, cause: what, remedy: { about: 'build', kind: 'free-disk-space', directory } };
  }
  const cause = `${what}: packages are built on a tmpfs of ${formatMemorySize(tmpfs.size)} at ${tmpfs.directory}`;
  const { bigPackages } = tmpfs;
  return {
    ...known,
    code: 'tmpfs-full',
    cause,
    remedy: { about: 'build', kind: 'avoid-tmpfs', bigPackages, package: name },
  };
}

function isOnTmpfs(path: string, { directory, excluded }: Tmpfs): boolean {
  return isBelow(path, directory) && !isBelow(path, excluded);
}

/** Messages of compilers, linkers and shells when the kernel killed their child, or refused to allocate memory. */
const killed = [
  /Killed signal terminated program (\S+)/,
  /internal compiler error: Killed(?: \(program (\S+)\))?/,
  /(?<!\w)(\w+) terminated with signal 9 \[Killed\]/,
  /signal: 9, SIGKILL/,
  /: signal: killed$/,
  /^(?:fatal error: )?runtime: out of memory/,
  /unable to execute command: Killed/,
  /^make(?:\[\d+\])?: \*\*\* \[.*\] Killed$/,
  /: line \d+: +\d+ Killed +/,
  /virtual memory exhausted|[Oo]ut of memory allocating|LLVM ERROR: out of memory|: Cannot allocate memory$/,
  /^terminate called after throwing an instance of 'std::bad_alloc'$/,
];

/**
 * Explains a lack of memory: the kernel counted processes that it killed, and a line, or the end of emerge, shows such a process.
 * Anything else that kills a process, or refuses memory, prints the same lines: then {@link guessMemory} words a guess.
 */
export function explainOutOfMemory(report: EmergeReport): Explanation | undefined {
  const demand = explainMemoryDemand(report);
  if (demand !== undefined) return demand;
  const { line, program } = findKilled(report);
  if ((report.memoryKills ?? 0) === 0 || (line === undefined && !isEmergeKilled(report))) return undefined;
  const killedProgram = line === undefined ? 'emerge' : (program ?? 'a process');
  return {
    code: 'out-of-memory',
    cause: `${killedProgram} was killed: out of memory`,
    remedy: useLessMemory(report),
    relevantLines: line === undefined ? [] : [line],
  };
}

/** Explains the failure of a package whose ebuild requires more memory than the machine has. */
function explainMemoryDemand({ failed, lines }: EmergeReport): Explanation | undefined {
  if (failed?.phase !== 'pretend' && failed?.phase !== 'setup') return undefined;
  const line = lines.find((text) => tooLittleMemory.test(text));
  if (line === undefined) return undefined;
  const cause = `it asks for ${tooLittleMemory.exec(line)?.[1]} of memory`;
  const remedy = { about: 'build', kind: 'read-package-message' } as const;
  return { code: 'out-of-memory', cause, remedy, relevantLines: [line] };
}

/** A lack of memory that may have caused a failure and was not measured: the end of its message, a remedy and the line that hints at it. */
export function guessMemory(
  report: EmergeReport,
): { readonly words: string; readonly remedy: Remedy; readonly line: string } | undefined {
  const { line, program = 'a process' } = findKilled(report);
  if (line === undefined) return undefined;
  return { words: `; perhaps ${program} had too little memory`, remedy: useLessMemory(report), line };
}

/** Whether SIGKILL ended emerge itself. */
export function isEmergeKilled({ exitStatus, signal }: EmergeReport): boolean {
  return exitStatus === 137 || signal === 'SIGKILL';
}

/** The remedy for a lack of memory. */
export function useLessMemory({ tmpfs }: EmergeReport): Remedy {
  return { about: 'build', kind: 'use-less-memory', tmpfsSize: tmpfs?.size };
}

function findKilled({ lines }: EmergeReport): { readonly line?: string; readonly program?: string } {
  const line = lines.find((text) => killed.some((pattern) => pattern.test(text)));
  if (line === undefined) return {};
  const program = killed.flatMap((pattern) => pattern.exec(line)?.[1] ?? [])[0];
  return { line, ...(program === undefined ? {} : { program }) };
}
