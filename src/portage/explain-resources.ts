import { describeSize } from '../quantity.ts';
import { splitCpv } from './cpv.ts';
import type { Advice, EmergeReport, Explanation, Tmpfs } from './emerge-report.ts';

const diskFull = /(?:: |\] )(?:No space left on device|Disk quota exceeded)/;
const quotedPath = /['\u2018"](\/[^'\u2019"]+)['\u2019"]/;
const namedPath = /(?:^|\s)(\/[^\s:'"]+): (?:No space left on device|Disk quota exceeded)/;

/** What the check of an ebuild's own demands says (check-reqs.eclass). */
const tooSmall = /There is NOT at least (.+) disk space at "(\/.+)"$/;

/**
 * A full disk. It comes first: Portage itself stumbles over it, in tracebacks and half-written messages, and then ends
 * with any status, 143 among them.
 */
export function explainDiskFull(report: EmergeReport): Explanation | undefined {
  const line = report.lines.find((text) => diskFull.test(text));
  if (line === undefined) return explainDemand(report);
  const workingDirectory = report.failed?.workingDirectory;
  const path =
    quotedPath.exec(line)?.[1] ??
    namedPath.exec(line)?.[1] ??
    (workingDirectory?.includes(`/${report.failed?.cpv}/`) ? workingDirectory : undefined);
  return noSpace(report, `no space left on device${path === undefined ? '' : ` at ${path}`}`, path, line);
}

/** A package that asks for more than there is before it is built, and does not go on without. */
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
  if (tmpfs === undefined || !isOnTmpfs(path, name, tmpfs)) return { ...known, cause: what, hint: freeSpace };
  const cause = `${what}: packages are built on a tmpfs of ${describeSize(tmpfs.size)} at ${tmpfs.directory}`;
  return { ...known, code: 'tmpfs-full', cause, hint: leaveTmpfs(tmpfs, name) };
}

const freeSpace: Advice = {
  builder:
    'free space where the engine keeps containers and volumes (docker system df), or build less at once with --jobs 1',
  site: 'free space where the engine keeps containers and volumes (docker system df)',
};

/** What is not said to be elsewhere is where packages are built. */
function isOnTmpfs(
  path: string | undefined,
  name: string | undefined,
  { directory, apart, bigPackages }: Tmpfs,
): boolean {
  if (path === undefined) return !bigPackages.some((atom) => atom === name);
  return isBelow(path, directory) && !isBelow(path, apart);
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

function leaveTmpfs({ bigPackages }: Tmpfs, name: string | undefined): Advice {
  const all = [...new Set<string>([...bigPackages, ...(name === undefined ? [] : [name])])];
  const words = all.map((atom) => (/^[\w/+-]+$/.test(atom) ? atom : `'${atom}'`));
  const onVolume = `have ${name} built on a volume, by this line below limits: in site.yaml: big-packages: [${words.join(', ')}]; or `;
  return {
    builder: 'build on a volume with --tmpfs off, or say how large the tmpfs is to be with --tmpfs SIZE',
    site: `${name === undefined ? '' : onVolume}have everything built there (tmpfs: off), or on a larger tmpfs (tmpfs: SIZE)`,
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
    hint: report.tmpfs === undefined ? fewerProcesses : orNoTmpfs(fewerProcesses, report.tmpfs),
    relevantLines: line === undefined ? [] : [line],
  };
}

const fewerProcesses: Advice = {
  builder:
    'build with fewer processes: --jobs 1, and MAKEOPTS="-j1" in a file given as --make-conf; or give the engine more memory',
  site: 'build with fewer processes: MAKEOPTS="-j1" in make.conf of the portage branch; or give the engine more memory',
};

function orNoTmpfs({ builder, site }: Advice, { size }: Tmpfs): Advice {
  const taken = `; up to ${describeSize(size)} of it hold what is built:`;
  return { builder: `${builder}${taken} --tmpfs off`, site: `${site}${taken} tmpfs: off in site.yaml` };
}
