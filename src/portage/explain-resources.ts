import type { EmergeReport, Explanation } from './emerge-report.ts';

const diskFull = /(?:: |\] )(?:No space left on device|Disk quota exceeded)/;
const quotedPath = /['‘"](\/[^'’"]+)['’"]/;
const namedPath = /(?:^|\s)(\/[^\s:'"]+): (?:No space left on device|Disk quota exceeded)/;

/**
 * A full disk. It comes first: Portage itself stumbles over it, in tracebacks and half-written messages, and then ends
 * with any status, 143 among them.
 */
export function explainDiskFull(report: EmergeReport): Explanation | undefined {
  const line = report.lines.find((text) => diskFull.test(text));
  if (line === undefined) return undefined;
  const workingDirectory = report.failed?.workingDirectory;
  const path =
    quotedPath.exec(line)?.[1] ??
    namedPath.exec(line)?.[1] ??
    (workingDirectory?.includes(`/${report.failed?.cpv}/`) ? workingDirectory : undefined);
  return {
    code: 'disk-full',
    cause: `no space left on device${path === undefined ? '' : ` at ${path}`}`,
    hint: {
      builder:
        'free space where the engine keeps containers and volumes (docker system df), or build less at once with --jobs 1',
      site: 'free space where the engine keeps containers and volumes (docker system df)',
    },
    relevantLines: [line],
  };
}

/** What compilers, linkers and shells say when the kernel has killed one of theirs, or would not give more memory. */
const killed = [
  /Killed signal terminated program (\S+)/,
  /internal compiler error: Killed(?: \(program (\S+)\))?/,
  /(\w+) terminated with signal 9 \[Killed\]/,
  /signal: 9, SIGKILL/,
  /unable to execute command: Killed/,
  /^make(?:\[\d+\])?: \*\*\* \[.*\] Killed$/,
  /: line \d+: +\d+ Killed +/,
  /virtual memory exhausted|[Oo]ut of memory allocating|LLVM ERROR: out of memory|: Cannot allocate memory$/,
  /^terminate called after throwing an instance of 'std::bad_alloc'$/,
];

/** A process that was killed, which only the kernel does to a compiler: for want of memory. */
export function explainOutOfMemory(report: EmergeReport): Explanation | undefined {
  const line = report.lines.find((text) => killed.some((pattern) => pattern.test(text)));
  const emergeKilled = report.exitStatus === 137 || report.signal === 'SIGKILL';
  if (line === undefined && !emergeKilled) return undefined;
  const program = killed.flatMap((pattern) => pattern.exec(line ?? '')?.[1] ?? [])[0];
  return {
    code: 'out-of-memory',
    cause: line === undefined ? 'emerge was killed' : `${program ?? 'a process'} was killed for want of memory`,
    hint: {
      builder:
        'build with fewer processes: --jobs 1, and MAKEOPTS="-j1" in a file given as --make-conf; or give the engine more memory',
      site: 'build with fewer processes: MAKEOPTS="-j1" in make.conf of the portage branch; or give the engine more memory',
    },
    relevantLines: line === undefined ? [] : [line],
  };
}
