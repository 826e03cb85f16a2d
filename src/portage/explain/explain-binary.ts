import { posix } from 'node:path';
import { splitCpv } from '../cpv.ts';
import { firstMatch, type EmergeReport } from '../output/emerge-report.ts';
import type { Explanation } from './explanation.ts';

/**
 * Explains a binary package that Portage wanted to merge: its file is damaged, or it is missing although the index names it. The
 * messages are those of `_emerge/BinpkgVerifier.py`. If Portage cannot rename a damaged file, because the store is read-only, it
 * ends with a traceback and 143.
 */
export function explainBinaryPackage({ lines }: EmergeReport): Explanation | undefined {
  return explainDamaged(lines) ?? explainDevice(lines) ?? explainUnpackable(lines) ?? explainMissing(lines);
}

/** The message of `_emerge/Binpkg.py`: the content of a package fits its checksums, and cannot be unpacked. */
function explainUnpackable(lines: readonly string[]): Explanation | undefined {
  const pattern = /^!!! Error extracting '(.+)', (.+)$/;
  const line = lines.find((text) => pattern.test(text));
  const [, path = '', reason = ''] = pattern.exec(line ?? '') ?? [];
  if (line === undefined) return undefined;
  return {
    code: 'store-corrupt',
    cause: `the binary package ${path} cannot be unpacked (${reason})`,
    remedy: { about: 'build', kind: 'compile-again' },
    relevantLines: [line],
  };
}

function explainDamaged(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex(
    (line, index) =>
      line === '!!! Digest verification failed:' && /^!!! \S+\.(?:gpkg\.tar|xpak|tbz2)$/.test(lines[index + 1] ?? ''),
  );
  if (at < 0) return undefined;
  const relevantLines = lines.slice(at, at + 5).filter((line) => line.startsWith('!!! '));
  const path = relevantLines[1]?.slice(4) ?? '';
  const reason = firstMatch(relevantLines, /^!!! Reason: (.+)/);
  return {
    code: 'store-corrupt',
    cause: `the binary package ${path} is damaged${reason === undefined ? '' : ` (${reason})`}`,
    remedy: { about: 'build', kind: 'compile-again' },
    relevantLines,
  };
}

function explainMissing(lines: readonly string[]): Explanation | undefined {
  const pattern = /^!!! Tried to use non-existent binary for '(.+)'$/;
  const line = lines.find((text) => pattern.test(text));
  if (line === undefined) return undefined;
  return {
    code: 'store-corrupt',
    object: firstMatch([line], pattern) ?? '',
    cause: 'the index of the binary packages names it, but its file is missing',
    remedy: { about: 'build', kind: 'compile-again' },
    relevantLines: [line],
  };
}

/** Explains a binary package that no emerge can install: Portage packs a device file and a FIFO, and extracts neither (`gpkg.py`). */
function explainDevice(lines: readonly string[]): Explanation | undefined {
  const pattern = /^!!! Error extracting '(.+)', Device file detected\.$/;
  const line = lines.find((text) => pattern.test(text));
  const path = pattern.exec(line ?? '')?.[1];
  if (line === undefined || path === undefined) return undefined;
  const category = posix.basename(posix.dirname(posix.dirname(path)));
  const name = splitCpv(`${category}/${posix.basename(path).replace(/-\d+\.gpkg\.tar$/, '')}`)?.name;
  return {
    code: 'build-failed',
    cause: 'its binary package has a device file or a FIFO, and Portage extracts neither from a binary package',
    remedy: { about: 'build', kind: 'avoid-binary-package', package: name },
    relevantLines: [line],
  };
}
