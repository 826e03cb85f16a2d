import { firstMatch, type EmergeReport } from '../output/emerge-report.ts';
import type { Explanation } from './explanation.ts';

/** Error messages of wget and curl; the group that matches is the cause. */
const downloadError =
  /(?:ERROR (\d{3}: .+?)|failed: (.+?)|((?:[Uu]nable to resolve host|Could not resolve host|Unsupported scheme|Connection timed out).*?)|curl: \(\d+\) (.+?))\.?$/;

/**
 * Explains a source that cannot be downloaded, or that differs from its Manifest entry. The messages are those of
 * portage.package.ebuild.fetch.
 */
export function explainFetchFailure(report: EmergeReport): Explanation | undefined {
  const { lines, failed } = report;
  // Portage fetches before the first phase: if a phase failed, a later attempt to fetch had succeeded.
  if (failed?.phase !== undefined && failed.phase !== 'nofetch') return undefined;
  return (
    explainChecksum(lines) ?? explainManifest(lines) ?? explainMissingSource(lines) ?? explainFetchRestriction(lines)
  );
}

function explainChecksum(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex((line) => /^!!! Fetched file: .+ VERIFY FAILED!$/.test(line));
  const damaged = at >= 0 ? at : lines.findIndex((line) => line === '!!! Digest verification failed:');
  if (damaged < 0) return undefined;
  const relevantLines = lines.slice(damaged, damaged + 5).filter((line) => line.startsWith('!!! '));
  const path = firstMatch(relevantLines, /^!!! (?:Fetched file: )?(\S+?)(?: VERIFY FAILED!)?$/) ?? 'a source';
  const reason = firstMatch(relevantLines, /^!!! Reason: (.+)/);
  const cause = `${path.replace(/^.*\//, '')} does not match its checksum in the Manifest${reason === undefined ? '' : ` (${reason})`}`;
  if (/\.ebuild$|\/files\//.test(path))
    return {
      code: 'emerge-failed',
      cause,
      remedy: { about: 'tree', kind: 'update-tree', reason: 'damaged-tree' },
      relevantLines,
    };
  return {
    code: 'fetch-failed',
    cause,
    remedy: { about: 'build', kind: 'change-source', problem: 'checksum' },
    relevantLines,
  };
}

/** Explains files of an ebuild repository that its Manifest does not list, or that it lists in vain (`digestcheck` of Portage). */
function explainManifest(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => /^!!! A file (?:is not listed|listed) in the Manifest\b/.test(text));
  if (line === undefined) return undefined;
  return {
    code: 'emerge-failed',
    cause: line.replace('!!! ', ''),
    remedy: { about: 'tree', kind: 'update-tree', reason: 'damaged-tree' },
    relevantLines: [line],
  };
}

function explainMissingSource(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex((line) => /^!!! Couldn't download '.+'\. Aborting\.$/.test(line));
  const line = lines[at];
  if (line === undefined) return explainNoMirror(lines);
  const before = lines.slice(Math.max(0, at - 20), at).toReversed();
  const reason = before.flatMap(
    (text) =>
      downloadError
        .exec(text)
        ?.slice(1)
        .find((group) => group !== undefined) ?? [],
  )[0];
  return {
    code: 'fetch-failed',
    cause: `could not download ${firstMatch([line], /download '(.+)'\. /)}${reason === undefined ? '' : ` (${reason})`}`,
    remedy: { about: 'build', kind: 'change-source', problem: 'missing' },
    relevantLines: [line],
  };
}

/** Explains a source that has no address: its ebuild names a group of mirrors that neither the tree nor /etc/portage/mirrors has. */
function explainNoMirror(lines: readonly string[]): Explanation | undefined {
  const line = lines.find((text) => text.startsWith("Warning: No mirrors available for file '"));
  if (line === undefined) return undefined;
  return {
    code: 'fetch-failed',
    cause: `could not download ${firstMatch([line], /'(.+)'$/)} (no mirror is known for it)`,
    remedy: { about: 'build', kind: 'change-source', problem: 'missing' },
    relevantLines: [line],
  };
}

function explainFetchRestriction(lines: readonly string[]): Explanation | undefined {
  const at = lines.findIndex((line) => /^!!! \S+ has fetch restriction turned on\.$/.test(line));
  if (at < 0) return undefined;
  return {
    code: 'fetch-failed',
    cause: 'its sources may only be downloaded by hand',
    remedy: { about: 'build', kind: 'download-by-hand' },
    relevantLines: lines.slice(at).filter((line) => line.startsWith('!!! ') || /^ \* (?!\w+: +)\S/.test(line)),
  };
}
