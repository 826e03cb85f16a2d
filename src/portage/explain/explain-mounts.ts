import type { EmergeReport } from '../output/emerge-report.ts';
import type { Explanation } from './explanation.ts';

/**
 * Explains a package whose files cannot be installed in a container, because an engine mounts something there: a read-only file system
 * such as /sys, a file system such as /proc that takes no files, or a file such as /etc/hosts, which nothing can replace.
 */
export function explainMounts({ lines, failed }: EmergeReport): Explanation | undefined {
  if (failed === undefined) return undefined;
  const found = findReadOnly(lines) ?? findVirtual(lines) ?? findBusy(lines);
  if (found === undefined) return undefined;
  const { cause, paths, line } = found;
  return {
    code: 'build-failed',
    cause,
    remedy: { about: 'build', kind: 'mask-installation', paths },
    relevantLines: [line],
  };
}

interface Obstacle {
  readonly cause: string;
  readonly paths: readonly string[];
  readonly line: string;
}

/** The file systems to which Portage refuses to merge a package (`dblink.treewalk` in portage/dbapi/vartree.py). */
function findReadOnly(lines: readonly string[]): Obstacle | undefined {
  const line = lines.find((text) => text.includes('NOT merged due to read-only file systems'));
  const start = lines.findIndex((text) => text.includes('read-only filesystems'));
  if (line === undefined || start < 0) return undefined;
  const listed = lines.slice(start, lines.indexOf(line)).flatMap((text) => /^ \*\s+(\/\S*)$/.exec(text)?.[1] ?? []);
  const paths = [...new Set(listed)];
  if (paths.length === 0) return undefined;
  return { cause: `it installs files into ${paths.join(', ')}, which is read-only in a container`, paths, line };
}

/** The file that Portage could not copy into a file system of the kernel (`movefile` in portage/util). */
function findVirtual(lines: readonly string[]): Obstacle | undefined {
  const pattern = /^!!! (?:copy|Failed to (?:copy|move)) .+ (?:->|to) (\/(?:proc|sys|dev)\/\S*?)(?: failed\.)?$/;
  const line = lines.find((text) => pattern.test(text));
  const path = pattern.exec(line ?? '')?.[1];
  if (line === undefined || path === undefined) return undefined;
  return { cause: `it installs ${path}, where a container has a file system of the kernel`, paths: [path], line };
}

/** The mount point that Portage could not rename or remove. A test or a compiler may print the same error, but not after `!!!`. */
function findBusy(lines: readonly string[]): Obstacle | undefined {
  const pattern = /^!!! \[Errno 16\] Device or resource busy: '(\/[^']+)'/;
  const line = lines.find((text) => pattern.test(text));
  const path = pattern.exec(line ?? '')?.[1];
  if (line === undefined || path === undefined) return undefined;
  return { cause: `it replaces ${path}, which is a mount point in a container`, paths: [path], line };
}
